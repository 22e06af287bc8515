"""Whatever fails, each file is old or new as a whole, and the other files are still processed."""

from __future__ import annotations

import ctypes
import os
import resource
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compatkit.errors import WrongUse
from compatkit.migrate import plan_tree, replace_file, write_report
from compatkit.migrate.finding.find import find_files
from compatkit.migrate.write import WriteInterrupted, write_output
from compatkit.rewrite import Failed
from tests.shop.moves import MIGRATION, NEW, OLD, TOML, contents, plant

# From <linux/prctl.h> and <linux/capability.h>.
_CAPBSET_DROP = 24
_DAC_OVERRIDE = 1
_DAC_READ_SEARCH = 2
MAIN = [sys.executable, "-c", "from compatkit.cli import main; main()", "migrate", "--migration", "../migration.toml"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plant(tmp_path, {"migration.toml": TOML})
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path / "src"


def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MAIN, *arguments], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


def reasons(folder: Path) -> dict[str, str]:
    report = write_report(plan_tree([folder], [MIGRATION]))
    return {
        result.path.name: f"{result.outcome.code} {result.outcome.reason}"
        for result in report.failed
        if isinstance(result.outcome, Failed)
    }


def test_socket_is_named_and_the_rest_is_done(tree: Path) -> None:
    plant(tree, {"a.py": OLD})
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("s.py")

        assert reasons(Path()) == {"s.py": "CK904 The file cannot be read: No such device or address"}
    assert (tree / "a.py").read_text() == NEW


def test_pipe_that_no_one_writes_to_does_not_stop_the_run(tree: Path) -> None:
    os.mkfifo(tree / "p.py")
    plant(tree, {"a.py": OLD})

    assert reasons(Path()) == {"p.py": "CK904 The file cannot be read: it is a device, a pipe or a socket"}
    assert (tree / "a.py").read_text() == NEW


def test_folder_called_like_a_source_is_searched(tree: Path) -> None:
    plant(tree, {"x.py/a.py": OLD})

    assert reasons(Path()) == {}
    assert contents(tree) == {"x.py/a.py": NEW.encode()}


def test_link_that_leads_to_itself_is_a_failure_when_given_by_name(tree: Path) -> None:
    (tree / "loop.py").symlink_to("loop.py")

    done = run("loop.py")

    assert done.returncode == 2
    assert "CK904 The file cannot be read: Too many levels of symbolic links\n  in loop.py" in done.stderr


def test_file_that_vanishes_fails_and_the_rest_is_done(tree: Path) -> None:
    report = plan_tree([plant(tree, {"a.py": OLD, "b.py": OLD})], [MIGRATION])
    (tree / "a.py").unlink()

    written = write_report(report)

    assert [result.path.name for result in written.failed] == ["a.py"]
    assert contents(tree) == {"b.py": NEW.encode()}


def test_full_disk_leaves_the_old_file_whole(tree: Path) -> None:
    large = f"{OLD}x = '{'y' * 10_000}'\n"
    plant(tree, {"a.py": large, "b.py": OLD})

    # Without bytecode: Python would keep that of compatkit, cut at the limit, and no later process could import it.
    clean = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = run(".", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)), env=clean)

    assert done.returncode == 2
    assert "CK905 The file cannot be written: File too large.\n  in a.py\n" in done.stderr
    assert contents(tree) == {"a.py": large.encode(), "b.py": NEW.encode()}


def without_privileges() -> None:
    """Before a program starts: the superuser is to meet the permissions that everyone else meets."""
    libc = ctypes.CDLL(None)
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)


def test_no_permission_to_read_or_write_is_reported(tree: Path) -> None:
    plant(tree, {"closed.py": OLD, "locked/a.py": OLD, "open.py": OLD})
    (tree / "closed.py").chmod(0)
    (tree / "locked").chmod(0o555)

    done = run(".", preexec_fn=without_privileges)
    (tree / "locked").chmod(0o755)

    assert done.returncode == 2
    assert "CK904 The file cannot be read: Permission denied\n  in closed.py" in done.stderr
    assert "CK905 The file cannot be written: Permission denied.\n  in locked/a.py" in done.stderr
    assert (tree / "open.py").read_text() == NEW


def test_folder_that_cannot_be_entered_is_named(tree: Path) -> None:
    plant(tree, {"closed/a.py": OLD, "open.py": OLD})
    (tree / "closed").chmod(0)

    done = run(".", preexec_fn=without_privileges)
    (tree / "closed").chmod(0o755)

    assert done.returncode == 2
    assert "Permission denied\n  in closed\n" in done.stderr
    assert (tree / "open.py").read_text() == NEW


