"""Stubs for modules that are gone: what they say, what they leave unsaid, and where they must not be."""

from __future__ import annotations

import ast
import contextlib
import inspect
import subprocess
import sys
import warnings
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate import WriteError
from compatkit.migrate.stubs.plan import StubError, StubPlan, plan_stubs, write_stub
from compatkit.migration import Move
from compatkit.shim.warning import MovedNameWarning, warn_moved
from tests.shop.moves import contents, plant

CLASS = Move("CK101", "shop.old.Widget", "shop.new.Gadget")
FUNCTION = Move("CK102", "shop.old.price", "shop.new.cost")
CONSTANT = Move("CK103", "shop.old.LIMIT", "shop.new.MAXIMUM")
NEW = """from __future__ import annotations
from typing import TYPE_CHECKING, overload
import typing as t
from .parts import Part
if TYPE_CHECKING:
    from collections.abc import Sequence
MAXIMUM = 3
class Gadget: ...
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in the working directory, whose old module is gone."""
    monkeypatch.chdir(tmp_path)
    return plant(tmp_path, {"shop/__init__.py": "", "shop/parts.py": "class Part: ...\n", "shop/new.py": NEW})


def plan(*moves: Move, folder: str | None = None) -> StubPlan:
    return plan_stubs([Path()], moves, folder=Path(folder) if folder else None)


def write(*moves: Move, folder: str | None = None) -> StubPlan:
    planned = plan(*moves, folder=folder)
    for file in planned.files:
        write_stub(file)
    return planned


def stub_of(function: str, tree: Path) -> str:
    """Return the stub for `price`, which is `cost` in this source."""
    plant(tree, {"shop/new.py": NEW + function})
    (file,) = plan(FUNCTION).files
    return file.after.decode()


def unmarked_because(function: str, tree: Path) -> str:
    """Return why `price` is only re-exported."""
    plant(tree, {"shop/new.py": NEW + function})
    planned = plan(FUNCTION)
    (file,), (note,) = planned.files, planned.notes
    assert b"from shop.new import cost as price\n" in file.after
    assert b"deprecated" not in file.after
    return note.removeprefix("CK102 shop.old.price is not marked as deprecated: ")


def test_a_module_that_exists_gets_no_stub(tree: Path) -> None:
    plant(tree, {"shop/old.py": "class Widget: ...\n"})

    planned = plan(CLASS)

    assert (planned.files, planned.findings) == ([], [])
    assert planned.notes == ["shop.old still exists, in shop/old.py: it gets no stub"]


def test_a_package_that_exists_gets_no_stub(tree: Path) -> None:
    plant(tree, {"shop/old/__init__.py": "class Widget: ...\n"})

    assert plan(CLASS).files == []


def test_a_copy_of_the_old_module_elsewhere_does_not_count(tree: Path) -> None:
    plant(tree, {"tests/data/shop/old.py": "class Widget: ...\n"})

    assert [str(file.path) for file in plan(CLASS).files] == ["shop/old.pyi"]


def test_a_stub_that_was_written_by_hand_is_left_alone(tree: Path) -> None:
    plant(tree, {"typings/shop/old.pyi": "Widget: int\n"})
    before = contents(tree)

    planned = write(CLASS, folder="typings")

    assert contents(tree) == before
    assert planned.notes[-1] == "typings/shop/old.pyi was written by hand and is left alone"


def test_a_package_that_exists_is_not_given_a_stub(tree: Path) -> None:
    assert [str(file.path) for file in plan(CLASS).files] == ["shop/old.pyi"]


def test_a_namespace_package_that_exists_is_not_given_a_stub(tree: Path) -> None:
    (tree / "shop/__init__.py").unlink()

    assert [str(file.path) for file in plan(CLASS).files] == ["shop/old.pyi"]


def test_no_package_is_written_into_a_folder_of_its_own(tree: Path) -> None:
    moved = Move("CK101", "gone.deep.old.Widget", "shop.new.Gadget")

    assert [str(file.path) for file in plan(moved, folder="typings").files] == ["typings/gone/deep/old.pyi"]


