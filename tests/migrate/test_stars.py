"""Star imports in a tree: the source of the old module is looked up beside the files that import it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import write_report
from compatkit.migrate.job import Task
from compatkit.migrate.run import plan_task
from compatkit.migration import Move
from compatkit.rewrite import Rewritten
from tests.shop.moves import contents, plant

TASK = Task((Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New"),))
OLD = "class Old: ...\nother = 1\n"


def planned(tree: Path, name: str) -> tuple[str | None, int]:
    report = plan_task([tree], TASK, jobs=1)
    found = next(result for result in report.results if result.name.endswith(name))
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


# The library's own sources are the new ones: its old home has lost the name.

GRAPH = Move("CK101", "graph.exception.Old", "graph.errors.New")
V1 = {
    "graph/exception.py": dedent("""\
        class Other(Exception): ...


        class Old(Exception): ...
        """),
    "graph/errors.py": "",
    "graph/__init__.py": "from graph.exception import *\n",
    "graph/parts/__init__.py": "from graph import *\n",
}
V2 = {"graph/exception.py": "class Other(Exception): ...\n", "graph/errors.py": "class New(Exception): ...\n"}
USES = {
    "star": dedent("""\
        from graph.exception import *
        try:
            raise Old('x')
        except Old as error:
            print(error)
        """),
    "package": "import graph\nprint(issubclass(graph.Old, Exception), graph.Other.__name__)\n",
    "package as": dedent("""\
        import graph as g
        def f():
            return g.Old
        print(f().__bases__)
        """),
    "from package": "from graph import Old\nprint(Old('x'))\n",
    "star of package": "from graph import *\nprint(Old('x'))\n",
    "package of package": "import graph.parts\nprint(graph.parts.Old('x'))\n",
    "listed": "from graph.exception import *\n__all__ = ['Old']\n",
}
UNCONCERNED = {
    "new home": dedent("""\
        import graph
        import graph.errors
        print(graph.errors.New.__name__, graph.Other.__name__)
        Old = 1
        """),
    "own name": dedent("""\
        import graph
        class Old: ...
        print(Old, graph.Other)
        """),
    "of another": "import graph, argparse\nprint(argparse.Namespace(Old=1).Old, graph)\n",
    "tried": dedent("""\
        try:
            from graph import Old
        except ImportError:
            from graph import Other as Old
        print(Old)
        """),
}


def ran(tree: Path) -> tuple[int, str]:
    code = "import app; from app import *"
    done = subprocess.run([sys.executable, "-Bc", code], cwd=tree, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def migrated(tree: Path) -> int:
    report = plan_task([tree], Task((GRAPH,)), jobs=1)
    write_report(report)
    return sum(len(result.findings) for result in report.results)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_name_that_the_old_home_has_lost_is_brought_again(tmp_path: Path, use: str) -> None:
    plant(tmp_path, {**V1, "app.py": use})
    before = ran(tmp_path)
    plant(tmp_path, V2)
    broken = ran(tmp_path)
    findings = migrated(tmp_path)
    done = contents(tmp_path)

    assert before[0] == findings == 0
    assert broken[0] == 1
    assert ran(tmp_path) == before
    assert migrated(tmp_path) == 0
    assert contents(tmp_path) == done


@pytest.mark.parametrize("use", UNCONCERNED.values(), ids=UNCONCERNED)
def test_package_of_which_nobody_asks_the_lost_name_is_left_alone(tmp_path: Path, use: str) -> None:
    plant(tmp_path, {**V1, **V2, "app.py": use})
    files = contents(tmp_path)

    assert ran(tmp_path)[0] == 0
    assert migrated(tmp_path) == 0
    assert contents(tmp_path) == files


MAKES = {
    "made": (
        "if name == 'Old':\n        from graph.errors import New\n        return New\n    raise AttributeError",
        0,
    ),
    "any": ("import graph.errors\n    return vars(graph.errors).get(name, graph.errors.New)", 1),
}


@pytest.mark.parametrize(("body", "findings"), MAKES.values(), ids=MAKES)
def test_package_that_makes_the_lost_name_itself_is_left_alone(tmp_path: Path, body: str, findings: int) -> None:
    plant(tmp_path, {**V1, **V2, "app.py": USES["package"]})
    made = f"from graph.exception import *\ndef __getattr__(name):\n    {body}\n"
    plant(tmp_path, {"graph/__init__.py": made})

    assert ran(tmp_path)[0] == 0
    assert migrated(tmp_path) == findings
    assert (tmp_path / "graph/__init__.py").read_text() == made


def test_package_that_only_tells_what_is_gone_brings_the_lost_name_again(tmp_path: Path) -> None:
    told = dedent("""\
        def __getattr__(name):
            if name == 'older':
                raise AttributeError('gone')
        """)
    told += "    raise AttributeError(f'no {name}')\n"
    plant(tmp_path, {**V1, **V2, "app.py": USES["package"]})
    plant(tmp_path, {"graph/__init__.py": f"from graph.exception import *\n{told}"})

    assert ran(tmp_path)[0] == 1
    assert migrated(tmp_path) == 0
    assert ran(tmp_path)[0] == 0


def test_package_that_may_get_the_lost_name_from_elsewhere_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, {**V1, **V2, "app.py": USES["package"]})
    plant(tmp_path, {"graph/__init__.py": "from graph.exception import *\nfrom elsewhere import *\n"})

    assert migrated(tmp_path) == 1
