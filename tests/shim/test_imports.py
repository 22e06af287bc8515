"""Old imports resolve once the old module is gone, and only then."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from pathlib import Path
from unittest import mock

import pytest

from compatkit.migration import Migration, MigrationError
from compatkit.shim import MovedNameWarning, install, shimmed, uninstall
from tests.shim.conftest import WriteProject

NEW_HOME = {"shop/__init__.py": "", "shop/new.py": "class Gadget: pass\n"}
moved_warning = pytest.mark.filterwarnings("ignore::compatkit.shim.MovedNameWarning")

IMPORT_FORMS = [
    "from shop.old import Widget",
    "from shop.old import Widget as Alias; Widget = Alias",
    "import shop.old; Widget = shop.old.Widget",
    "import shop.old as old; Widget = old.Widget",
    "from shop import old; Widget = old.Widget",
    "import importlib; Widget = importlib.import_module('shop.old').Widget",
]


def run(source: str, file: Path) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(source, str(file), "exec"), names)
    return names


def new_gadget() -> object:
    return importlib.import_module("shop.new").Gadget


@moved_warning
@pytest.mark.parametrize("form", IMPORT_FORMS)
def test_every_import_form_reaches_the_new_home(
    form: str, migration: Migration, write_project: WriteProject, tmp_path: Path
) -> None:
    write_project(NEW_HOME)
    install([migration])

    assert run(form, tmp_path / "user.py")["Widget"] is new_gadget()


@pytest.mark.parametrize("form", IMPORT_FORMS)
def test_the_warning_points_at_the_users_line(
    form: str, migration: Migration, write_project: WriteProject, tmp_path: Path
) -> None:
    write_project(NEW_HOME)
    install([migration])

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run("\n\n" + form, tmp_path / "user.py")

    assert [(Path(w.filename).name, w.lineno, w.category) for w in caught] == [("user.py", 3, MovedNameWarning)]
    assert "CK101" in str(caught[0].message)
    # A text is rewritten on request.
    review = " --confidence review" if "import_module" in form else ""
    assert str(caught[0].message).endswith(f"compatkit migrate --migration shop-v2{review} .")


def test_the_warning_names_what_the_project_does_not_say_by_itself(
    migration: Migration, write_project: WriteProject, tmp_path: Path
) -> None:
    write_project(NEW_HOME)
    told = []
    for named in ((), ("a b.toml", "shop-v2")):
        install([migration], named=named)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run("from shop.old import Widget", tmp_path / "user.py")
        told.append(str(caught[0].message).rpartition("run: ")[2])

    assert told == ["compatkit migrate .", "compatkit migrate --migration 'a b.toml' --migration shop-v2 ."]


def test_a_real_old_module_is_never_hidden(migration: Migration, write_project: WriteProject) -> None:
    write_project({**NEW_HOME, "shop/old.py": "class Widget: real = True\n"})
    install([migration])

    assert importlib.import_module("shop.old").Widget.real


@moved_warning
def test_a_package_that_is_gone_as_a_whole_resolves(write_project: WriteProject, migration: Migration) -> None:
    write_project({"store/__init__.py": "", "store/new.py": "class Gadget: pass\n"})
    moves = tuple(move for move in migration.relocated({"shop.new": "store.new"}).moves)
    install([Migration("x", "x", migration.versions, moves=moves)])

    widget = importlib.import_module("shop.old").Widget

    assert widget is importlib.import_module("store.new").Gadget


def test_names_that_no_migration_moves_stay_missing(migration: Migration, write_project: WriteProject) -> None:
    write_project(NEW_HOME)
    install([migration])

    with pytest.raises(ImportError, match="Widgets"):
        run("from shop.old import Widgets", Path("user.py"))
    with pytest.raises(ModuleNotFoundError, match=r"shop\.older"):
        importlib.import_module("shop.older")


def test_a_broken_new_home_surfaces_its_own_error_and_leaves_nothing(
    migration: Migration, write_project: WriteProject
) -> None:
    write_project({"shop/__init__.py": "", "shop/new.py": "raise ZeroDivisionError('mine')\n"})
    install([migration])

    with pytest.raises(ZeroDivisionError, match="mine"):
        importlib.import_module("shop.old")
    assert "shop.old" not in sys.modules


@moved_warning
def test_patching_the_old_path_reaches_the_real_thing(migration: Migration, write_project: WriteProject) -> None:
    write_project(NEW_HOME)
    install([migration])
    original = new_gadget()

    with mock.patch("shop.old.Widget") as patched:
        assert new_gadget() is patched

    assert new_gadget() is original


def test_probes_by_tools_stay_silent(migration: Migration, write_project: WriteProject) -> None:
    write_project(NEW_HOME)
    install([migration])
    facade = importlib.import_module("shop.old")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inspect.unwrap(facade)
        inspect.getdoc(facade)
        assert not hasattr(facade, "__wrapped__")
    assert "Widget" in dir(facade)


@moved_warning
def test_uninstall_restores_everything(migration: Migration, write_project: WriteProject) -> None:
    write_project(NEW_HOME)
    before = list(sys.meta_path)
    with shimmed([migration]):
        importlib.import_module("shop.old")

    assert sys.meta_path == before
    assert not hasattr(sys.modules["shop"], "old")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("shop.old")


def test_installing_twice_is_installing_once(migration: Migration) -> None:
    before = len(sys.meta_path)
    install([migration])
    once = len(sys.meta_path)
    install([migration])

    assert len(sys.meta_path) == once == before + 1
    uninstall()
    assert len(sys.meta_path) == before


def test_two_migrations_that_claim_one_name_are_refused_by_name(migration: Migration) -> None:
    other = Migration("other-v2", "x", migration.versions, moves=migration.moves)

    with pytest.raises(MigrationError, match=r"(?s)shop-v2.*other-v2"):
        install([migration, other])


@moved_warning
def test_a_moved_name_that_is_set_to_none_is_none_at_the_new_home(
    migration: Migration, write_project: WriteProject
) -> None:
    write_project(NEW_HOME)
    install([migration])
    old = importlib.import_module("shop.old")

    old.Widget = None

    assert new_gadget() is None
    assert "Widget" not in vars(old)


@moved_warning
def test_a_patch_of_a_module_of_which_only_the_folder_is_left_reaches_the_new_home(
    migration: Migration, write_project: WriteProject
) -> None:
    write_project({**NEW_HOME, "shop/old/data.txt": ""})
    install([migration])
    importlib.import_module("shop.old")

    with mock.patch("shop.old.Widget", "patched"):
        assert new_gadget() == "patched"

    assert isinstance(new_gadget(), type)
