"""Comments that hold nothing back are reported, and those that hold anything back are not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import Report, plan_tree
from compatkit.migration import parse_migration
from compatkit.options import Options
from tests.shop.moves import OLD, TOML, plant

ASKED = Options(report_unused_ignores=True)
MODERN = TOML + '\n[[fields]]\ncode = "CK201"\nv1 = "acc"\nv2 = "accuracy"\n'


def found(folder: Path, source: str, options: Options = ASKED) -> list[tuple[int, str]]:
    migration = parse_migration(MODERN, origin=folder / "migration.toml")
    report: Report = plan_tree([plant(folder, {"src/a.py": source}) / "src"], [migration], options)
    return [(one.line, one.message.split("`")[1]) for _, one in report.findings if one.code == "CK911"]


@pytest.mark.parametrize(
    "source",
    [
        OLD.rstrip() + "  # compatkit: ignore\n",
        OLD.rstrip() + "  # compatkit: ignore[CK101]\n",
        OLD.rstrip() + "  # compatkit: ignore[CK1]\n",
        "x = 'shop.core.old_home.Old'  # compatkit: ignore\n",
        # Of a code that no migration of this run has, nothing is known.
        "x = 1  # compatkit: ignore[ZZ901]\n",
        "x = '# compatkit: ignore'\n",
        '"""\n# compatkit: ignore\n"""\n',
        dedent(
            """\
            from shop.core.old_home import (  # compatkit: ignore
                Old,
            )
            """
        ),
        "x = 1\n",
    ],
)
def test_what_holds_something_back_or_is_not_ours_is_not_reported(tmp_path: Path, source: str) -> None:
    assert found(tmp_path, source) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1  # compatkit: ignore\n", [(1, "# compatkit: ignore")]),
        ("x = 1  # compatkit: ignore[CK101]\n", [(1, "# compatkit: ignore[CK101]")]),
        (OLD.rstrip() + "  # compatkit: ignore[CK201]\n", [(1, "# compatkit: ignore[CK201]")]),
        (OLD + "\nx = 1  # compatkit: ignore\n", [(3, "# compatkit: ignore")]),
    ],
)
def test_what_holds_nothing_back_is_reported_with_its_line(
    tmp_path: Path, source: str, expected: list[tuple[int, str]]
) -> None:
    assert found(tmp_path, source) == expected


def test_nothing_is_said_unasked_or_where_the_code_is_ignored(tmp_path: Path) -> None:
    source = "x = 1  # compatkit: ignore\n"

    assert found(tmp_path, source, Options()) == []
    assert found(tmp_path, source, Options(report_unused_ignores=True, ignore=frozenset({"CK911"}))) == []


def test_a_comment_is_judged_by_all_that_a_run_could_do(tmp_path: Path) -> None:
    source = "x = 'shop.core.old_home.Old'  # compatkit: ignore\n"

    assert found(tmp_path, source, Options(report_unused_ignores=True, select=frozenset({"CK2", "CK9"}))) == []
