"""The triangle on a project of the user's own: base, working tree under the shim, migrated copy without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.equivalence.commands import CommandError, Result
from tests.equivalence.commands.conftest import LATER, commit, git, log

Verify = Callable[..., Result]
MIGRATION = """
schema = 1
id = "acme-v2"
summary = "The rate moves."
versions = { v1 = "1", v2 = "2" }
[[moves]]
code = "CK101"
old = "acme.rate.CHANGE"
new = "acme.speed.CHANGE"
"""


@pytest.fixture
def moved(repository: Path) -> Path:
    """The repository after `acme.rate` moved, which `log.py` does not know yet."""
    (repository / "pyproject.toml").write_text('[tool.compatkit]\nmigrations = ["migration.toml"]\n')
    (repository / "migration.toml").write_text(MIGRATION)
    script = (repository / "log.py").read_text().replace("import acme.rate", "from acme.rate import CHANGE")
    (repository / "log.py").write_text(script.replace("execute(acme.rate.CHANGE)", "execute(CHANGE)"))
    commit(repository)
    (repository / "acme" / "rate.py").rename(repository / "acme" / "speed.py")
    return repository


def test_the_working_tree_alone_fails(verify: Verify, moved: Path) -> None:
    with pytest.raises(CommandError, match=r"No module named 'acme\.rate'"):
        verify(base="HEAD", command=log())


def test_all_three_sides_agree(verify: Verify, moved: Path) -> None:
    result = verify(base="HEAD", command=log(), shim=True, migrate=True)

    assert result.is_equivalent
    assert [(one.before, one.after) for one in result.comparisons] == [("base", "shim"), ("base", "migrated")]
    assert "from acme.rate import CHANGE" in (moved / "log.py").read_text()
    assert "D acme/rate.py" in git(moved, "status", "--porcelain")


def test_a_change_on_the_way_is_found_on_both_sides(verify: Verify, moved: Path) -> None:
    (moved / "acme" / "speed.py").write_text(f"CHANGE = {LATER!r}\n")

    result = verify(base="HEAD", command=log(), shim=True, migrate=True)

    assert [one.is_equivalent for one in result.comparisons] == [False, False]


def test_what_the_migration_leaves_is_reported(verify: Verify, moved: Path) -> None:
    (moved / "star.py").write_text("from acme.rate import *\n")
    (moved / "zero.py").write_text(
        dedent("""\
            import acme.rate

            print(acme.rate)
            """)
    )

    (note,) = verify(base="HEAD", command=log(), migrate=True).notes

    assert note.startswith("the migration leaves to a person: star.py:1:1 ")
    assert note.endswith(" (and 1 more: compatkit migrate --diff)")


def test_a_shim_that_cannot_be_installed_is_an_error(verify: Verify, moved: Path) -> None:
    (moved / "migration.toml").write_text(MIGRATION.replace("[[moves]]", "[[move]]"))

    with pytest.raises(CommandError, match=r"shim is off|No module named 'acme\.rate'"):
        verify(base="HEAD", command=log(), shim=True)


def test_a_migration_that_cannot_be_read_is_an_error(verify: Verify, moved: Path) -> None:
    (moved / "migration.toml").write_text(MIGRATION.replace("[[moves]]", "[[move]]"))

    with pytest.raises(CommandError, match=r"The migrated copy cannot be made:\n(.|\n)*Unknown key"):
        verify(base="HEAD", command=log(), migrate=True)
