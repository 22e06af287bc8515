"""Every way in which code names what moved: project shapes, import forms, tools, threads, failures, a second copy."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from unittest import mock

import pytest

from compatkit.migration import Migration, MigrationError, Move, Producer, Versions
from compatkit.shim import MovedNameWarning, install, is_installed, uninstall
from tests.shim.conftest import WriteProject

HOME = {
    "shop/__init__.py": "",
    "shop/new.py": dedent("""\
        class Gadget:
            size = 1

        class Tool: pass
        """),
}
moved_warning = pytest.mark.filterwarnings("ignore::compatkit.shim.MovedNameWarning")


def moves(**named: str) -> Migration:
    """A migration of moves alone: `CK101="old -> new"`."""
    pairs = {code: text.split(" -> ") for code, text in named.items()}
    return Migration(
        "shop-v2", "", Versions("1", "2"), moves=tuple(Move(code, old, new) for code, (old, new) in pairs.items())
    )


WIDGET = moves(CK101="shop.old.Widget -> shop.new.Gadget")

Caught = list[warnings.WarningMessage]


@contextmanager
def all_warnings() -> Iterator[Caught]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def places(caught: Caught) -> list[tuple[str, int]]:
    assert {warning.category for warning in caught} <= {MovedNameWarning}
    return [(Path(warning.filename).name, warning.lineno) for warning in caught]


def run(source: str) -> dict[str, object]:
    """Execute `source` as the file user.py, from its third line on."""
    names: dict[str, object] = {"__name__": "user"}
    exec(compile(f"\n\n{source}", "user.py", "exec"), names)
    return names


def gadget() -> type:
    return vars(importlib.import_module("shop.new"))["Gadget"]


# --- project shapes and import forms

SHAPES: dict[str, tuple[str, dict[str, str]]] = {
    "package gone": ("gone.legacy.old", HOME),
    "top-level module gone": ("gone", HOME),
    "module gone": ("shop.old", HOME),
    "module gone in a namespace package": ("shop.old", {"shop/new.py": HOME["shop/new.py"]}),
    "nested package gone": ("shop.legacy.deep.old", HOME),
    "bytecode left behind": ("shop.old", {**HOME, "shop/old/__pycache__/__init__.cpython-311.pyc": ""}),
}
FORMS = {
    "from-import": "from {module} import Widget",
    "aliased": "from {module} import Widget as Alias; Widget = Alias",
    "dotted import": "import {module}; Widget = {module}.Widget",
    "import as": "import {module} as old; Widget = old.Widget",
    "module from package": "from {package} import {leaf}; Widget = {leaf}.Widget",
    "import_module": "import importlib; Widget = importlib.import_module('{module}').Widget",
    "__import__": "Widget = __import__('{module}', fromlist=['Widget']).Widget",
}


def form_for(form: str, module: str) -> str:
    package, _, leaf = module.rpartition(".")
    if not package and "{package}" in FORMS[form]:
        return f"import {module}; Widget = {module}.Widget"
    return FORMS[form].format(module=module, package=package, leaf=leaf)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_form_in_every_shape_resolves_with_one_warning_at_the_users_line(
    shape: str, form: str, write_project: WriteProject
) -> None:
    module, files = SHAPES[shape]
    write_project(files)
    install([moves(CK101=f"{module}.Widget -> shop.new.Gadget")])

    with all_warnings() as caught:
        found = run(form_for(form, module))["Widget"]

    assert found is gadget()
    assert places(caught) == [("user.py", 3)]


@pytest.mark.parametrize("form", FORMS)
def test_a_module_that_is_still_there_behaves_as_without_the_shim(form: str, write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old.py": "class Widget: pass\n"})
    install([WIDGET])

    with all_warnings() as caught:
        found = run(form_for(form, "shop.old"))["Widget"]

    assert found is vars(sys.modules["shop.old"])["Widget"]
    assert found is not gadget()
    assert type(sys.modules["shop.old"]) is types.ModuleType
    assert caught == []


def test_a_real_module_that_a_later_finder_has_is_not_hidden(
    write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project({**HOME, "elsewhere/old.py": "class Widget: pass\n"})
    install([WIDGET])

    class Later:
        """As editable installs and plug-in loaders append them."""

        @staticmethod
        def find_spec(name: str, *_: object) -> object:
            if name != "shop.old":
                return None
            return importlib.util.spec_from_file_location(name, tmp_path / "elsewhere" / "old.py")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Later])

    assert type(importlib.import_module("shop.old")) is types.ModuleType


def test_real_submodules_beside_left_behind_bytecode_are_importable(write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old/__pycache__/x.pyc": "", "shop/old/real.py": "value = 1\n"})
    install([WIDGET])

    assert importlib.import_module("shop.old.real").value == 1
    uninstall()
    assert importlib.import_module("shop.old.real").value == 1
    assert not hasattr(importlib.import_module("shop.old"), "Widget")


@pytest.mark.parametrize("statement", ["import shop", "import shop.api", "from shop import api", "import shop.old"])
def test_a_project_that_is_not_on_the_path_yet_is_missing_as_without_the_shim(
    statement: str, tmp_path: Path, write_project: WriteProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts try an import, extend `sys.path`, and try again."""
    project = write_project({f"src/{name}": text for name, text in {**HOME, "shop/api.py": ""}.items()})
    install([WIDGET])

    with pytest.raises(ModuleNotFoundError, match="No module named 'shop'"):
        run(statement)
    monkeypatch.syspath_prepend(str(project / "src"))
    run("import shop.api; assert shop.api.__file__")


