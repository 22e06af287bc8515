"""What a killed process left goes at the next start; what another one works in, or made for its user, stays."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compatkit.equivalence.commands.scenario import CommandScenario, prepared_sides
from compatkit.equivalence.commands.temporary import temporary_folder
from tests.equivalence.commands.conftest import git

_ROOT = Path(__file__).parents[3]
PREFIX = "compatkit-tried-"
_IN_CHECKOUT = """
import os, signal, sys
from pathlib import Path
from compatkit.equivalence.commands.scenario import CommandScenario, prepared_sides
with prepared_sides(CommandScenario("s", Path(sys.argv[1]), base="HEAD", command=("true",)), print) as sides:
    print(sides.all[0].tree, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
_IN_FOLDER = """
import sys
from compatkit.equivalence.commands.temporary import temporary_folder
with temporary_folder(sys.argv[1]) as folder:
    (folder / "held").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for temporary files, in this process and those that it starts."""
    place = (tmp_path / "temporary").resolve()
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Another process, which works in a folder until it is ended."""
    command = [sys.executable, "-c", _IN_FOLDER, PREFIX]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def _folder_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_a_checkout_of_a_killed_process_is_taken_away_at_the_next_start(repository: Path, temporary: Path) -> None:
    command = [sys.executable, "-c", _IN_CHECKOUT, str(repository)]
    killed = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    left = Path(killed.stdout.splitlines()[-1])
    assert left.is_dir()
    assert len(git(repository, "worktree", "list").splitlines()) == 2

    with prepared_sides(CommandScenario("s", repository, base="HEAD", command=("true",)), print) as sides:
        assert not left.parent.exists()
        own = sides.all[0].tree
        assert own is not None
        assert own.is_dir()
        assert str(left) not in git(repository, "worktree", "list")

    assert list(temporary.iterdir()) == []
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_the_folder_of_another_process_stays_until_that_is_gone(other: subprocess.Popen[str]) -> None:
    held = _folder_of(other)

    with temporary_folder(PREFIX):
        assert (held / "held").exists()
    other.kill()
    other.wait()
    with temporary_folder(PREFIX) as own:
        assert not held.exists()
        assert own.is_dir()


def test_what_is_kept_stays(temporary: Path) -> None:
    with temporary_folder(PREFIX) as kept:
        (kept / "output").write_text("to be looked at")
    unlocked = temporary / f"{PREFIX}ours"
    unlocked.mkdir()

    with temporary_folder(PREFIX), temporary_folder("compatkit-other-"):
        pass

    assert (kept / "output").exists()
    assert unlocked.exists()


def test_nothing_is_followed_or_taken_away_through_a_link(tmp_path: Path, temporary: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "thesis").touch()
    (temporary / f"{PREFIX}a").symlink_to(ours)
    (temporary / f"{PREFIX}a.lock").touch()
    (temporary / f"{PREFIX}ours.lock").symlink_to(ours / "thesis")

    with temporary_folder(PREFIX):
        pass

    assert (ours / "thesis").exists()


def test_nothing_is_taken_away_where_nothing_can_be_locked(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compatkit.platforms.fcntl", None)
    (temporary / f"{PREFIX}a").mkdir()
    (temporary / f"{PREFIX}a.lock").touch()

    with temporary_folder(PREFIX):
        pass

    assert (temporary / f"{PREFIX}a").is_dir()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a file away")
def test_the_folder_of_another_user_stays(temporary: Path) -> None:
    folder, lock = temporary / f"{PREFIX}a", temporary / f"{PREFIX}a.lock"
    folder.mkdir()
    lock.touch()
    os.chown(folder, 12345, 12345)

    with temporary_folder(PREFIX):
        pass

    assert folder.is_dir()
