"""Star imports in a tree: the source of the old module is looked up beside the files that import it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate.run import plan_task
from compatkit.migrate.work import Task
from compatkit.migration import Move
from compatkit.rewrite import Rewritten
from tests.migrate.trees import plant

TASK = Task((Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New"),))
OLD = "class Old: ...\nother = 1\n"


def planned(tree: Path, name: str) -> tuple[str | None, int]:
    report = plan_task([tree], TASK, jobs=1)
    found = next(each for each in report.results if each.name.endswith(name))
    text = found.outcome.source.decode() if isinstance(found.outcome, Rewritten) else None
    return text, len(found.findings)


@pytest.mark.parametrize(
    ("place", "star"),
    [
        ("app/main.py", "from shop.core.old_home import *"),
        ("shop/core/user.py", "from .old_home import *"),
        ("shop/user.py", "from .core.old_home import *"),
    ],
)
def test_source_in_the_tree_settles_what_a_star_brings(tmp_path: Path, place: str, star: str) -> None:
    plant(tmp_path, {"shop/__init__.py": "", "shop/core/__init__.py": "", "shop/core/old_home.py": OLD})
    plant(tmp_path, {place: f"{star}\nOld\n", "shop/core/new_home.py": "New = 1\n"})

    text, findings = planned(tmp_path, place)

    assert text is not None
    assert "import New as Old\nOld\n" in text
    assert findings == 0


def test_without_the_source_the_star_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, {"app.py": "from shop.core.old_home import *\nOld\n"})

    assert planned(tmp_path, "app.py") == (None, 1)


def test_source_that_does_not_parse_leaves_the_star_to_a_person(tmp_path: Path) -> None:
    plant(tmp_path, {"shop/core/old_home.py": "class Old(:", "app.py": "from shop.core.old_home import *\nOld\n"})

    assert planned(tmp_path, "app.py") == (None, 1)


def test_star_within_parentheses_or_after_a_backslash_is_at_least_reported(tmp_path: Path) -> None:
    plant(tmp_path, {"shop/core/old_home.py": OLD, "app.py": "from shop.core.old_home \\\n import *\nOld\n"})

    assert planned(tmp_path, "app.py") == (None, 1)


def test_name_that_another_file_takes_from_the_importer_is_imported_there(tmp_path: Path) -> None:
    plant(tmp_path, {"shop/core/old_home.py": OLD, "app.py": "from shop.core.old_home import *\nother\n"})

    assert planned(tmp_path, "app.py") == (None, 0)

    plant(tmp_path, {"user.py": "import app\napp.Old\n"})

    text, findings = planned(tmp_path, "app.py")
    assert text == dedent(
        """\
        from shop.core.old_home import *
        from shop.core.new_home import New as Old
        other
        """
    )
    assert findings == 0


LATER = dedent(
    """\
    from shop.core.old_home import *
    from shop.parts import *
    Old
    """
)
PACKAGES = {"shop/__init__.py": "", "shop/core/__init__.py": "", "shop/core/old_home.py": OLD}


@pytest.mark.parametrize("part", ["class Part: ...\n", "from os.path import join\n"])
def test_a_later_star_of_a_package_is_followed_through_its_own_stars(tmp_path: Path, part: str) -> None:
    plant(tmp_path, {**PACKAGES, "shop/core/new_home.py": "New = 1\n", "app.py": LATER})
    plant(tmp_path, {"shop/parts/__init__.py": "from .one import *\n", "shop/parts/one.py": part})

    text, findings = planned(tmp_path, "app.py")

    assert text is not None
    assert "from shop.core.new_home import New as Old\n" in text
    assert findings == 0


@pytest.mark.parametrize(
    "parts",
    [
        {"__init__.py": "from .one import *\n", "one.py": "Old = 2\n"},
        {"__init__.py": "from .one import *\n", "one.py": "from elsewhere import *\n"},
        {"__init__.py": "", "Old.py": ""},
        {"__init__.py": "from .one import *\n", "one.py": "from . import *\n"},
        {"__init__.py": "globals()['Old'] = 2\n"},
    ],
)
def test_a_later_star_that_may_bring_the_name_leaves_it_to_a_person(tmp_path: Path, parts: dict[str, str]) -> None:
    plant(tmp_path, {**PACKAGES, "app.py": LATER})
    plant(tmp_path, {f"shop/parts/{name}": text for name, text in parts.items()})

    assert planned(tmp_path, "app.py") == (None, 1)
