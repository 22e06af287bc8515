"""Choosing hunks: none is lost or invented, and what belongs together is made together."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate import FileResult, Job, Report, Task, process
from compatkit.migrate.hunks import Answer, Hunk, apply_hunks, choose_hunks, find_hunks
from compatkit.rewrite import Rewritten, Unchanged
from tests.shop.moves import MOVE, NEW, OLD

TEXTS = st.lists(st.sampled_from([b"a", b"b\n", b"\r\n", b"\n", b"\r", b"\x0c", b"\xe9\n"])).map(b"".join)
TASK = Task((MOVE,))


@given(before=TEXTS, after=TEXTS)
def test_all_hunks_make_the_new_version(before: bytes, after: bytes) -> None:
    assert apply_hunks(before, find_hunks(before, after)) == after


@given(before=TEXTS, after=TEXTS)
def test_no_hunk_leaves_the_old_version(before: bytes, after: bytes) -> None:
    assert apply_hunks(before, []) == before


def planned(source: str) -> Report:
    job = Job(source.encode(), "app")
    return Report((FileResult("app.py", process(job, TASK), job),))


def chosen(source: str, *answers: Answer) -> tuple[bytes, Report, tuple[str, ...]]:
    given_answers = iter(answers)

    def ask(result: FileResult, hunk: Hunk, number: int, count: int) -> Answer:
        return next(given_answers)

    report, refused = choose_hunks(planned(source), ask, TASK)
    (result,) = report.results
    return result.outcome.source if isinstance(result.outcome, Rewritten) else source.encode(), report, refused


THREE = f"{OLD}x = 1\n{OLD}y = 2\n{OLD}"


def test_no_changes_nothing_and_says_what_was_declined() -> None:
    source, report, _ = chosen(THREE, "no", "no", "no")

    assert source == THREE.encode()
    assert isinstance(report.results[0].outcome, Unchanged)
    assert [found.line for _, found in report.findings] == [1, 3, 5]


def test_quit_leaves_what_follows() -> None:
    assert chosen(THREE, "yes", "quit")[0] == f"{NEW}x = 1\n{OLD}y = 2\n{OLD}".encode()


def test_rest_takes_what_follows_without_asking() -> None:
    assert chosen(THREE, "no", "rest")[0] == f"{OLD}x = 1\n{NEW}y = 2\n{NEW}".encode()


def test_a_chosen_hunk_is_the_only_one_that_is_made() -> None:
    source, report, refused = chosen(THREE, "no", "yes", "no")

    assert source == f"{OLD}x = 1\n{NEW}y = 2\n{OLD}".encode()
    assert [edit.line for edit in report.results[0].edits] == [3]
    assert refused == ()


def test_changes_that_belong_together_are_not_made_apart() -> None:
    # As a rewrite that uses the new name throughout would come out: an import, and a use of its name.
    before = b"from shop.core.old_home import Old\nx = 1\nOld()\n"
    after = b"from shop.core.new_home import New\nx = 1\nNew()\n"
    result = FileResult("app.py", Rewritten(after, ()), Job(before))
    answers: Iterator[Answer] = iter(["yes", "no"])

    report, refused = choose_hunks(Report((result,)), lambda *_: next(answers), TASK)

    assert isinstance(report.results[0].outcome, Unchanged)
    assert refused == ("app.py",)


def test_quit_reaches_the_files_that_follow() -> None:
    job = Job(OLD.encode(), "app")
    report = Report(tuple(FileResult(name, process(job, TASK), job) for name in ("a.py", "b.py")))

    left, _ = choose_hunks(report, lambda *_: "quit", TASK)

    assert left.rewritten == ()


def test_a_file_in_which_nothing_changes_is_kept_and_not_asked_about() -> None:
    source, report, refused = chosen("x = 1\n")

    assert (source, refused) == (b"x = 1\n", ())
    assert isinstance(report.results[0].outcome, Unchanged)
