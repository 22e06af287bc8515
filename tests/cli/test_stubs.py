"""mypy and pyright accept code that uses the old names once `compatkit stubs` has written its stubs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli.test_group import compatkit
from tests.shop.moves import contents, plant

MIGRATION = """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
""" + "".join(
    f'[[moves]]\ncode = "CK{number}"\nold = "{old}"\nnew = "{new}"\n'
    for number, (old, new) in enumerate(
        [
            ("shop.old.Widget", "shop.new.Gadget"),
            ("shop.old.Colour", "shop.new.Color"),
            ("shop.old.Priced", "shop.new.HasCost"),
            ("shop.old.Box", "shop.new.Crate"),
            ("shop.old.Item", "shop.new.Entry"),
            ("shop.old.Row", "shop.new.Row"),
            ("shop.old.Point", "shop.new.Place"),
            ("shop.old.LIMIT", "shop.new.MAXIMUM"),
            ("shop.old.price", "shop.new.cost"),
            ("shop.old.load", "shop.new.fetch"),
            ("gone.deep.parse", "shop.new.cost"),
        ],
        start=101,
    )
)
NEW = """
from __future__ import annotations
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, Protocol, TypedDict, TypeVar, final, overload

T = TypeVar("T")
MAXIMUM = 3

class Meta(type): ...

class Gadget(metaclass=Meta):
    @classmethod
    def load(cls) -> Gadget:
        return cls()

class Color(Enum):
    RED = 1

class HasCost(Protocol):
    cost: int

@final
class Crate(Generic[T]):
    def __init__(self, of: T) -> None:
        self.of = of

@dataclass
class Entry:
    cost: int

class Row(TypedDict):
    cost: int

class Place(NamedTuple):
    x: int

@overload
def cost(of: int) -> int: ...
@overload
def cost(of: HasCost, *, times: int = 1) -> str: ...
def cost(of: object, *, times: int = 1) -> object:
    return of

async def fetch(of: T) -> AsyncIterator[T]:
    yield of
"""
# What code that is migrated and code that is not may do with each other, all of it correct.
USE = """
from shop import new, old
from shop.old import LIMIT, Box, Colour, Item, Point, Priced, Row, Widget
from shop.new import Gadget

def takes_old(widget: Widget) -> None: ...
def takes_new(gadget: Gadget) -> None: ...

takes_old(Gadget())
takes_new(Widget())
made: Widget = Widget.load()
class Special(Widget): ...
takes_old(Special())
red: Colour = new.Color.RED
priced: Priced = Item(3)
box: Box[int] = new.Crate(3)
row: Row = {"cost": LIMIT}
point: int = Point(1).x
limit: int = old.LIMIT
"""
MISUSE = """
from shop.old import LIMIT, Box, Item, Row, Widget

a: int = Widget()
b: Box[str] = Box(3)
c: Item = Item("3")
d: Row = {"price": 3}
e: str = LIMIT
"""
# mypy reports a function where it is imported, an overload where it is called.
MARKED = """
from gone.deep import parse
from shop.old import Item, load, price  # mypy pyright

a: int = price(3)  # mypy pyright
b: str = price(Item(3), times=2)  # mypy pyright
c: int = parse(3)  # mypy pyright
async def main() -> None:
    async for d in load("x"):  # pyright
        d.upper()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    plant(
        tmp_path,
        {
            "migration.toml": MIGRATION,
            "pyproject.toml": '[tool.compatkit]\nmigrations = ["migration.toml"]\n',
            "pyrightconfig.json": '{"typeCheckingMode": "strict", "reportDeprecated": "warning"}',
            "shop/__init__.py": "",
            "shop/new.py": NEW,
        },
    )
    return tmp_path


