"""The judge itself: it sees a wrong rewrite, a silent miss and a report of another place, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path
from textwrap import dedent

from compatkit.migration import parse_migration
from tests.rewrite.oracle.judge import OPTIONS, Lie, Project, judge, run_before
from tests.rewrite.oracle.library import DECLARED, V1, V2

MAIN = """\
from acme.old import helper

print(helper(2))
"""
TEST = """\
from unittest import mock

import service


def test_it():
    with mock.patch("{}", return_value="fake"):
        print(service.get())
"""
SERVICE = dedent(
    """\
    import acme.old


    def get():
        return acme.old.helper(1)
    """
)


def lie(
    files: dict[str, str], declared: str = DECLARED, options: str = "default", tests: tuple[str, ...] = ()
) -> Lie | None:
    project = Project(files, "main", tests, V1, V2)
    with tempfile.TemporaryDirectory() as folder:
        before = run_before(project, Path(folder))
    assert [result.failure for result in before] == [None] * len(before)
    return judge(project, before, [parse_migration(declared)], OPTIONS[options])


def test_a_right_rewrite_is_no_lie() -> None:
    assert lie({"main.py": MAIN}) is None


def test_a_wrong_rewrite_is_one() -> None:
    wrong = DECLARED.replace("acme.fresh.helper", "acme.fresh.helpers")

    found = lie({"main.py": MAIN}, wrong)

    assert found is not None
    assert found.kind == "nothing is reported"
    assert found.after is not None
    assert found.after.failure is not None
    assert found.after.failure.places == (("main.py", 1),)


def test_a_use_that_is_passed_over_is_one() -> None:
    without = DECLARED.replace("acme.old.helper", "acme.old.other")

    assert lie({"main.py": MAIN}, without) is not None


def test_a_failure_at_a_place_that_is_reported_is_none() -> None:
    source = dedent(
        """\
        import importlib

        print(importlib.import_module("oldtop").Client().name)
        """
    )

    assert lie({"main.py": source}) is None


def test_a_failure_at_another_place_than_the_one_reported_is_one() -> None:
    without = DECLARED.replace("acme.old.helper", "acme.old.other")
    source = 'print("oldtop.Client")\n' + MAIN

    found = lie({"main.py": source}, without)

    assert found is not None
    assert found.kind == "another place is reported"


def test_other_output_without_a_failure_is_one() -> None:
    other = DECLARED.replace("acme.fresh.Gadget", "acme.kit.Tool")

    found = lie(
        {
            "main.py": dedent(
                """\
                from acme.old import Thing

                print(Thing().name)
                """
            )
        },
        other,
    )

    assert found is not None
    assert found.after is not None
    assert found.after.failure is None


def test_a_test_that_patches_in_vain_is_one() -> None:
    # The patch of the old name changes nothing that the migrated service looks up.
    files = {"main.py": MAIN, "service.py": SERVICE, "test_it.py": TEST.format("acme.old.stays")}
    moved = {**files, "test_it.py": TEST.format("acme.old.helper")}

    assert lie(files, tests=("test_it",)) is None
    assert lie(moved, tests=("test_it",), options="review") is None


def test_a_doctest_is_run() -> None:
    source = 'def get():\n    """\n    >>> get() + 1\n    2\n    """\n    return 1\n\n\nprint(get())\n'
    project = Project({"main.py": "", "service.py": source.replace("2", "3")}, "main", ("service",), V1, V2)
    with tempfile.TemporaryDirectory() as folder:
        results = run_before(project, Path(folder))

    assert [result.failure.places for result in results if result.failure] == [(("service.py", 3),)]