def test_a_package_that_is_gone_has_its_stubs_where_nothing_imports_it(tree: Path) -> None:
    moves = (Move("CK101", "gone.deep.old.Widget", "shop.new.Gadget"), Move("CK104", "shop.io.P", "shop.parts.Part"))
    below = Move("CK107", "shop.io.sub.P", "shop.parts.Part")

    paths = [str(file.path) for file in write(*moves, below).files]

    assert paths == ["typings/gone/deep/old.pyi", "typings/shop/io/__init__.pyi", "typings/shop/io/sub.pyi"]
    for name in ("gone", "gone.deep", "shop.io", "shop.io.sub"):
        assert not can_be_imported(name, tree)


@given(st.lists(st.sampled_from([*map(".".join, product(("gone", "shop"), "ab", "ab"))]), min_size=1, unique=True))
def test_nothing_can_be_imported_that_could_not_be_before(modules: list[str]) -> None:
    moves = [Move(f"CK{number}", f"{name}.P", "shop.parts.Part") for number, name in enumerate(modules, start=101)]
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        plant(Path(), {"shop/__init__.py": "", "shop/parts.py": "class Part: ...", "shop/a/left.py": ""})
        write(*moves)
        packages = {path.parent.as_posix() for path in Path().rglob("*.pyi") if path.parts[0] != "typings"}

    assert packages <= {"shop/a"}


def test_a_stub_in_a_folder_of_its_own_from_before_is_a_finding(tree: Path) -> None:
    moved = Move("CK101", "gone.old.Widget", "shop.new.Gadget")
    (file,) = write(moved).files
    plant(tree, {"gone/old.pyi": file.after.decode()})

    what = "is a stub in a folder without sources, which Python can import as an empty package; delete it"
    assert plan(moved).findings == [f"gone/old.pyi {what}"]


def test_no_stub_is_written_through_a_folder_that_leads_elsewhere(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "left.py").touch()
    (tree / "shop/io").symlink_to(elsewhere)

    with pytest.raises(WriteError, match="lies outside"):
        write(Move("CK104", "shop.io.P", "shop.parts.Part"), Move("CK107", "shop.io.sub.P", "shop.parts.Part"))

    assert [path.name for path in elsewhere.iterdir()] == ["left.py"]


def can_be_imported(name: str, folder: Path) -> bool:
    code = f"import importlib; importlib.import_module({name!r})"
    return not subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, check=False).returncode


def test_an_old_module_above_another_is_a_package(tree: Path) -> None:
    moves = (Move("CK101", "shop.old.Widget", "shop.new.Gadget"), Move("CK104", "shop.old.sub.P", "shop.parts.Part"))

    paths = [str(file.path) for file in plan(*moves).files]

    assert paths == ["typings/shop/old/__init__.pyi", "typings/shop/old/sub.pyi"]


def test_what_is_left_of_an_old_package_is_not_hidden(tree: Path) -> None:
    plant(tree, {"shop/old/left.py": "x: int = 1\n"})

    planned = plan(CLASS, folder="typings")

    assert planned.files == []
    assert planned.findings == ["shop.old has no stub: in typings it would hide what is left of that package"]
    assert [str(file.path) for file in plan(CLASS).files] == ["shop/old/__init__.pyi"]


def test_a_name_that_is_gone_from_a_module_that_stays_is_reported(tree: Path) -> None:
    plant(tree, {"shop/old.py": "class Other: ...\n"})

    (finding,) = plan(CLASS).findings

    assert finding.startswith("CK101 shop.old.Widget has no stub: shop.old still exists, in shop/old.py, without")


WHOLE = Move("CK105", "shop.io", "shop.formats", kind="module")
FORMATS = {
    "shop/formats/__init__.py": "from shop.formats.reading import read\n",
    "shop/formats/reading.py": "def read() -> int: ...\n",
    "shop/formats/deep/__init__.py": "",
    "shop/formats/deep/table.py": "class Table: ...\n",
    "shop/formats/no-module.py": "",
}


