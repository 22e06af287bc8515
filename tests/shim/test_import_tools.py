"""Tools that import, pickle or rewrite modules work on old names and beside the shim's finders."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import pickle
import pkgutil
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.resources import files
from textwrap import dedent
from types import ModuleType

import cloudpickle
import pytest

from compatkit.migration import parse_migration
from compatkit.shim import install, uninstall
from tests.shim.conftest import WriteProject

DECLARED = """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
[[moves]]
code = "SH101"
old = "shop.old.Widget"
new = "shop.new.Gadget"
[[moves]]
code = "SH102"
kind = "module"
old = "shop.legacy"
new = "shop.modern"
[[moves]]
code = "SH103"
kind = "module"
old = "oldkit"
new = "newkit.part"
[[moves]]
code = "SH104"
old = "shop.lately.Thing"
new = "shop.new.Gadget"
[[producers]]
code = "SH251"
function = "shop.trainers.train"
[[producers]]
code = "SH252"
function = "shop.lazy.parts.train"
[[calls]]
code = "SH301"
of = "shop.lazy.other.save"
rename = { artifact = "name" }
"""
FILES = {
    "shop/__init__.py": "",
    "shop/new.py": "class Gadget: pass\n",
    "shop/modern/__init__.py": dedent("""\
        "The modern one."
        VALUE = 7
        def double(x): return 2 * x
        """),
    "shop/modern/deep.py": "DEPTH = 2\n",
    "shop/modern/data.txt": "hello",
    "shop/trainers.py": "def train():\n    return [{'epoch': 1, 'train_acc': 0.5}]\n",
}
pytestmark = pytest.mark.filterwarnings("ignore::compatkit.MovedNameWarning")


@pytest.fixture
def _project(write_project: WriteProject) -> None:
    write_project(FILES)
    install([parse_migration(DECLARED)])


@pytest.fixture
def _shop(_project: None) -> None:
    importlib.import_module("shop")


# --- pickles


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize(
    ("dumps", "name"),
    [
        # Of real modules, cloudpickle alone takes any, old or new.
        (pickle.dumps, "shop.old"),
        (cloudpickle.dumps, "shop.old"),
        (cloudpickle.dumps, "shop.legacy"),
        (cloudpickle.dumps, "shop.legacy.deep"),
    ],
)
def test_an_old_module_travels_in_the_closure_of_a_task(dumps: Callable[[object], bytes], name: str) -> None:
    old = importlib.import_module(name)

    assert pickle.loads(dumps(old)) is old


@pytest.mark.usefixtures("_project")
def test_a_function_that_closes_over_an_old_module_runs_where_it_arrives() -> None:
    old = importlib.import_module("shop.old")

    def task() -> str:
        return type(old.Widget()).__name__

    assert cloudpickle.loads(cloudpickle.dumps(task))() == "Gadget"


# --- the tools of importlib and pkgutil


def by_hand(name: str) -> ModuleType:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lazily(name: str) -> ModuleType:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("how", [by_hand, lazily, importlib.import_module])
def test_a_module_that_moved_is_loaded_in_every_way(how: Callable[[str], ModuleType]) -> None:
    module = how("shop.legacy")

    assert module.VALUE == 7
    assert module.double(4) == 8
    assert module.__doc__ == "The modern one."
    assert "double" in dir(module)


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("how", [by_hand, lazily, importlib.import_module])
def test_a_module_whose_names_moved_is_loaded_in_every_way(how: Callable[[str], ModuleType]) -> None:
    assert how("shop.old").Widget.__name__ == "Gadget"


@pytest.mark.usefixtures("_project")
def test_a_module_that_is_made_by_hand_takes_no_place_in_the_modules_there_are() -> None:
    by_hand("shop.legacy")

    assert "shop.legacy" not in sys.modules


@pytest.mark.usefixtures("_project")
def test_a_patch_on_a_lazily_loaded_old_module_reaches_the_new_one() -> None:
    module = lazily("shop.legacy")
    assert module.VALUE == 7
    module.VALUE = 8  # type: ignore[attr-defined]

    assert importlib.import_module("shop.modern").VALUE == 8


@pytest.mark.usefixtures("_project")
def test_a_lazily_loaded_old_module_is_gone_after_uninstall() -> None:
    lazily("shop.legacy").VALUE  # noqa: B018 - this loads it
    uninstall()

    assert "shop.legacy" not in sys.modules


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("before", [[], ["shop.legacy"]], ids=["not imported", "imported"])
def test_the_data_of_a_package_is_found_under_its_old_name(before: Sequence[str]) -> None:
    for name in before:
        importlib.import_module(name)

    assert pkgutil.get_data("shop.legacy", "data.txt") == b"hello"
    assert files("shop.legacy").joinpath("data.txt").read_text() == "hello"


@pytest.mark.usefixtures("_project")
def test_a_watched_module_has_the_loader_that_python_gives_it() -> None:
    spec = importlib.util.find_spec("shop.trainers")
    assert spec is not None

    assert isinstance(spec.loader, importlib.machinery.SourceFileLoader)
    assert pkgutil.get_data("shop.trainers", "modern/data.txt") == b"hello"


@pytest.mark.usefixtures("_project")
def test_a_watched_module_that_is_loaded_lazily_has_its_producers_wrapped() -> None:
    assert lazily("shop.trainers").train()[0].train_acc == 0.5


# --- finders of others


class Front:
    """As the hooks of typeguard and jaxtyping do it: in front, and asking the path finder alone."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path, target) if name.startswith("shop") else None


