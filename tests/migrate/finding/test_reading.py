"""Unusual files, such as pipes and devices, do not block a run, and unread files are reported."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import answers_of, read_input, sift, size_of
from compatkit.rewrite import Failed, Skipped

LARGE = 16 * 2**20 + 1


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")

    outcome = read_input(str(tmp_path / "pipe.py"), is_data=False)

    assert isinstance(outcome, Failed)
    assert "a device, a pipe or a socket" in outcome.reason


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no sockets with names")
def test_what_cannot_be_opened_is_said_and_left_open_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        Path("folder.py").mkdir()
        Path("gone.py").symlink_to("nowhere")
        before = open_files()

        outcomes = [read_input(name, is_data=False) for name in ("socket.py", "folder.py", "gone.py", "a\udcff.py")]

        assert [type(outcome) for outcome in outcomes] == [Failed] * 4
        assert open_files() == before
        assert size_of("gone.py") == 0


def test_a_source_of_any_size_is_read_and_data_only_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LARGE)

    source, data = (read_input(str(path), is_data=is_data) for is_data in (False, True))

    assert isinstance(source, bytes)
    assert len(source) == LARGE
    assert isinstance(data, Skipped)
    os.truncate(path, LARGE - 1)
    assert isinstance(read_input(str(path), is_data=True), bytes)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_a_file_that_is_longer_than_it_says_is_read_to_its_end() -> None:
    name = "/proc/self/status"

    source = read_input(name, is_data=False)

    assert size_of(name) == 0
    assert isinstance(source, bytes)
    assert source.endswith(b"\n")
    assert b"Threads:" in source


def test_what_cannot_be_read_is_not_held_back(tmp_path: Path) -> None:
    (tmp_path / "there.py").write_text("x = 1\n")
    files = [FoundFile(str(tmp_path / name), str(tmp_path)) for name in ("there.py", "gone.py")]

    assert sift(files, lambda _source, _file: False, processes=1) == [1]


@given(st.integers(0, 300), st.integers(1, 12))
def test_every_number_is_asked_about_once_and_has_its_own_answer(total: int, processes: int) -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        return number % 256

    assert list(answers_of(total, ask, processes=processes)) == [number % 256 for number in range(total)]
    assert asked == list(range(total))


def test_what_a_question_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        answers_of(3, lambda number: 1 // (2 - number), processes=1)