def test_a_module_that_moved_as_a_whole_gets_a_stub_for_each_that_was_in_it(tree: Path) -> None:
    plant(tree, FORMATS)

    files = {str(file.path): file.after.decode().splitlines()[-1] for file in plan(WHOLE).files}

    assert files == {
        "typings/shop/io/__init__.pyi": "from shop.formats import *",
        "typings/shop/io/deep/__init__.pyi": "from shop.formats.deep import *",
        "typings/shop/io/deep/table.pyi": "from shop.formats.deep.table import *",
        "typings/shop/io/reading.pyi": "from shop.formats.reading import *",
    }


def test_a_single_module_may_move_as_a_whole(tree: Path) -> None:
    (file,) = plan(Move("CK105", "shop.old", "shop.new", kind="module")).files

    assert str(file.path) == "shop/old.pyi"


def test_the_longest_of_several_moves_decides(tree: Path) -> None:
    plant(tree, FORMATS)
    table = Move("CK106", "shop.io.deep", "shop.parts", kind="module")

    files = {str(file.path): file.after.decode().splitlines()[-1] for file in plan(WHOLE, table).files}

    assert files["typings/shop/io/deep.pyi"] == "from shop.parts import *"
    assert "typings/shop/io/deep/table.pyi" not in files


def test_a_name_that_moved_elsewhere_stands_beside_the_rest(tree: Path) -> None:
    plant(tree, FORMATS)
    (text,) = [
        file.after
        for file in plan(WHOLE, Move("CK106", "shop.io.reading.Part", "shop.parts.Part")).files
        if file.path.stem == "reading"
    ]

    assert b"from shop.formats.reading import *\nfrom shop.parts import Part\n" in text


def test_a_whole_module_without_a_new_home_is_reported(tree: Path) -> None:
    assert plan(WHOLE).findings == ["CK105 shop.io has no stub: shop.formats is nowhere in the paths given"]


def test_a_whole_module_that_exists_gets_no_stub(tree: Path) -> None:
    plant(tree, {**FORMATS, "shop/io/__init__.py": "", "shop/io/reading.py": ""})

    assert "typings/shop/io/reading.pyi" not in [str(file.path) for file in plan(WHOLE).files]


def test_a_stub_beside_a_module_that_is_back_is_reported(tree: Path) -> None:
    write(CLASS)
    plant(tree, {"shop/old.py": "class Widget: ...\n"})

    assert plan(CLASS).findings == [
        "shop/old.pyi hides shop.old, which exists again; delete this stub",
    ]


@pytest.mark.parametrize("new", ["shop.nowhere.Gadget", "shop.new.Gadgett"])
def test_a_name_without_a_new_home_is_reported_and_not_made_up(tree: Path, new: str) -> None:
    planned = plan(Move("CK101", "shop.old.Widget", new))

    assert planned.files == []
    assert [finding.partition(":")[0] for finding in planned.findings] == ["CK101 shop.old.Widget has no stub"]


def test_a_new_home_in_two_places_is_reported(tree: Path) -> None:
    plant(tree, {"copy/shop/new.py": NEW})

    planned = plan(CLASS)

    assert planned.files == []
    assert "in several places: shop/new.py, copy/shop/new.py" in planned.findings[0]


def test_a_new_home_that_is_no_python_is_a_failure_and_the_others_go_on(tree: Path) -> None:
    plant(tree, {"shop/new.py": "class Gadget(\n"})

    planned = plan(CLASS, Move("CK104", "shop.older.P", "shop.parts.Part"))

    assert [str(file.path) for file in planned.files] == ["shop/older.pyi"]
    assert planned.failures[0].startswith("CK101 shop.old.Widget has no stub. This is not valid Python")