def test_names_that_the_module_above_never_had_stay_missing(write_project: WriteProject) -> None:
    write_project(HOME)
    install([moves(CK101="gone.legacy.old.Widget -> shop.new.Gadget")])

    for statement in ("from gone.legacy import nothing", "import gone.other", "from gone.legacy.old import widget"):
        with pytest.raises(ImportError):
            run(statement)
    with pytest.raises(AttributeError, match=r"no migration moves this name.*Widget"):
        run("import gone.legacy.old; gone.legacy.old.Wigdet")


def test_a_facade_that_is_itself_a_package_warns_once(write_project: WriteProject) -> None:
    write_project(HOME)
    install([moves(CK101="gone.Widget -> shop.new.Gadget", CK102="gone.sub.Tool -> shop.new.Tool")])

    with all_warnings() as caught:
        found = run("from gone import Widget\nfrom gone.sub import Tool\nfrom gone import sub")

    assert found["Widget"] is gadget()
    assert found["Tool"] is importlib.import_module("shop.new").Tool
    assert places(caught) == [("user.py", 3), ("user.py", 4)]


def test_star_import_brings_every_moved_name_and_warns_at_its_line(write_project: WriteProject) -> None:
    write_project(HOME)
    install([moves(CK101="shop.old.Widget -> shop.new.Gadget", CK102="shop.old.Tool -> shop.new.Tool")])

    with all_warnings() as caught:
        found = run("from shop.old import *")

    assert found["Widget"] is gadget()
    assert found["Tool"] is importlib.import_module("shop.new").Tool
    assert places(caught) == [("user.py", 3)] * 2


def test_names_of_one_module_may_have_several_homes(write_project: WriteProject) -> None:
    write_project({**HOME, "store/__init__.py": "", "store/parts.py": "class Part: pass\n"})
    install([moves(CK101="shop.old.Widget -> shop.new.Gadget", CK102="shop.old.Part -> store.parts.Part")])

    with all_warnings():
        found = run("from shop.old import Part, Widget")

    assert (found["Widget"], found["Part"]) == (gadget(), importlib.import_module("store.parts").Part)


def test_a_name_that_two_migrations_moved_one_after_the_other_warns_at_the_users_line(
    write_project: WriteProject,
) -> None:
    write_project(HOME)
    later = Migration("shop-v3", "", Versions("2", "3"), moves=(Move("CK151", "shop.mid.Gizmo", "shop.new.Gadget"),))
    install([moves(CK101="shop.old.Widget -> shop.mid.Gizmo"), later])

    with all_warnings() as caught:
        found = run("from shop.old import Widget")

    assert found["Widget"] is gadget()
    assert set(places(caught)) == {("user.py", 3)}


def test_a_submodule_that_is_bound_on_its_package_overwrites_nothing_in_a_new_home(
    write_project: WriteProject,
) -> None:
    write_project({**HOME, "store/__init__.py": "part = 'the real one'\n"})
    install([moves(CK101="gone.sub -> store.part", CK102="gone.sub.Widget -> shop.new.Gadget")])

    with all_warnings():
        found = run("from gone.sub import Widget")

    assert found["Widget"] is gadget()
    assert importlib.import_module("store").part == "the real one"


