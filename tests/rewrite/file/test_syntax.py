"""A source is read once in a run: by content, so that a file that changes is read anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from compatkit.rewrite.file import syntax
from compatkit.rewrite.file.syntax import keeping_syntax, read_syntax
from compatkit.rewrite.outcome import RewriteError


def test_a_source_is_read_once_in_a_run_and_then_forgotten() -> None:
    with keeping_syntax():
        first = read_syntax(b"a = 1\n")

        assert read_syntax(bytes(bytearray(b"a = 1\n"))) is first
    assert read_syntax(b"a = 1\n") is not first


def test_a_run_within_a_run_ends_nothing() -> None:
    with keeping_syntax():
        first = read_syntax(b"a = 1\n")
        with keeping_syntax():
            pass

        assert read_syntax(b"a = 1\n") is first


def test_a_file_that_changes_during_a_run_is_read_anew() -> None:
    with keeping_syntax():
        read_syntax(b"a = 1\n")

        assert read_syntax(b"a = 2\n").source.text == "a = 2\n"


def test_what_fills_itself_lazily_is_not_shared_with_another_thread() -> None:
    with keeping_syntax(), ThreadPoolExecutor(1) as pool:
        first = read_syntax(b"a = 1\n")

        assert pool.submit(read_syntax, b"a = 1\n").result() is not first


def test_no_more_is_kept_than_may_be_and_what_was_asked_for_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "_MOST_BYTES", 12)
    with keeping_syntax():
        first, second = read_syntax(b"a = 1\n"), read_syntax(b"b = 1\n")
        read_syntax(b"a = 1\n")
        read_syntax(b"c = 1\n")

        assert read_syntax(b"a = 1\n") is first
        assert read_syntax(b"b = 1\n") is not second


def test_what_is_no_python_is_refused_each_time() -> None:
    with keeping_syntax():
        for _ in range(2):
            with pytest.raises(RewriteError):
                read_syntax(b"a =\n")
