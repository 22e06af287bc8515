"""The progress bar: nothing at first, nothing away from a terminal, nothing left behind."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.cli._progress import ProgressBar, QuietLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(seconds: list[float], stream: io.StringIO) -> str:
    """Tell about a file at each time after the start, and return what was written."""
    clock: Iterator[float] = iter([0.0, *seconds])
    bar = ProgressBar(stream, clock=lambda: next(clock))
    for done, _ in enumerate(seconds, 1):
        bar.update(done, len(seconds))
    bar.clear()
    return stream.getvalue()


def test_a_short_run_shows_no_bar() -> None:
    assert told([0.1, 0.5, 0.999], Terminal()) == ""


def test_what_begins_again_is_silent_again_at_first() -> None:
    stream, clock = Terminal(), iter([0.0, 5.0, 5.5, 6.5])
    bar = ProgressBar(stream, what="runs", clock=lambda: next(clock))

    bar.update(0, 2)
    bar.update(1, 2)
    silent = stream.getvalue()
    bar.update(2, 2)

    assert silent == ""
    assert "2 of 2 runs" in stream.getvalue()


@pytest.mark.parametrize("seconds", [[1.5], [0.5, 100.0]])
def test_away_from_a_terminal_there_is_none(seconds: list[float]) -> None:
    assert told(seconds, io.StringIO()) == ""


def test_a_long_run_shows_how_far_it_is() -> None:
    assert "[###############...............] 1 of 2 files" in told([1.5, 1.51], Terminal())


@given(st.lists(st.floats(0, 10), max_size=20).map(sorted))
def test_the_line_is_empty_in_the_end(seconds: list[float]) -> None:
    written = told(seconds, Terminal())

    assert written == "" or written.endswith("\r\x1b[K")


@given(st.lists(st.floats(1, 2), max_size=50).map(sorted))
def test_it_is_drawn_at_most_ten_times_a_second(seconds: list[float]) -> None:
    assert told(seconds, Terminal()).count(" of ") <= 11


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_line_shows_what_goes_on_only_once_nothing_moved_for_two_seconds() -> None:
    stream, clock = Terminal(), Clock()
    line = QuietLine("training", stream, clock=clock)

    clock.now = 1.9
    line.tick()
    assert stream.getvalue() == ""

    clock.now = 65.0
    line.tick()
    assert stream.getvalue() == "\r\x1b[Ktraining  1:05"


def test_what_moves_takes_the_line_away_and_the_time_counts_from_there() -> None:
    stream, clock = Terminal(), Clock()
    line = QuietLine("training", stream, clock=clock)
    clock.now = 3.0
    line.tick()

    line.moved("comparing")
    assert stream.getvalue().endswith("\r\x1b[K")

    clock.now = 5.5
    line.tick()
    assert stream.getvalue().endswith("comparing  0:02")


def test_a_line_leaves_nothing_behind_and_is_silent_where_no_terminal_reads() -> None:
    stream, clock = Terminal(), Clock()
    with QuietLine("training", stream, clock=clock) as line:
        clock.now = 3.0
        line.tick()
    assert stream.getvalue().endswith("\r\x1b[K")

    silent = io.StringIO()
    with QuietLine("training", silent, clock=clock) as line:
        clock.now = 9.0
        line.tick()
    assert silent.getvalue() == ""