# --- what resolves names for somebody else

PATCHES = {
    "mock.patch": "with mock.patch('shop.old.Widget', New): inside()",
    "mock.patch.object": "from shop import old\nwith mock.patch.object(old, 'Widget', New): inside()",
    "monkeypatch": "patch.setattr('shop.old.Widget', New); inside(); patch.undo()",
    "monkeypatch on the module": "from shop import old\npatch.setattr(old, 'Widget', New); inside(); patch.undo()",
    "by hand": "from shop import old\nkept = old.Widget; old.Widget = New; inside(); old.Widget = kept",
}


@pytest.mark.parametrize("how", PATCHES)
def test_patching_through_the_old_path_patches_the_real_thing_and_restores_it(
    how: str, write_project: WriteProject
) -> None:
    write_project(HOME)
    install([WIDGET])
    original, seen = gadget(), []
    names = {"mock": mock, "patch": pytest.MonkeyPatch(), "New": int, "inside": lambda: seen.append(gadget())}

    with all_warnings() as caught:
        exec(compile(PATCHES[how], "user.py", "exec"), names)

    assert seen == [int]
    assert gadget() is original
    assert set(places(caught)) == {("user.py", PATCHES[how].count("\n") + 1)}


def test_a_patch_is_restored_even_where_warnings_have_become_errors_meanwhile(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    original = gadget()
    patch = mock.patch("shop.old.Widget")
    with all_warnings():
        patch.start()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        patch.stop()

    assert gadget() is original


def test_a_patch_that_is_active_at_uninstall_is_still_restored(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    original = gadget()
    with all_warnings(), mock.patch("shop.old.Widget"):
        uninstall()

    assert gadget() is original


RESOLVERS = {
    "pkgutil, colon": "import pkgutil; Widget = pkgutil.resolve_name('shop.old:Widget')",
    "pkgutil, dots": "import pkgutil; Widget = pkgutil.resolve_name('shop.old.Widget')",
    "operator": "import operator, shop.old; Widget = operator.attrgetter('old.Widget')(shop)",
    "importlib": "import importlib; Widget = getattr(importlib.import_module('.old', 'shop'), 'Widget')",
}


@pytest.mark.parametrize("how", RESOLVERS)
def test_names_given_as_text_resolve_with_one_warning_at_the_users_line(how: str, write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])

    with all_warnings() as caught:
        found = run(RESOLVERS[how])["Widget"]

    assert found is gadget()
    assert places(caught) == [("user.py", 3)]


# What Hydra's `_locate` does: import as far as it goes, then attributes, trying a submodule where there is none.
LOCATE = """
from importlib import import_module

def locate(path):
    parts = path.split(".")
    found = import_module(parts[0])
    for n in range(1, len(parts)):
        try:
            found = getattr(found, parts[n])
        except AttributeError:
            found = import_module(".".join(parts[: n + 1]))
    return found

def instantiate(config):
    return locate(config["_target_"])()
"""


@pytest.mark.parametrize("old", ["shop.old", "gone.legacy.old"])
def test_a_target_string_is_located(old: str, write_project: WriteProject) -> None:
    write_project({**HOME, "shop/config.py": LOCATE})
    install([moves(CK101=f"{old}.Widget -> shop.new.Gadget")])
    config = importlib.import_module("shop.config")

    with all_warnings() as caught:
        made = config.instantiate({"_target_": f"{old}.Widget"})

    assert type(made) is gadget()
    assert len(caught) == 1


def pickles_of_the_old_world(project: Path) -> list[bytes]:
    """Written by another interpreter, in which the old module was still there."""
    (project / "before" / "shop").mkdir(parents=True)
    (project / "before" / "shop" / "__init__.py").touch()
    (project / "before" / "shop" / "old.py").write_text(
        dedent("""\
            class Widget:
                class Part: pass
                def __init__(self): self.size = 7; self.kind = Widget
            """)
    )
    code = dedent("""\
        import pickle, sys; from shop.old import Widget; w = Widget()
        for n in range(6):
            if n < 4: w.part = None
            else: w.part = Widget.Part()
            print(pickle.dumps(w, n).hex())""")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project / "before", check=True, capture_output=True, text=True
    )
    return [bytes.fromhex(line) for line in done.stdout.split()]