def test_no_code_of_the_project_runs(tree: Path) -> None:
    plant(tree, {"shop/__init__.py": "raise SystemExit(9)\n", "shop/new.py": NEW + "raise SystemExit(9)\n"})

    assert len(plan(CLASS).files) == 1


def test_a_second_run_changes_nothing(tree: Path) -> None:
    write(CLASS, FUNCTION, Move("CK104", "gone.deep.P", "shop.parts.Part"))
    before = contents(tree)

    again = write(CLASS, FUNCTION, Move("CK104", "gone.deep.P", "shop.parts.Part"))

    assert contents(tree) == before
    assert all(file.is_current for file in again.files)
    assert len(again.files) == 2


@given(order=st.permutations([CLASS, FUNCTION, CONSTANT, Move("CK104", "shop.old.sub.P", "shop.parts.Part")]))
def test_the_order_of_the_moves_does_not_matter(order: list[Move], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("shop")
    plant(folder, {"shop/parts.py": "class Part: ...\n", "shop/new.py": NEW + "def cost(n: Part) -> int: ...\n"})

    assert plan_stubs([folder], order) == plan_stubs([folder], sorted(order, key=lambda move: move.code))


def test_an_outdated_stub_is_replaced(tree: Path) -> None:
    write(CLASS)
    planned = write(CLASS, CONSTANT)

    (file,) = planned.files
    assert (file.before is not None, file.is_current) == (True, False)
    assert (tree / "shop/old.pyi").read_bytes() == file.after


def test_a_stub_that_changed_meanwhile_is_not_overwritten(tree: Path) -> None:
    write(CLASS)
    (file,) = plan(CLASS, CONSTANT).files
    plant(tree, {"shop/old.pyi": "saved by an editor"})

    with pytest.raises(WriteError, match="changed while"):
        write_stub(file)

    assert (tree / "shop/old.pyi").read_text() == "saved by an editor"


def test_a_stub_that_appeared_meanwhile_is_not_overwritten(tree: Path) -> None:
    (file,) = plan(CLASS).files
    plant(tree, {"shop/old.pyi": "saved by an editor"})

    with pytest.raises(StubError, match="cannot be written"):
        write_stub(file)

    assert (tree / "shop/old.pyi").read_text() == "saved by an editor"


def test_every_old_name_is_exported_under_its_new_meaning(tree: Path) -> None:
    (file,) = plan(CLASS, CONSTANT).files

    assert file.after.decode().partition("\n\n")[2] == (
        dedent("""\
            from shop.new import Gadget as Widget
            from shop.new import MAXIMUM as LIMIT

            __all__ = [
                "LIMIT",
                "Widget",
            ]
            """)
    )


def test_a_submodule_that_moved_is_re_exported(tree: Path) -> None:
    (file,) = plan(Move("CK104", "shop.old.parts", "shop.parts")).files

    assert b"from shop import parts\n" in file.after


def test_the_mark_says_what_the_shim_says(tree: Path) -> None:
    (function,) = ast.parse(stub_of("def cost() -> int: return 1\n", tree)).body[-1:]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MovedNameWarning)
        warn_moved(FUNCTION, inspect.currentframe())

    assert isinstance(function, ast.FunctionDef)
    assert ast.unparse(function.decorator_list[0]) == f"deprecated({str(caught[0].message)!r})"