def insert() -> None:
    sys.meta_path.insert(0, Front)


def assign_slice() -> None:
    sys.meta_path[:0] = [Front]


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("put", [insert, assign_slice])
def test_a_finder_that_is_put_in_front_later_silences_nothing(put: Callable[[], None]) -> None:
    put()

    try:
        assert importlib.import_module("shop.trainers").train()[0].train_acc == 0.5
        assert importlib.import_module("shop.legacy.deep").DEPTH == 2
        assert importlib.import_module("shop.legacy") is importlib.import_module("shop.modern")
    finally:
        sys.meta_path.remove(Front)


def test_the_list_of_finders_is_after_uninstall_the_one_that_it_was(write_project: WriteProject) -> None:
    write_project(FILES)
    before, held = sys.meta_path, list(sys.meta_path)
    install([parse_migration(DECLARED)])
    sys.meta_path.insert(0, Front)
    uninstall()

    assert sys.meta_path is before
    assert [*held, Front] != before == [Front, *held]
    sys.meta_path.remove(Front)


# --- threads


INIT = """
    import threading
    found = []
    def work():
        {work}
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20)
    hung = thread.is_alive()
    """


@pytest.mark.parametrize(
    "work",
    [
        "import oldkit; found.append(oldkit.X)",
        "from importlib import import_module; found.append(import_module('oldkit').X)",
        "from newkit.late import Thing; found.append(1)",
    ],
)
def test_a_package_whose_init_waits_for_a_thread_that_uses_an_old_name_does_not_hang(
    work: str, write_project: WriteProject
) -> None:
    files = {"newkit/__init__.py": INIT.format(work=work), "newkit/part.py": "X = 1\n", "newkit/late.py": ""}
    write_project({**FILES, **files})
    moved = dedent("""\
        [[moves]]
        code = "SH105"
        old = "newkit.late.Thing"
        new = "newkit.part.X"
        """)
    install([parse_migration(DECLARED + moved)])

    newkit = importlib.import_module("newkit")

    assert (newkit.found, newkit.hung) == ([1], False)


def test_asking_for_a_spec_imports_no_package(write_project: WriteProject) -> None:
    write_project({**FILES, "newkit/__init__.py": "raise RuntimeError\n", "newkit/part.py": ""})
    install([parse_migration(DECLARED)])

    assert importlib.util.find_spec("oldkit") is not None
    assert "newkit" not in sys.modules


@pytest.mark.parametrize("above", ["a namespace", "a package that makes its modules itself"])
def test_a_new_home_that_cannot_be_searched_for_is_imported_when_it_is_needed(
    above: str, write_project: WriteProject
) -> None:
    makes = dedent("""\
        import sys, types
        sys.modules['newkit.part'] = part = types.ModuleType('newkit.part')
        part.X = 1
        """)
    made = {"newkit.py": makes} if above != "a namespace" else {"newkit/part.py": "X = 1\n"}
    write_project({**FILES, **made})
    install([parse_migration(DECLARED)])

    assert importlib.import_module("oldkit").X == 1


# --- packages that import their parts lazily

LAZY = """
    def __getattr__(name):
        raise ImportError(f"{name} needs something that is not installed")
    """


@pytest.mark.usefixtures("_shop")
def test_a_lazy_package_is_asked_for_nothing(write_project: WriteProject) -> None:
    write_project({"shop/lazy/__init__.py": LAZY})

    assert importlib.import_module("shop.lazy").__name__ == "shop.lazy"


def test_a_facade_is_read_in_a_raw_thread_in_which_no_python_code_runs(write_project: WriteProject) -> None:
    import _thread

    write_project(FILES)
    install([parse_migration(DECLARED)])
    old = importlib.import_module("shop.old")
    found: list[object] = []
    _thread.start_new_thread(found.extend, (map(getattr, [old], ["Widget"]),))
    deadline = time.monotonic() + 600
    while not found and time.monotonic() < deadline:
        time.sleep(0.001)

    assert found == [importlib.import_module("shop.new").Gadget]