def test_pickles_of_every_protocol_that_name_the_old_path_are_read(write_project: WriteProject, tmp_path: Path) -> None:
    write_project({**HOME, "shop/new.py": "class Gadget:\n    class Part: pass\n"})
    stored = pickles_of_the_old_world(tmp_path)
    install([WIDGET])

    for data in stored:
        with all_warnings() as caught:
            made = run(f"import pickle; made = pickle.loads({data!r})")["made"]

        assert (type(made), vars(made)["size"], vars(made)["kind"]) == (gadget(), 7, gadget())
        assert set(places(caught)) == {("user.py", 3)}
    assert len(stored) == pickle.HIGHEST_PROTOCOL + 1


def test_the_line_that_loads_a_file_is_warned_and_not_the_library_that_reads_it(
    write_project: WriteProject, tmp_path: Path
) -> None:
    """torch.load and the like bring an unpickler of their own."""
    write_project(HOME)
    library = tmp_path / "joblib" / "numpy_pickle.py"
    library.parent.mkdir()
    names = {"__name__": "joblib.numpy_pickle", "pickle": pickle}
    exec(
        compile("class Reader(pickle._Unpickler): pass\ndef load(f): return Reader(f).load()", str(library), "exec"),
        names,
    )
    install([WIDGET])

    with all_warnings() as caught:
        code = "import io; made = load(io.BytesIO(b'cshop.old\\nWidget\\n.'))"
        exec(compile(code, "user.py", "exec"), {"load": names["load"]})

    assert places(caught) == [("user.py", 1)]


# --- reload and inspect