@pytest.mark.parametrize(
    ("function", "signature", "needed"),
    [
        (
            "def cost(a: int, /, b: str = 'x', *c: Part, d: bool = True, **e: int) -> None: ...",
            "def price(a: int, /, b: str=..., *c: Part, d: bool=..., **e: int) -> None:",
            "from shop.parts import Part",
        ),
        (
            "def cost(of: 'Sequence[Gadget]') -> 'list[int]': return []",
            "def price(of: Sequence[Gadget]) -> list[int]:",
            "from collections.abc import Sequence",
        ),
        ("def cost(of: list['Gadget']) -> None: ...", "def price(of: list[Gadget])", "from shop.new import Gadget"),
        ("async def cost() -> int: return 1", "async def price() -> int:", ""),
        (
            "async def cost() -> t.Iterable[int]:\n    yield 1",
            "\ndef price() -> t.Iterable[int]:",
            "import typing as t",
        ),
        (
            dedent(
                """\
                async def cost() -> int:
                    def f():
                        yield
                    return 1"""
            ),
            "async def price() -> int:",
            "",
        ),
        (
            "def cost(a: t.Literal['Part', -1]) -> None: ...",
            "def price(a: t.Literal['Part', -1])",
            "import typing as t",
        ),
    ],
)
def test_a_signature_is_copied_with_what_it_names(tree: Path, function: str, signature: str, needed: str) -> None:
    text = stub_of(function + "\n", tree)

    assert signature in text
    assert f"\n{needed}" in text


def test_each_overload_is_marked_and_the_implementation_left_out(tree: Path) -> None:
    source = dedent(
        """\
        @overload
        def cost(a: int) -> int: ...
        @t.overload
        def cost(a: str) -> str: ...
        def cost(a): ...
        """
    )

    text = stub_of(source, tree)

    assert text.count("@overload\n@deprecated(") == 2
    assert text.count("def price(") == 2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("def cost(a) -> int: ...", "it is not fully annotated"),
        ("def cost(a: int): ...", "it is not fully annotated"),
        ("@t.final\ndef cost() -> int: ...", "its decorator may change its signature"),
        ("def cost() -> int: ...\ndef cost() -> str: ...", "it is defined several times"),
        ("if MAXIMUM:\n    def cost() -> int: ...", "it is defined under a condition, or bound again"),
        ("def cost() -> int: ...\ncost = print(cost)", "it is defined under a condition, or bound again"),
        ("cost = lambda: 1", "it is not a function"),
        ("from .parts import cost", "it is not a function"),
        ("class cost: ...", "only as an alias can a class stand for the new one"),
        ("def cost(a: t.Annotated[int, 'Part']) -> int: ...", "its annotations hold more than types"),
        ("def cost(a: 'no type') -> int: ...", "its annotations hold more than types"),
        ("def cost(a: print(1)) -> int: ...", "its annotations hold more than types"),
    ],
)
def test_a_doubtful_function_is_re_exported_unmarked_and_says_why(tree: Path, function: str, reason: str) -> None:
    assert unmarked_because(function + "\n", tree) == reason


@pytest.mark.parametrize(
    "bound",
    [
        "",
        "from .parts import *",
        "from .... import X",
        dedent(
            """\
            try:
                from a import X
            except ImportError:
                from b import X"""
        ),
        "from a import X\nX = X or None",
    ],
)
def test_a_name_of_uncertain_origin_is_not_guessed(tree: Path, bound: str) -> None:
    reason = unmarked_because(f"{bound}\ndef cost() -> X: ...\n", tree)

    assert reason == "its signature names X, and where that comes from is not certain"


@pytest.mark.parametrize("old", ["int", "Part", "deprecated"])
def test_an_old_name_that_a_signature_uses_otherwise_is_not_confused_with_it(tree: Path, old: str) -> None:
    plant(tree, {"shop/new.py": NEW + "def cost(a: Part) -> int: ...\n"})

    planned = plan(FUNCTION, Move("CK104", f"shop.old.{old}", "shop.new.Gadget"))

    assert b"def price" not in planned.files[0].after
    assert (
        f"CK102 shop.old.price is not marked as deprecated: its signature names {old}, which is " in planned.notes[-1]
    )


def test_a_class_that_a_signature_names_may_move_along(tree: Path) -> None:
    plant(tree, {"shop/new.py": NEW + "def cost() -> Gadget: ...\n"})

    (file,) = plan(FUNCTION, Move("CK104", "shop.old.Gadget", "shop.new.Gadget")).files

    assert file.after.count(b"from shop.new import Gadget\n") == 1
    assert b"def price() -> Gadget:" in file.after
