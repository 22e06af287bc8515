"""The command group: cheap to start, exit status as documented, errors in three parts."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli import here

HEAVY = {"hypothesis", "libcst", "mlflow", "numpy", "pandas", "sklearn", "torch"}


# Every command that reads [tool.compatkit] of the folder in which it is called, with what it must be given.
READS_SETTINGS = [
    ["census", "census.json"],
    ["compare", "a.json", "b.json"],
    ["doctor"],
    ["explain", "CK101"],
    ["migrate"],
    ["status"],
    ["stubs"],
    ["verify"],
]


def compatkit(
    *arguments: str, cwd: Path | None = None, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    command = [python, "-c", "from compatkit.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, stdin=subprocess.DEVNULL)


def imported_by(code: str) -> set[str]:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    imported = imported_by(f"sys.argv[1:] = [{option!r}]; from compatkit.cli import main; main()")

    assert "click" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["compatkit", "compatkit.migration", "compatkit.record", "compatkit.shim"])
def test_the_run_time_path_is_standard_library_only(name: str) -> None:
    imported = imported_by(f"import {name}")

    assert {root for root in imported if root not in sys.stdlib_module_names and root != "compatkit"} <= _always_there()


def _always_there() -> set[str]:
    # What `.pth` files of this environment bring into every interpreter.
    return imported_by("pass") - set(sys.stdlib_module_names)


def test_help_lists_every_command_that_exists() -> None:
    done = compatkit("--help")

    modules = {file.stem for file in (Path(__file__).parents[2] / "compatkit" / "cli").glob("[a-z]*.py")}
    assert done.returncode == 0
    assert modules
    for name in modules:
        assert f"  {name} " in done.stdout
        assert compatkit(name, "--help").returncode == 0


def test_an_unknown_command_that_is_near_to_none_is_answered_without_a_hint() -> None:
    done = compatkit("completion")

    assert done.stderr.splitlines()[-1] == "Error: No such command 'completion'."
    assert done.returncode == 64


def test_help_is_a_command_too() -> None:
    assert compatkit("help").stdout == compatkit("--help").stdout
    assert compatkit("help", "run").stdout == compatkit("run", "--help").stdout


def test_an_unknown_command_is_wrong_use_and_answered_with_the_nearest() -> None:
    done = compatkit("migrat")

    assert done.returncode == 64
    assert "did you mean 'migrate'?" in done.stderr


def test_an_unknown_option_is_wrong_use() -> None:
    assert compatkit("migrate", "--chekc", ".").returncode == 64


def test_an_error_names_what_where_and_what_to_do(tmp_path: Path) -> None:
    done = compatkit("run", "absent.py", cwd=tmp_path)

    assert done.returncode == 2
    assert "There is no script 'absent.py'." in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "NOPE"],
        ["migrate", "--migration", "nosuch"],
        ["status", "--migration", "nosuch"],
        ["migrate", "nosuch"],
        *([*command, "--config", "renam=true"] for command in READS_SETTINGS),
        ["verify", "--config", "verify.nosuch=1"],
        ["verify", "--config", "verify=1"],
        ["verify", "--isolated", "--base", "main", "--shim", "--", "python", "train.py"],
        ["migrations", "show", "nosuch"],
        ["presets", "nosuch"],
        ["train", "--preset", "nosuch"],
        ["train", "nosuch.key=1"],
        ["train", "optimizer.learning_rate=abc"],
        ["train", "--dataset", "nosuch"],
        ["sweep", "nosuch"],
        ["verify", "--dataset", "nosuch"],
        ["verify", "--scenario", "nosuch"],
        ["docs", "nosuch"],
        ["init", "nosuch"],
        ["run"],
    ],
)
def test_what_is_typed_wrongly_is_wrong_use_in_every_command(tmp_path: Path, arguments: list[str]) -> None:
    done = here.compatkit(*arguments, cwd=tmp_path)

    assert done.returncode == 64
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", READS_SETTINGS, ids=lambda command: command[0])
def test_isolated_reads_no_settings(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.compatkit]\nnosuch = 1\n")
    (tmp_path / "census.json").write_text('{"schema": 1, "uses": []}')

    assert "nosuch" in (done := here.compatkit(*command, cwd=tmp_path)).stderr + done.stdout
    isolated = here.compatkit(*command, "--isolated", "--config", "migrations=['numpy-2']", cwd=tmp_path)
    assert "nosuch" not in isolated.stderr + isolated.stdout


def test_scenarios_of_the_command_line_are_those_that_are_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(
        dedent("""\
            [[tool.compatkit.verify.scenarios]]
            name = "of the file"
            before = "a"
            after = "b"
            """)
    )
    scenarios = "verify.scenarios=[{name = 'given', before = 'a', after = 'b'}]"

    assert "scenarios: of the file" in here.compatkit("doctor", cwd=tmp_path).stdout
    shown = here.compatkit("doctor", "--config", scenarios, cwd=tmp_path).stdout
    assert "scenarios: given" in shown
    assert "of the file" not in shown


def test_a_file_that_was_cut_is_no_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "difflib.pyc").write_bytes(MAGIC_NUMBER + bytes(12))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    done = compatkit("explain", "NOPE")

    assert done.returncode == 2
    assert "Interrupted" not in done.stderr
    assert "error: A file that was read ends too early: " in done.stderr
    assert "import difflib" in done.stderr


def test_the_end_of_what_a_terminal_says_is_an_interruption(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        dedent("""\
            import pytorch_lightning as pl

            pl.Trainer()
            """)
    )

    done = compatkit("init", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.endswith("Interrupted.\n")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("compatkit help mi", ["migrate", "migrations"]),
        ("compatkit help migrations te", ["test"]),
        ("compatkit docs mi", ["migrate", "migrations"]),
        ("compatkit migrate --st", ["--statistics", "--stdin-filename"]),
        ("compatkit help nothing-of-the-kind", []),
        ("compatkit explain CK10", ["CK101"]),
        ("compatkit explain ck91", ["CK910", "CK911"]),
        ("compatkit explain torch-2:TA10", [f"torch-2:TA10{number}" for number in range(1, 7)]),
        ("compatkit explain no-such:TA10", []),
        ("compatkit migrate --select CK10", ["CK101"]),
        ("compatkit migrate --ignore TA103,CK10", ["TA103,CK101"]),
        ("compatkit migrate --migration torch", ["torch-2", "torchmetrics-1", "torchvision-weights"]),
        ("compatkit migrate --migration ./to", ["./to"]),
        ("compatkit migrations show torch-", ["torch-2"]),
    ],
)
def test_a_shell_completes_commands_topics_options_codes_and_migrations(
    words: str, offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_COMPATKIT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))

    script = "import sys; sys.argv = ['compatkit']; from compatkit.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(",")[2] for line in done.stdout.splitlines() if line] == offered