@moved_warning
def test_reloading_the_facade_keeps_it_working(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    facade = importlib.import_module("shop.old")

    assert importlib.reload(facade) is facade
    assert facade.Widget is gadget()


@moved_warning
def test_after_a_reload_of_the_new_home_the_old_name_is_the_reloaded_one(write_project: WriteProject) -> None:
    project = write_project(HOME)
    install([WIDGET])
    facade = importlib.import_module("shop.old")
    before = facade.Widget
    (project / "shop" / "new.py").write_text("class Gadget: size = 'grown'\n")
    importlib.invalidate_caches()

    importlib.reload(sys.modules["shop.new"])

    assert facade.Widget is gadget() is not before
    assert facade.Widget.size == "grown"


LOOKS: dict[str, Callable[[types.ModuleType], object]] = {
    "getmembers": inspect.getmembers,
    "getmembers of classes": lambda facade: inspect.getmembers(facade, inspect.isclass),
    "getmembers_static": inspect.getmembers_static,
    "getmodule": inspect.getmodule,
    "getdoc": inspect.getdoc,
    "unwrap": inspect.unwrap,
    "dir": dir,
    "repr": repr,
    "vars": vars,
    "find_spec": lambda facade: importlib.util.find_spec(facade.__name__),
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_the_facade_is_silent(look: str, write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    facade = importlib.import_module("shop.old")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LOOKS[look](facade)


def test_members_and_source_of_what_moved_are_those_of_the_new_home(write_project: WriteProject) -> None:
    write_project({**HOME, "shop/new.py": "class Gadget:\n    def __init__(self, size: int = 1) -> None: ...\n"})
    install([WIDGET])
    facade = importlib.import_module("shop.old")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        members = dict(inspect.getmembers(facade))
        widget = members["Widget"]

        assert widget is gadget()
        assert inspect.getsource(widget).startswith("class Gadget:")
        assert inspect.getmodule(widget) is sys.modules["shop.new"]
        assert list(inspect.signature(widget).parameters) == ["size"]


def test_a_namespace_package_is_found_with_what_python_itself_gives_it(write_project: WriteProject) -> None:
    """Also where the hook looks at it: a package above a producer, or the folder of an old module."""
    write_project({"shop/plain/x.py": "", "shop/old/x.py": "", "shop/new.py": HOME["shop/new.py"]})
    plain = importlib.import_module("shop.plain")
    install([WIDGET])
    watched = importlib.import_module("shop.old")

    for name in ("__file__", "__doc__"):
        assert getattr(watched, name) is getattr(plain, name) is None
    assert type(watched.__loader__) is type(watched.__spec__.loader) is type(plain.__loader__)
    assert type(watched.__path__) is type(plain.__path__)
    assert list(watched.__path__) == [folder.replace("plain", "old") for folder in plain.__path__]
    uninstall()
    assert type(watched) is types.ModuleType


# --- threads


@moved_warning
@pytest.mark.parametrize("old", ["shop.old", "gone.legacy.old"])
def test_32_threads_at_once_get_the_same_object(old: str, write_project: WriteProject) -> None:
    slow = dedent("""\
        import time
        time.sleep(0.05)
        class Gadget: pass
        """)
    write_project({**HOME, "shop/new.py": slow})
    install([moves(CK101=f"{old}.Widget -> shop.new.Gadget")])
    barrier = threading.Barrier(32)
    found: list[object] = []

    def use(form: str) -> None:
        barrier.wait()
        found.append(run(form_for(form, old))["Widget"])

    threads = [threading.Thread(target=use, args=(list(FORMS)[n % len(FORMS)],), daemon=True) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert found == [gadget()] * 32


# --- what is broken


def test_the_error_of_a_broken_new_home_surfaces_with_its_traceback_and_leaves_nothing(
    write_project: WriteProject,
) -> None:
    project = write_project({**HOME, "shop/new.py": "class Gadget: pass\nraise ZeroDivisionError('mine')\n"})
    install([WIDGET])

    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        run("from shop.old import Widget")

    assert traceback.extract_tb(caught.tb)[-1].filename == str(project / "shop" / "new.py")
    assert {"shop.old", "shop.new"} & set(sys.modules) == set()
    assert {"old", "new"} & set(vars(sys.modules["shop"])) == set()


@moved_warning
def test_an_import_after_the_repair_works(write_project: WriteProject) -> None:
    project = write_project({**HOME, "shop/new.py": "raise ZeroDivisionError('mine')\n"})
    install([WIDGET])
    with pytest.raises(ZeroDivisionError):
        run("from shop.old import Widget")

    (project / "shop" / "new.py").write_text("class Gadget: repaired = True\n")
    importlib.invalidate_caches()

    assert run("from shop.old import Widget; found = Widget.repaired")["found"] is True


@pytest.mark.parametrize("form", ["from shop.old import Widget", "import shop.old; shop.old.Widget"])
def test_a_name_that_the_new_home_lacks_is_an_error_that_names_the_home(form: str, write_project: WriteProject) -> None:
    write_project({**HOME, "shop/new.py": ""})
    install([WIDGET])

    with all_warnings() as caught, pytest.raises((ImportError, AttributeError)) as error:
        run(form)

    assert caught == []
    assert "Gadget" in repr(error.value) or "Widget" in repr(error.value)


def test_a_new_home_that_is_not_there_is_named(write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": ""})
    install([WIDGET])

    with pytest.raises(ModuleNotFoundError, match=r"shop\.new"):
        run("from shop.old import Widget")


# --- install and uninstall


@moved_warning
def test_uninstall_restores_modules_and_parent_attributes(write_project: WriteProject) -> None:
    write_project(HOME)
    path, names = list(sys.meta_path), set(sys.modules)
    install([moves(CK101="shop.old.Widget -> shop.new.Gadget", CK102="gone.legacy.old.Tool -> shop.new.Tool")])
    run("from shop.old import Widget; from gone.legacy.old import Tool")

    uninstall()

    assert sys.meta_path == path
    assert set(sys.modules) - names == {"shop", "shop.new"}
    assert not hasattr(sys.modules["shop"], "old")
    for module in ("shop.old", "gone", "gone.legacy.old"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(module)


@moved_warning
def test_a_second_install_replaces_the_first(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    run("from shop.old import Widget")
    install([moves(CK102="shop.old.Tool -> shop.new.Tool")])

    assert run("from shop.old import Tool")["Tool"] is importlib.import_module("shop.new").Tool
    with pytest.raises(ImportError):
        run("from shop.old import Widget")
    uninstall()
    assert not is_installed()


def test_an_install_that_fails_leaves_what_was_installed(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    path = list(sys.meta_path)

    with pytest.raises(MigrationError, match="declared by shop-v2 and by other"):
        install([WIDGET, Migration("other", "", WIDGET.versions, moves=WIDGET.moves)])

    assert sys.meta_path == path
    assert is_installed()


@contextmanager
def second_copy() -> Iterator[types.ModuleType]:
    """Another compatkit in this process, as a vendored one would be."""
    mine = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "compatkit"}
    for name in mine:
        del sys.modules[name]
    try:
        yield importlib.import_module("compatkit.shim")
        sys.modules["compatkit.shim"].uninstall()
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "compatkit"]:
            del sys.modules[name]
        sys.modules.update(mine)


def theirs(migration: Migration) -> Migration:
    """The same migration, as the copy that is in `sys.modules` now spells it."""
    model = importlib.import_module("compatkit.migration")
    rows = tuple(model.Move(move.code, move.old, move.new) for move in migration.moves)
    producers = tuple(model.Producer(producer.code, producer.function) for producer in migration.producers)
    return model.Migration(migration.id, "", migration.versions, moves=rows, producers=producers)


@pytest.mark.parametrize("first_out", ["mine", "theirs"])
def test_a_second_copy_neither_warns_twice_nor_ends_with_the_first(first_out: str, write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    with second_copy() as other:
        other.install([theirs(WIDGET)])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = run("from shop.old import Widget")["Widget"]
        assert found is gadget()
        assert [warning.filename for warning in caught] == ["user.py"]

        (uninstall if first_out == "mine" else other.uninstall)()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert run("from shop.old import Widget")["Widget"] is gadget()

        (other.uninstall if first_out == "mine" else uninstall)()
        with pytest.raises(ModuleNotFoundError):
            run("from shop.old import Widget")


TRAINER = """
from compatkit.record import EpochMetrics

def train():
    return [EpochMetrics(1, *[0.5] * 9)]
"""
TRAINED = Migration("shop-v2", "", WIDGET.versions, producers=(Producer("CK251", "shop.trainers.train"),))


@pytest.mark.parametrize("first_out", ["mine", "theirs"])
@pytest.mark.parametrize("imported", ["before", "between", "after"])
def test_a_producer_is_wrapped_once_by_two_copies_and_stays_so_until_both_are_out(
    imported: str, first_out: str, write_project: WriteProject
) -> None:
    write_project({**HOME, "shop/trainers.py": TRAINER})
    if imported == "before":
        importlib.import_module("shop.trainers")
    install([TRAINED])
    if imported == "between":
        importlib.import_module("shop.trainers")
    with second_copy() as other:
        other.install([theirs(TRAINED)])
        trainers = importlib.import_module("shop.trainers")

        assert not hasattr(trainers.train.__wrapped__, "__wrapped__")
        assert trainers.train()[0]["epoch"] == 1
        (uninstall if first_out == "mine" else other.uninstall)()
        assert trainers.train()[0]["epoch"] == 1
        (other.uninstall if first_out == "mine" else uninstall)()
        assert not hasattr(trainers.train, "__wrapped__")


def test_a_producer_that_is_declared_by_its_old_path_is_wrapped_without_a_warning(write_project: WriteProject) -> None:
    source = TRAINER.replace("def train():\n", "class Trainer:\n  def train(self):\n")
    write_project({**HOME, "shop/trainers.py": source})
    moved = (Move("CK101", "shop.old.Trainer", "shop.trainers.Trainer"),)
    install(
        [Migration("shop-v2", "", WIDGET.versions, moved, producers=(Producer("CK251", "shop.old.Trainer.train"),))]
    )

    with all_warnings() as caught:
        importlib.import_module("shop.old")

    assert caught == []
    (record,) = importlib.import_module("shop.trainers").Trainer().train()
    assert record["epoch"] == 1


# --- filters


def python(*arguments: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stderr


SCRIPT = """\
from compatkit.migration import Migration, Move, Versions
from compatkit.shim import install
moves = (Move("CK101", "shop.old.Widget", "shop.new.Gadget"),)
install([Migration("shop-v2", "", Versions("1", "2"), moves=moves)])
import shop.user
for n in range(3):
    from shop.old import Widget
"""


@pytest.fixture
def scripted(write_project: WriteProject) -> Path:
    return write_project({**HOME, "shop/user.py": "from shop.old import Widget\n", "script.py": SCRIPT})


def test_the_default_filters_show_one_line_and_only_for_the_main_module(scripted: Path) -> None:
    lines = [line for line in python("script.py", cwd=scripted).splitlines() if "Warning" in line]

    assert [line.split(": ")[0] for line in lines] == [f"{scripted / 'script.py'}:7"]


def test_with_warnings_as_errors_the_traceback_ends_at_the_users_line(scripted: Path) -> None:
    output = python("-W", "error", "script.py", cwd=scripted)

    assert "Traceback" in output
    assert f'File "{scripted / "shop" / "user.py"}", line 1' in output
    assert "MovedNameWarning: CK101" in output.splitlines()[-1]