def test_interrupt_waits_for_the_file_at_hand(tree: Path) -> None:
    plant(tree, {f"{number:03}.py": OLD for number in range(300)})
    report = plan_tree([Path()], [MIGRATION])
    begun = tree / report.results[0].name

    def interrupt() -> None:
        wait_for(lambda: NEW in begun.read_text())
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    with pytest.raises(WriteInterrupted) as caught:
        write_report(report)
    other.join()

    after = contents(tree)
    told = {result.name for result in caught.value.report.rewritten}
    assert {name for name, source in after.items() if source == NEW.encode()} == told
    assert {name for name, source in after.items() if source == OLD.encode()} == after.keys() - told


def test_ctrl_c_exits_2_without_a_traceback(tree: Path) -> None:
    plant(tree, {f"{number:04}.py": OLD for number in range(600)})
    process = subprocess.Popen([*MAIN, "--patch", "undo.patch", "."], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: NEW in (tree / "0000.py").read_text(), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()

    assert process.returncode == 2
    assert "Traceback" not in said
    assert "files are written; run this again for the rest" in said
    subprocess.run(["git", "apply", "-R", "undo.patch"], check=True)
    (tree / "undo.patch").unlink()
    assert set(contents(tree).values()) == {OLD.encode()}


@pytest.mark.parametrize("wait", [0.0, 0.01, 0.05])
def test_kill_leaves_whole_files_and_the_next_run_finishes(tree: Path, wait: float) -> None:
    plant(tree, {f"{number:04}.py": OLD for number in range(400)})
    process = subprocess.Popen([*MAIN, "."], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: NEW in (tree / "0000.py").read_text(), process)
    time.sleep(wait)
    process.kill()
    process.wait()
    broken = {name for name, source in contents(tree).items() if source not in (OLD.encode(), NEW.encode())}

    # A name of its own tells what the killed run had begun.
    assert all(name.startswith(".compatkit-") for name in broken)
    assert run(".").returncode == 0
    assert contents(tree) == {f"{number:04}.py": NEW.encode() for number in range(400)}


def wait_for(is_so: Callable[[], bool], process: subprocess.Popen[Any] | None = None) -> None:
    """Wait until something is so. A process that is to make it so must not have ended before."""
    end = time.monotonic() + 600
    while not is_so():
        assert process is None or process.poll() is None or is_so(), "the process has ended"
        assert time.monotonic() < end
        time.sleep(0.001)


def test_what_a_killed_run_left_is_removed(tree: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    plant(tree, {"a.py": OLD, f".compatkit-{int(ended.stdout)}-abc123.tmp": "half"})

    write_report(plan_tree([Path()], [MIGRATION]))

    assert contents(tree) == {"a.py": NEW.encode()}


@pytest.mark.parametrize("name", [f".compatkit-{os.getppid()}-abc.tmp", ".compatkit-x-abc.tmp", "compatkit-1-a.tmp"])
def test_what_may_be_in_use_is_not_removed(tree: Path, name: str) -> None:
    plant(tree, {"a.py": OLD, name: "half"})

    write_report(plan_tree([Path()], [MIGRATION]))

    assert name in contents(tree)


def test_check_removes_nothing(tree: Path) -> None:
    plant(tree, {"a.py": OLD, ".compatkit-999999999-abc.tmp": "half"})

    run("--check", ".")

    assert ".compatkit-999999999-abc.tmp" in contents(tree)


def test_reader_that_goes_away_is_no_failure(tree: Path) -> None:
    plant(tree, {f"{number:04}.py": OLD * 50 for number in range(100)})

    command = f"{shlex.join([*MAIN, '.'])} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert set(contents(tree).values()) == {(NEW * 50).encode()}


def test_pattern_that_matches_nothing_is_an_error(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    with pytest.raises(WrongUse, match=r"'\*\.pyy' matches no file"):
        find_files([Path("*.pyy")])


def test_large_document_is_skipped_and_named(tree: Path) -> None:
    with (tree / "data.json").open("wb") as file:
        file.write(b'"shop.core.old_home.Old"')
        file.truncate(17 * 2**20)

    done = run("--check", ".")

    assert "data.json skipped: it is larger than 16 MB" in done.stderr
    assert "1 skipped" in done.stderr


def test_owner_and_mode_survive(tree: Path) -> None:
    path = plant(tree, {"a.py": OLD}) / "a.py"
    path.chmod(0o750)
    before = path.stat()

    replace_file(path, before=OLD.encode(), after=NEW.encode())

    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_report_may_go_to_a_device(tree: Path) -> None:
    write_output(Path(os.devnull), b"x")

    assert Path(os.devnull).is_char_device()
