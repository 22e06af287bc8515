"""Run each claim about searching in several processes in a process of its own, since a test runner never forks."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compatkit.migrate import plan_tree
from compatkit.migrate.finding.reading import answers_of, which
from compatkit.migrate.report import remarks_of

HERE = os.getpid()


def asking(then: Callable[[], object]) -> Callable[[int], bool]:
    """Return a question about numbers that does something else in any other process than this one."""

    def is_wanted(number: int) -> bool:
        if os.getpid() != HERE:
            then()
        return number % 3 == 0

    return is_wanted


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


def any_number_of_processes_finds_the_same() -> None:
    @settings(max_examples=40, deadline=None, database=None)
    @given(st.integers(0, 5000), st.integers(1, 12), st.integers(1, 50))
    def holds(total: int, processes: int, step: int) -> None:
        assert which(total, lambda number: number % step == 0, processes=processes) == list(range(0, total, step))

    holds()


def children_are_asked() -> None:
    reading, writing = os.pipe()

    which(3000, asking(lambda: os.write(writing, b"x")), processes=3)

    assert len(os.read(reading, 4096)) == 2000


def what_a_child_does_not_answer_is_asked_here() -> None:
    def fail() -> None:
        raise OSError("no such luck")

    deaths: list[Callable[[], object]] = [
        fail,
        lambda: os._exit(0),
        lambda: os._exit(3),
        lambda: os.kill(os.getpid(), signal.SIGKILL),
    ]
    for death in deaths:
        assert which(3000, asking(death), processes=3) == list(range(0, 3000, 3))


def children_answer_with_any_value() -> None:
    def ask(number: int) -> tuple[int, frozenset[str]] | None:
        return (os.getpid(), frozenset({str(number)})) if number % 7 else None

    answers = answers_of(100, ask, processes=3, pays_from=100)

    assert [answer[1] if answer else None for answer in answers] == [
        frozenset({str(number)}) if number % 7 else None for number in range(100)
    ]
    assert len({answer[0] for answer in answers if answer}) == 3


def what_files_hand_on_is_followed_alike() -> None:
    """Eighty files hand on an object that they make; others take it, through further ones, and use what changed."""
    from tests.shop.calls import migration

    Path("app").mkdir()
    for number in range(80):
        Path(f"app/made{number}.py").write_text("import shop\n\n\ndef make():\n    return shop.Client()\n")
        Path(f"app/kept{number}.py").write_text(f"from app.made{number} import make\n\nCLIENT = make()\n")
        Path(f"app/used{number}.py").write_text(f"from app.kept{number} import CLIENT\n\nprint(CLIENT.number)\n")

    one, several = (remarks_of(plan_tree([Path()], [migration()], jobs=jobs), is_written=False) for jobs in (1, 3))

    assert [remark for remark in several if "used" in str(remark.path)]
    assert several == one


def question_that_cannot_be_answered_raises_here() -> None:
    def is_wanted(number: int) -> bool:
        if number == 2001:
            raise PermissionError(number)
        return False

    before = open_files()
    with pytest.raises(PermissionError, match="2001"):
        which(3000, is_wanted, processes=2)
    assert open_files() == before


def interrupt_leaves_no_process_behind() -> None:
    def is_wanted(number: int) -> bool:
        if os.getpid() == HERE and number == 1500:
            raise KeyboardInterrupt
        return False

    before = open_files()
    with pytest.raises(KeyboardInterrupt):
        which(3000, is_wanted, processes=3)
    assert open_files() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def process_with_threads_does_not_fork() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        which(3000, asking(lambda: Path("asked").touch()), processes=3)
    finally:
        end.set()
        thread.join()
    assert not Path("asked").exists()


def no_room_for_another_process_is_no_trouble() -> None:
    before = open_files()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # One file more can be opened: enough to see that there are no threads, and not for a pipe.
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, before)) + 1, most))
    try:
        assert which(3000, asking(lambda: os._exit(1)), processes=3) == list(range(0, 3000, 3))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    assert open_files() == before


def progress_grows_to_nearly_all() -> None:
    told: list[int] = []
    which(10_000, bool, processes=2, tell=told.append)
    assert told == sorted(told)
    assert told[-1] > 9_000