def stubs(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = compatkit("stubs", *arguments, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def mypy(project: Path, *arguments: str, path: str = "typings") -> list[str]:
    """Return what mypy reports, as `code line`."""
    options = ["--strict", "--exclude", "^typings/", "--enable-error-code", "deprecated", "--no-error-summary"]
    # All tests of a worker share what mypy knows of the standard library.
    command = [sys.executable, "-m", "mypy", *options, "--cache-dir", str(project.parent / "mypy")]
    environment = {**os.environ, "MYPYPATH": path}
    done = subprocess.run(
        [*command, *(arguments or ["."])], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr + done.stdout
    return [f"{line.rpartition('[')[2].rstrip(']')} {line.split(':')[1]}" for line in done.stdout.splitlines()]


def pyright(project: Path) -> list[str]:
    """Return what pyright reports, as `rule line`, apart from that a stub has no source."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr + done.stdout
    reported = json.loads(done.stdout)["generalDiagnostics"]
    rules = [f"{item.get('rule')} {item['range']['start']['line'] + 1}" for item in reported]
    return [rule for rule in rules if not rule.startswith("reportMissingModuleSource ")]


@pytest.mark.slow("runs mypy and pyright")
def test_correct_code_under_old_names_is_accepted(project: Path) -> None:
    stubs(project)
    plant(project, {"use.py": USE})

    assert mypy(project) == []
    assert pyright(project) == []


@pytest.mark.slow("runs mypy and pyright")
def test_correct_code_is_accepted_with_the_stubs_in_a_folder_of_their_own(project: Path) -> None:
    stubs(project, "-o", "typings")
    # Of a package in two places, pyright's `from shop import …` does not see both.
    plant(project, {"use.py": USE.replace("import new, old", "import new\nimport shop.old as old")})

    assert mypy(project) == []
    assert pyright(project) == []


@pytest.mark.slow("runs mypy and pyright")
def test_without_the_stubs_the_same_code_is_refused(project: Path) -> None:
    plant(project, {"use.py": USE})

    assert mypy(project) != []
    assert pyright(project) != []


@pytest.mark.slow("runs mypy and pyright")
def test_misuse_is_still_refused_line_by_line(project: Path) -> None:
    stubs(project)
    plant(project, {"misuse.py": MISUSE})
    wrong = {str(number) for number, line in enumerate(MISUSE.splitlines(), start=1) if line[1:2] == ":"}

    assert len(wrong) == 5
    assert {report.split()[1] for report in mypy(project)} == wrong
    assert {report.split()[1] for report in pyright(project)} == wrong


@pytest.mark.slow("runs mypy and pyright")
def test_moved_functions_are_reported_as_deprecated_and_keep_their_types(project: Path) -> None:
    stubs(project)
    plant(project, {"marked.py": MARKED})
    lines = enumerate(MARKED.splitlines(), start=1)
    marks = {str(number): line.partition("#")[2].split() for number, line in lines}

    from_mypy, from_pyright = mypy(project), pyright(project)

    assert {report.split()[0] for report in from_mypy} == {"deprecated"}
    assert {report.split()[0] for report in from_pyright} == {"reportDeprecated"}
    assert {line for line, who in marks.items() if "mypy" in who} <= {report.split()[1] for report in from_mypy}
    assert {line for line, who in marks.items() if "pyright" in who} <= {report.split()[1] for report in from_pyright}


@pytest.mark.slow("runs mypy and pyright")
def test_the_rest_of_the_package_is_not_hidden(project: Path) -> None:
    stubs(project, "-o", "typings")
    plant(
        project,
        {
            "use.py": dedent(
                """\
                from shop.new import Gadget
                from shop import old
                a: int = Gadget()
                """
            )
        },
    )

    assert mypy(project) == ["assignment 3"]
    assert "reportAssignmentType 3" in pyright(project)


def test_what_was_written_is_named_and_a_second_run_writes_nothing(project: Path) -> None:
    first = stubs(project)
    before = contents(project)

    second = stubs(project)

    assert first.stdout == "shop/old.pyi written\ntypings/gone/deep.pyi written\n"
    assert (second.stdout, contents(project)) == ("", before)


def test_check_writes_nothing_and_exits_1_until_the_stubs_are_there(project: Path) -> None:
    before = contents(project)

    done = compatkit("stubs", "--check", cwd=project)

    assert (done.returncode, contents(project)) == (1, before)
    assert "shop/old.pyi is missing\n" in done.stdout
    stubs(project)
    assert stubs(project, "--check").stdout == ""


def test_check_exits_1_for_a_stub_that_is_stale(project: Path) -> None:
    stubs(project)
    plant(project, {"shop/new.py": NEW.replace("times: int = 1", "times: float = 1")})

    done = compatkit("stubs", "--check", cwd=project)

    assert (done.returncode, done.stdout) == (1, "shop/old.pyi is stale\ntypings/gone/deep.pyi is stale\n")


def test_a_name_without_a_new_home_exits_1(project: Path) -> None:
    plant(project, {"shop/new.py": "class Gadget: ...\n"})

    done = compatkit("stubs", cwd=project)

    assert done.returncode == 1
    assert "CK109 shop.old.price has no stub: shop/new.py does not define cost\n" in done.stdout


def test_a_new_home_that_is_no_python_exits_2(project: Path) -> None:
    plant(project, {"shop/new.py": "class Gadget(\n"})

    done = compatkit("stubs", cwd=project)

    assert done.returncode == 2
    assert "This is not valid Python" in done.stderr


def test_a_module_that_exists_is_nothing_to_do(project: Path) -> None:
    handed_on = "from shop.new import *\n"
    plant(project, {"shop/old.py": handed_on, "gone/deep.py": handed_on})

    done = stubs(project)

    assert done.stdout == ""
    assert "shop.old still exists, in shop/old.py: it gets no stub" in done.stderr


def test_migrate_leaves_the_stubs_alone(project: Path) -> None:
    stubs(project)

    assert compatkit("migrate", "--check", "shop", "typings", cwd=project).returncode == 0


def test_a_path_that_does_not_exist_is_wrong_use(project: Path) -> None:
    assert compatkit("stubs", "scr", cwd=project).returncode == 64
