"""`compatkit migrate` as a user runs it: what it writes, prints and exits with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from compatkit.cli import cli
from compatkit.errors import WrongUse
from tests.command_line import command_runner
from tests.shop.moves import NEW, OLD, TOML, contents, plant


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory, beside the migration's own folder."""
    plant(tmp_path, {"migration.toml": TOML})
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "src"


def migrate(*arguments: str) -> Result:
    return command_runner().invoke(cli, ["migrate", "--migration", "migration.toml", *arguments])


@pytest.mark.parametrize("flags", [["--check"], ["--diff"], ["--check", "--diff"]])
def test_check_and_diff_write_nothing(tree: Path, flags: list[str]) -> None:
    plant(tree, {"a.py": OLD})

    result = migrate("src", *flags)

    assert (contents(tree), result.exit_code) == ({"a.py": OLD.encode()}, 1)


def test_plain_run_writes_and_exits_0(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    result = migrate("src")

    assert (contents(tree), result.exit_code) == ({"a.py": NEW.encode()}, 0)
    assert result.stderr == "1 rewritten, 0 unchanged, 0 failed, 0 findings.\n"


def test_nothing_to_do_exits_0_and_says_what_was_read(tree: Path) -> None:
    plant(tree, {"a.py": NEW, "b.yaml": "x: 1\n"})

    result = migrate("src", "--check")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 to be rewritten, 2 unchanged, 0 failed, 0 findings.\n"


def test_finding_is_listed_with_its_place_and_exits_1(tree: Path) -> None:
    plant(tree, {"a.py": OLD + "x = 'shop.core.old_home.Old'\n", "n.ipynb": '{"source": "import shop.core.old_home"}'})

    result = migrate("src")

    assert result.exit_code == 1
    assert "src/a.py:2:5 CK101 a string names shop.core.old_home.Old" in result.stdout
    assert "src/n.ipynb:1:20 CK101 names shop.core.old_home" in result.stdout
    assert result.stderr == "1 rewritten, 1 unchanged, 0 failed, 2 findings (left for a person to decide).\n"


def test_failure_is_explained_and_the_other_files_go_on(tree: Path) -> None:
    plant(tree, {"a.py": "import shop.core.old_home; a = (\n", "b.py": OLD})

    result = migrate("src")

    assert (result.exit_code, (tree / "b.py").read_text()) == (2, NEW)
    assert "CK901 This is not valid Python: '(' was never closed\n  in src/a.py:1:32\n  hint: " in result.stderr


def test_failure_and_finding_exit_3(tree: Path) -> None:
    plant(tree, {"a.py": "import shop.core.old_home (\n", "b.py": "import shop.core.old_home\n"})

    assert migrate("src").exit_code == 3


def test_output_is_sorted_and_has_no_absolute_path(tree: Path) -> None:
    plant(tree, {f"{name}/m.py": OLD for name in "cab"})

    result = migrate("src", "--check", "--format", "concise")

    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [f"src/{name}/m.py" for name in "abc"]
    assert str(tree) not in result.output


def test_output_has_no_colour(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    assert "\x1b" not in command_runner().invoke(cli, ["migrate", "src", "--diff"], color=True).output


@pytest.mark.parametrize(
    "source",
    [
        OLD.encode(),
        OLD.rstrip().encode(),
        b"# coding: latin-1\r\nx = '\xe9'\r\nfrom shop.core.old_home import A, Old\r\ny = '\xe9'",
        b"\n" * 10 + OLD.encode() + b"\n" * 10 + b"from shop.core.old_home import (A,\n  Old)",
        b"x = '''\r\x0c'''\r" + OLD.rstrip().encode() + b"\r",
    ],
)
def test_diff_is_a_patch_that_gives_what_migrate_writes(tree: Path, source: bytes) -> None:
    plant(tree, {"pkg/a.py": source, "b.py": "import shop.core.old_home\n"})

    patch = migrate("src", "--diff").stdout_bytes
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=patch, check=True, cwd=tree.parent)
    patched = contents(tree)
    plant(tree, {"pkg/a.py": source})
    migrate("src")

    assert patched == contents(tree)
    assert patched["pkg/a.py"] != source


def test_markup_in_a_diff_is_printed_as_it_is(tree: Path) -> None:
    plant(tree, {"a.py": f"x: dict[str, int] = {{}}\n{OLD}y = rows[/a] if 0 else 1\n".replace("[/a]", "[1]")})

    assert " x: dict[str, int] = {}\n" in migrate("src", "--diff").stdout


def test_file_name_that_is_no_text_can_be_printed(tree: Path) -> None:
    Path(os.fsdecode(os.fsencode(tree) + b"/\xff.py")).write_text(OLD)

    result = migrate("src")

    assert result.exit_code == 0
    assert "src/\ufffd.py:1:1" in result.stdout


def run_main(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "from compatkit.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_path_that_does_not_exist_is_wrong_use(tree: Path) -> None:
    done = run_main("migrate", "scr", cwd=tree.parent)

    assert done.returncode == 64
    assert "The path 'scr' does not exist; did you mean 'src'?" in done.stderr


def test_no_path_takes_the_project(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    assert migrate("--check").stdout.startswith("src/a.py:1:1 CK101 would be rewritten: ")


def test_unknown_migration_is_named(tree: Path) -> None:
    done = run_main("migrate", "--migration", "training-orchestrator-v3", "src", cwd=tree.parent)

    assert done.returncode == 64
    assert "did you mean 'training-orchestrator-v2'?" in done.stderr


def test_libcst_is_not_imported_where_nothing_is_rewritten(tree: Path) -> None:
    plant(tree, {"a.py": "import shop.core.old_home\n"})
    code = "import sys; from compatkit.cli import _run; _run(); print({'libcst', 'torch', 'mlflow'} & {*sys.modules})"

    done = subprocess.run(
        [sys.executable, "-c", code, "migrate", "src"], cwd=tree.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "set()"


def test_the_projects_own_homes_are_rewritten(tmp_path: Path) -> None:
    homes = '[tool.compatkit]\nhomes = { "backend.ml_engine" = "acme.training" }\n'
    (tmp_path / "pyproject.toml").write_text(homes)
    file = tmp_path / "job.py"
    file.write_text("from acme.training.training_orchestrator import TrainingOrchestrator\n")

    result = command_runner().invoke(cli, ["migrate", str(tmp_path)])

    assert result.exit_code == 0, result.output
    new = "from acme.training.training_orchestrator_v2 import TrainingOrchestratorV2 as TrainingOrchestrator\n"
    assert file.read_text() == new


@pytest.mark.parametrize(
    ("homes", "said"),
    [
        ('"backend.ml_engin" = "acme.train"', "backend.ml_engine"),
        ('"backend.ml_engine" = "acme.trian"', "acme.train"),
    ],
)
def test_homes_that_lead_nowhere_are_refused_with_the_nearest_name(tmp_path: Path, homes: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.compatkit]\nhomes = {{ {homes} }}\n")
    (tmp_path / "acme/train").mkdir(parents=True)
    (tmp_path / "job.py").write_text("from acme.train.training_orchestrator import TrainingOrchestrator\n")

    result = command_runner().invoke(cli, ["migrate", str(tmp_path)])

    assert isinstance(result.exception, WrongUse)
    assert said in str(result.exception.hint)
