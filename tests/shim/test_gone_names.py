"""A name that is gone from a module that stays is supplied from its new home, and takes the place of none."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pickle
import sys
import types
from textwrap import dedent
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compatkit.migration import Migration, Move, Versions, parse_migration
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.shim import MovedNameWarning, install, shimmed, uninstall
from tests.shim.conftest import WriteProject
from tests.shim.telling import told
from tests.shop import HEAD

HOME = {
    "shop/__init__.py": "",
    "shop/new.py": "class Gadget:\n    size = 1\n",
    "shop/old.py": "KEPT = 'kept'\n",
}
moved_warning = pytest.mark.filterwarnings("ignore::compatkit.shim.MovedNameWarning")


def moves(**named: str) -> Migration:
    """A migration of moves alone: `CK101="old -> new"`."""
    pairs = {code: text.split(" -> ") for code, text in named.items()}
    made = tuple(Move(code, old, new) for code, (old, new) in pairs.items())
    return Migration("shop-v2", "", Versions("1", "2"), moves=made)


WIDGET = moves(CK101="shop.old.Widget -> shop.new.Gadget")


def run(source: str) -> dict[str, Any]:
    """Execute `source` as the file user.py, from its third line on."""
    names: dict[str, Any] = {"__name__": "user"}
    exec(compile(f"\n\n{source}", "user.py", "exec"), names)
    return names


def imported(name: str) -> Any:
    return importlib.import_module(name)


# --- what must not happen

PRESENT = {
    "a class of its own": "class Widget: pass\n",
    "None": "Widget = None\n",
    "a name made on request": "def __getattr__(name): return {'Widget': 'own'}.get(name)\n",
    "an import": "from fractions import Fraction as Widget\n",
}


@pytest.mark.parametrize("shape", PRESENT)
def test_what_the_module_has_is_left_as_it_is(shape: str, write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old.py": PRESENT[shape]})
    before = imported("shop.old").Widget
    install([WIDGET])

    with told() as found:
        assert run("from shop.old import Widget")["Widget"] is before
        assert imported("shop.old").Widget is before
    assert found == []


def test_a_module_from_which_nothing_is_gone_is_not_touched(write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old.py": "class Widget: pass\n"})
    install([WIDGET])

    assert "__getattr__" not in vars(imported("shop.old"))


def test_a_submodule_of_that_name_is_not_hidden(write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old.py": "", "shop/Widget.py": "MINE = 1\n"})
    install([moves(CK101="shop.Widget -> shop.new.Gadget")])

    with told() as found:
        assert not hasattr(imported("shop"), "Widget")
        assert run("from shop import Widget")["Widget"].MINE == 1
    assert found == []


def test_what_a_module_makes_by_its_class_is_not_hidden(write_project: WriteProject) -> None:
    lazy = """
        import sys, types
        class Lazy(types.ModuleType):
            def __getattr__(self, name):
                if name == "Widget": return "lazy"
                raise AttributeError(name)
        sys.modules[__name__].__class__ = Lazy
        """
    write_project({**HOME, "shop/old.py": lazy})
    install([WIDGET])

    assert imported("shop.old").Widget == "lazy"


def test_a_new_home_that_is_missing_makes_the_name_missing(write_project: WriteProject) -> None:
    write_project({"shop/__init__.py": "", "shop/old.py": ""})
    install([WIDGET])

    assert not hasattr(imported("shop.old"), "Widget")
    with pytest.raises(ImportError, match="Widget"):
        run("from shop.old import Widget")
    with pytest.raises(AttributeError, match=r"it moved to shop\.new\.Gadget, which is not there"):
        _ = imported("shop.old").Widget


def test_a_name_that_its_new_home_has_not_is_missing(write_project: WriteProject) -> None:
    write_project({**HOME, "shop/new.py": ""})
    install([WIDGET])

    assert not hasattr(imported("shop.old"), "Widget")


@pytest.mark.parametrize("broken", ["raise ZeroDivisionError", "import nowhere_at_all"])
def test_a_broken_new_home_fails_with_its_own_error(broken: str, write_project: WriteProject) -> None:
    write_project({**HOME, "shop/new.py": f"{broken}\n"})
    install([WIDGET])

    with pytest.raises((ZeroDivisionError, ModuleNotFoundError), match=r"nowhere|^$"):
        hasattr(imported("shop.old"), "Widget")


def test_other_names_stay_missing_and_say_what_python_says(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    module = imported("shop.old")

    with pytest.raises(AttributeError) as raised:
        _ = module.Wodget

    assert str(raised.value) == "module 'shop.old' has no attribute 'Wodget'"
    assert (raised.value.name, raised.value.obj) == ("Wodget", module)


def test_its_own_getattr_is_asked_as_before(write_project: WriteProject) -> None:
    own = dedent(
        """\
        def __getattr__(name):
            if name == 'Lazy': return 'lazy'
            raise AttributeError('mine')
        """
    )
    write_project({**HOME, "shop/old.py": own})
    install([WIDGET])

    assert imported("shop.old").Lazy == "lazy"
    with pytest.raises(AttributeError, match="mine"):
        _ = imported("shop.old").Wodget


def test_nothing_is_imported_before_it_is_asked_for(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    imported("shop.old")

    assert "shop.new" not in sys.modules


def test_a_star_import_and_dir_are_as_without_the_shim(write_project: WriteProject) -> None:
    write_project(HOME)
    before = dir(imported("shop.old"))
    install([WIDGET])

    with told() as found:
        names = run("from shop.old import *")
    assert (sorted(names.keys() & {"KEPT", "Widget"}), found) == (["KEPT"], [])
    assert [name for name in dir(imported("shop.old")) if name != "__getattr__"] == before


def test_looking_at_every_name_is_silent(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])

    with told() as found:
        inspect.getmembers(imported("shop.old"))
        mock.create_autospec(imported("shop.old"))
    assert found == []


# --- what happens

FORMS = {
    "from-import": "from shop.old import Widget",
    "aliased": "from shop.old import Widget as Alias; Widget = Alias",
    "attribute": "import shop.old; Widget = shop.old.Widget",
    "import as": "import shop.old as old; Widget = old.Widget",
    "getattr": "import shop.old; Widget = getattr(shop.old, 'Widget')",
    "import_module": "import importlib; Widget = importlib.import_module('shop.old').Widget",
    "pickle": "import pickle; Widget = pickle.loads(b'cshop.old\\nWidget\\n.')",
    "resolve_name": "import pkgutil; Widget = pkgutil.resolve_name('shop.old.Widget')",
}


@pytest.mark.parametrize("is_early", [False, True], ids=["shim first", "module first"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_reaches_the_new_home_with_one_warning_at_the_users_line(
    form: str, is_early: bool, write_project: WriteProject
) -> None:
    write_project(HOME)
    if is_early:
        imported("shop.old")
    install([WIDGET])

    with told() as found:
        widget = run(FORMS[form])["Widget"]

    assert widget is imported("shop.new").Gadget
    moved = "user.py:3 CK101 shop.old.Widget is now shop.new.Gadget"
    # A dotted name in a text is rewritten on request.
    review = " --confidence review" if form in ("resolve_name", "import_module") else ""
    assert found == [f"{moved}; to rewrite it, run: compatkit migrate --migration shop-v2{review} ."]


def test_from_a_package_there_is_one_warning(write_project: WriteProject) -> None:
    write_project(HOME)
    install([moves(CK101="shop.Widget -> shop.new.Gadget")])

    with told() as found:
        assert run("from shop import Widget")["Widget"] is imported("shop.new").Gadget
    assert [finding.split()[0] for finding in found] == ["user.py:3"]


def test_a_patch_is_seen_on_the_old_path_and_taken_back(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    module = imported("shop.old")

    with told() as found, mock.patch("shop.old.Widget", "patched"):
        assert module.Widget == "patched"

    assert len(found) == 1
    assert "Widget" not in vars(module)
    with pytest.warns(MovedNameWarning):
        assert module.Widget is imported("shop.new").Gadget


@moved_warning
def test_a_name_that_the_module_gets_later_is_its_own(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    module = imported("shop.old")
    assert module.Widget is imported("shop.new").Gadget

    module.Widget = "own"

    assert run("from shop.old import Widget")["Widget"] == "own"


@moved_warning
@pytest.mark.parametrize("own", ["", "def __getattr__(name): raise AttributeError(name)\n"])
def test_a_reload_keeps_it(own: str, write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old.py": own})
    install([WIDGET])
    module = importlib.reload(imported("shop.old"))

    assert module.Widget is imported("shop.new").Gadget
    uninstall()
    assert not hasattr(module, "Widget")
    assert ("__getattr__" in vars(module)) == bool(own)


def test_a_reload_that_brings_the_name_lets_it_be(write_project: WriteProject) -> None:
    folder = write_project(HOME)
    install([WIDGET])
    module = imported("shop.old")
    (folder / "shop" / "old.py").write_text("Widget = 'it is back again'\n")
    importlib.invalidate_caches()

    with told() as found:
        assert importlib.reload(module).Widget == "it is back again"
    assert found == []


def test_uninstall_leaves_no_trace(write_project: WriteProject) -> None:
    write_project(HOME)
    before = dict(vars(imported("shop.old")))
    with shimmed([WIDGET]):
        assert "__getattr__" in vars(imported("shop.old"))

    assert vars(imported("shop.old")) == before


def test_what_has_taken_its_place_finds_nothing_after_uninstall(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])
    module = imported("shop.old")
    ours = vars(module)["__getattr__"]
    vars(module)["__getattr__"] = lambda name: ours(name)
    uninstall()

    assert not hasattr(module, "Widget")


MODULE_AND_NAME = dedent("""\
    [[moves]]
    code = "CK101"
    kind = "module"
    old = "oldkit"
    new = "newkit.core"
    [[moves]]
    code = "CK102"
    old = "oldkit.part.Apart"
    new = "newkit.apart.Apart2"
    """)


@moved_warning
def test_a_name_that_left_a_module_that_moved_as_a_whole(write_project: WriteProject) -> None:
    write_project(
        {
            "newkit/__init__.py": "",
            "newkit/core/__init__.py": "",
            "newkit/core/part.py": "class Stays: pass\n",
            "newkit/apart.py": "class Apart2: pass\n",
        }
    )
    install([parse_migration(HEAD + MODULE_AND_NAME)])

    assert run("from oldkit.part import Apart, Stays")["Apart"] is imported("newkit.apart").Apart2


@moved_warning
def test_a_name_that_left_a_module_before_the_module_itself_was_gone(write_project: WriteProject) -> None:
    write_project({"newkit/__init__.py": "", "newkit/core/__init__.py": "", "newkit/apart.py": "class Apart2: pass\n"})
    install([parse_migration(HEAD + MODULE_AND_NAME)])

    assert run("from oldkit.part import Apart")["Apart"] is imported("newkit.apart").Apart2


@moved_warning
def test_a_constant_of_a_module_that_has_a_new_name(write_project: WriteProject) -> None:
    write_project({**HOME, "shop/old.py": "NEW = 3\n"})
    rows = dedent(
        """\
        [[members]]
        code = "SH201"
        of = "shop.old"
        v1 = "OLD"
        v2 = "NEW"
        """
    )
    install([parse_migration(HEAD + rows)])

    assert imported("shop.old").OLD == 3


def test_modules_stay_modules(write_project: WriteProject) -> None:
    write_project(HOME)
    install([WIDGET])

    assert type(imported("shop.old")) is types.ModuleType
    with pytest.raises(TypeError, match="module"):
        pickle.dumps(imported("shop.old"))


# --- shim = rewritten

USES = [
    "{a}.size",
    "[{a}.size, {a}.__name__]",
    "{a}().size",
    "isinstance({a}(), {a})",
    "{a} is {b}",
    "({a}.size, {b}.size)",
]
IMPORTS = [
    ("from shop.old import Widget, Tool", "Widget", "Tool"),
    ("from shop.old import Widget as W\nfrom shop.old import Tool as T", "W", "T"),
    ("import shop.old", "shop.old.Widget", "shop.old.Tool"),
    ("import shop.old as old", "old.Widget", "old.Tool"),
    ("from shop import old", "old.Widget", "old.Tool"),
]


@moved_warning
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    form=st.sampled_from(IMPORTS),
    uses=st.lists(st.sampled_from(USES), min_size=1, max_size=4),
    kept=st.sampled_from(["from shop.old import KEPT\n", ""]),
)
def test_code_under_the_shim_is_the_rewritten_code_without_it(
    form: tuple[str, str, str], uses: list[str], kept: str, write_project: WriteProject
) -> None:
    declared = moves(CK101="shop.old.Widget -> shop.new.Gadget", CK102="shop.old.Tool -> shop.new.Hammer")
    if "shop.old" not in sys.modules:
        write_project(
            {
                **HOME,
                "shop/new.py": dedent(
                    """\
                    class Gadget:
                        size = 1
                    class Hammer:
                        size = 2
                    """
                ),
            }
        )
    how, a, b = form
    source = f"{kept}{how}\nresult = [{', '.join(use.format(a=a, b=b) for use in uses)}]\n"
    outcome = rewrite_source(
        source.encode(), module="app", is_package=False, moves=declared.moves, migrations=[declared]
    )
    assert isinstance(outcome, Rewritten)

    with shimmed([declared]):
        under_the_shim = run(source)["result"]

    assert run(outcome.source.decode())["result"] == under_the_shim
