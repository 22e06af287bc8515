"""Every command ends in the status that is documented: without an extra, without streams, and in an old encoding."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.every_command import COMMANDS, OLD, command_in, make_base_install, run_in

# What writes to standard output before anything else can fail.
TALKING = ["migrate", "migrate -", "migrations docs", "migrations list", "migrations schema", "status", "stubs"]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base_install(tmp_path_factory.mktemp("install"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(OLD)
    return tmp_path


def test_every_command_is_in_the_table() -> None:
    modules = {file.stem for file in (Path(__file__).parents[2] / "compatkit" / "cli").glob("[a-z]*.py")}

    assert {name.split()[0] for name in COMMANDS} == modules


@pytest.mark.parametrize("name", COMMANDS)
def test_command_on_a_base_install_does_its_work_or_says_what_it_needs(install: Path, tree: Path, name: str) -> None:
    arguments, status = COMMANDS[name]

    done = run_in(install, *arguments, cwd=tree, input=OLD.encode())

    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert b"fault of compatkit" not in done.stderr


@pytest.mark.parametrize("name", TALKING)
def test_full_output_is_status_2_in_words(install: Path, tree: Path, name: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run_in(install, *COMMANDS[name][0], cwd=tree, input=OLD.encode(), stdout=full)

    assert done.returncode == 2
    assert b"error: Standard output cannot be written: No space left on device.\n" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", TALKING)
def test_closed_output_is_status_2_and_reaches_no_file(install: Path, tree: Path, name: str) -> None:
    done = with_closed(">&-", command_in(install, *COMMANDS[name][0]), tree)

    assert done.returncode == 2
    assert b"error: Standard output cannot be written" in done.stderr
    assert (tree / "a.py").read_text() == OLD


def test_closed_input_is_status_2_in_words(install: Path, tree: Path) -> None:
    done = with_closed("<&-", command_in(install, "migrate", "-"), tree)

    assert done.returncode == 2
    assert done.stderr.startswith(b"error: Standard input cannot be read: it is closed.\n")


def with_closed(stream: str, command: list[str], tree: Path) -> subprocess.CompletedProcess[bytes]:
    script = ["sh", "-c", f'exec "$@" {stream}', "sh", *command]
    return subprocess.run(script, cwd=tree, input=OLD.encode(), stderr=subprocess.PIPE, check=False)


def test_reader_that_goes_away_changes_no_status(install: Path, tree: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "wb") as nobody:
        done = run_in(install, "migrations", "schema", cwd=tree, stdout=nobody)

    assert (done.returncode, done.stderr) == (0, b"")


def test_name_that_an_encoding_lacks_is_escaped_after_the_file_is_written(install: Path, tmp_path: Path) -> None:
    (tmp_path / "Ăß.py").write_text(OLD)

    code = "import io, sys; sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='cp1252')"
    done = run_in(install, "migrate", ".", cwd=tmp_path, before=code)

    assert done.returncode == 0
    assert b"\\u0102" in done.stdout
    assert (tmp_path / "Ăß.py").read_text() != OLD


@pytest.mark.parametrize(
    "text", ["[tool.compatkit]\nmigrations=" + "[" * 100_000, "a." * 100_000 + "b = 1", "tool = 3"]
)
@pytest.mark.parametrize("name", ["migrate", "status", "stubs"])
def test_odd_pyproject_is_an_error_that_names_it(install: Path, tree: Path, name: str, text: str) -> None:
    (tree / "pyproject.toml").write_text(text)

    done = run_in(install, *COMMANDS[name][0], cwd=tree)

    assert b"Traceback" not in done.stderr
    assert b"fault of compatkit" not in done.stderr
    assert (b"pyproject.toml" in done.stderr) == (done.returncode == 2)
    assert (done.returncode == 2) == (text != "tool = 3")


def test_fault_of_compatkit_is_status_2_and_told_as_such(install: Path, tree: Path) -> None:
    broken = "import compatkit.migrate.settings as s; s.load_settings = lambda start, **_: 1 / 0"

    done = run_in(install, "status", ".", cwd=tree, before=broken)

    assert done.returncode == 2
    assert done.stderr.startswith(b"error: compatkit failed: ZeroDivisionError")
    assert b"COMPATKIT_DEBUG=1" in done.stderr
    assert b"Traceback" not in done.stderr


HOSTILE = "\n::error file=x,line=1::\x1b[2J\x1b]0;title\x07\u202e"


@pytest.mark.parametrize("arguments", [("migrate", "--check", "."), ("status", "--depth", "9", ".")])
def test_name_that_steers_a_terminal_or_a_ci_service_is_shown(
    install: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    for name in (f"::error::{HOSTILE}", f"##[error]{HOSTILE}"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{HOSTILE}.py").write_text(OLD)
        (tmp_path / name / f"b{HOSTILE}.py").write_text(f"{OLD}(")

    done = run_in(install, *arguments, cwd=tmp_path)

    printed = done.stdout + done.stderr
    assert b"title" in printed
    assert not any(mark in printed for mark in (b"\x1b", b"\x07", "\u202e".encode()))
    assert not [line for line in printed.splitlines() if line.startswith((b"::", b"##["))]


def test_error_with_a_hostile_path_is_shown(install: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.compatkit")
    (tmp_path / HOSTILE.replace("/", "")).mkdir()
    (tmp_path / HOSTILE.replace("/", "") / "pyproject.toml").write_text("[tool.compatkit]\nx = 1")

    done = run_in(install, "stubs", "--check", cwd=tmp_path / HOSTILE.replace("/", ""))

    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(b"::")]


def test_commands_that_were_asked_for_are_sent(install: Path, tree: Path) -> None:
    done = run_in(install, "migrate", "--check", "--format", "github", ".", cwd=tree)

    assert done.stdout.startswith(b"::")


def test_diff_is_bytes_for_a_program_and_shown_on_a_terminal(install: Path, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"{OLD}x = '\x1b[45m'\n")

    piped = run_in(install, "migrate", "--diff", ".", cwd=tmp_path).stdout
    shown = on_terminal(command_in(install, "migrate", "--diff", "."), tmp_path)

    assert b"\x1b[45m" in piped
    assert b"\\x1b[45m" in shown
    # The colours of the diff are its own.
    assert b"\x1b[45m" not in shown


def on_terminal(command: list[str], folder: Path) -> bytes:
    """Return what a program prints on a terminal, as it would be sent there."""
    import pty

    reading, writing = pty.openpty()
    with subprocess.Popen(command, cwd=folder, stdout=writing, stderr=subprocess.DEVNULL):
        os.close(writing)
        found = b""
        try:
            while part := os.read(reading, 4096):
                found += part
        except OSError:
            # The terminal is closed: its program has ended.
            os.close(reading)
    return found


def test_doctor_of_a_base_install_says_what_it_does_not_look_at(install: Path, tree: Path) -> None:
    (tree / "pyproject.toml").write_text('[tool.compatkit]\nmigrations = ["torch-2"]\n')

    done = run_in(install, "doctor", cwd=tree)

    assert done.returncode == 0
    assert b"its scenarios are not looked at" in done.stdout
