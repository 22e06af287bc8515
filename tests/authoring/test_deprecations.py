"""Deprecations announced in the old release become rows if the new release confirms them; no code of it runs."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring.deprecations import announced, mine, with_deprecations
from compatkit.authoring.drafting import Draft
from compatkit.authoring.interface import read_interface
from compatkit.authoring.interface_changes import Change, find_changes
from compatkit.migration import parse_migration

RAISE = "raise RuntimeError('this was imported')\n"
NEW = """
def pay(amount, way=1): ...
def count(things): ...
class Till:
    def close(self): ...
"""


def said(folder: Path, old: str, new: str = NEW) -> list[Change]:
    for version, text in (("old", old), ("new", new)):
        file = folder / version / "shop" / "__init__.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text) + RAISE, encoding="utf-8")
    before, after = (read_interface("shop", folder / version) for version in ("old", "new"))
    shown = find_changes(before, after)
    return with_deprecations(shown, announced(mine("shop", folder / "old"), before, after))


def told(found: list[Change]) -> list[tuple[str, str, str]]:
    return [(notice.kind, notice.name, notice.new) for notice in found if notice.say]


NAMES = {
    "a warning": """
        def settle(amount):
            warnings.warn("settle is deprecated, use `pay` instead.", DeprecationWarning, stacklevel=2)
            return pay(amount)
        """,
    "a warning whose text has a name": """
        def settle(amount):
            text = "settle is deprecated. " "Use `shop.pay` instead"
            warnings.warn(text, FutureWarning)
        """,
    "a helper of the library": """
        def settle(amount):
            rank_zero_deprecation("`settle` was deprecated in favor of `pay`")
        """,
    "a decorator": """
        @deprecated(version="1.2", reason="Use pay() instead.")
        def settle(amount): ...
        """,
    "a decorator that names it alone": """
        @deprecated("1.2", alternative="`.pay`")
        def settle(amount): ...
        """,
    "a call of such a decorator": """
        settle = deprecated("1.2", alternative="pay()")(lambda amount: 1)
        """,
    "a directive": '''
        def settle(amount):
            """Pay.

            .. deprecated:: 1.2

               It is renamed to :func:`pay`.
            """
        ''',
    "a table of a module": """
        _OLD = {"settle": "pay"}
        __all__ = ["settle"]
        settle: object
        def __getattr__(name):
            if name in _OLD:
                warnings.warn(f"{name} is deprecated", DeprecationWarning)
                return globals()[_OLD[name]]
        """,
    "another name": """
        def pay(amount, way=1): ...
        settle = pay
        """,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_replaced_moves(name: str, tmp_path: Path) -> None:
    assert told(said(tmp_path, NAMES[name])) == [("moved", "shop.settle", "shop.pay")]


ARGUMENTS = {
    "a warning where it is given": """
        def pay(amount, way=1, how=None):
            if how is not None:
                warnings.warn("`how` is deprecated, use `way` instead", DeprecationWarning)
        """,
    "a decorator that renames it": """
        @deprecate_kwarg("how", "way")
        def pay(amount, how=1): ...
        """,
    "a decorator with names": """
        @rename_parameter("1.2", old_name="how", new_name="way")
        def pay(amount, how=1): ...
        """,
    "a directive below it": '''
        def pay(amount, how=1):
            """Pay.

            Parameters
            ----------
            how : int
                The way.

                .. deprecated:: 1.2
                    Use `way` instead.
            """
        ''',
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_that_is_replaced_is_renamed(name: str, tmp_path: Path) -> None:
    assert told(said(tmp_path, ARGUMENTS[name])) == [("argument renamed", "shop.pay(how)", "way")]


SILENT = {
    "a warning in a branch about something else": """
        def pay(amount, way=1):
            if amount < 0:
                warnings.warn("this is deprecated, use `count` instead", DeprecationWarning)
        """,
    "another warning": """
        def pay(amount, way=1):
            warnings.warn("use `count` for coins", UserWarning)
        """,
    "a call with other arguments": """
        @deprecated("1.2", alternative="pay(convert(amount))")
        def settle(amount): ...
        """,
    "a function in place of a class": """
        @deprecated("1.2", alternative="pay")
        class Settle: ...
        """,
    "what is named is not there": """
        def pay(amount, way=1):
            warnings.warn("pay is deprecated, use `settle` instead", DeprecationWarning)
        """,
    "an argument that v2 still takes": """
        def pay(amount, way=1):
            if way:
                warnings.warn("`way` is deprecated, use `amount` instead", DeprecationWarning)
        """,
    "another name that v2 has as well": """
        def pay(amount, way=1): ...
        count = pay
        """,
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_else_is_believed(name: str, tmp_path: Path) -> None:
    assert [change for change in said(tmp_path, SILENT[name]) if change.new] == []


def test_several_arguments_do_not_become_one(tmp_path: Path) -> None:
    old = """
        def pay(amount, way=1, how=None, manner=None):
            if how:
                warnings.warn("`how` is deprecated, use `way` instead", DeprecationWarning)
            if manner:
                warnings.warn("`manner` is deprecated, use `way` instead", DeprecationWarning)
        """

    assert told(said(tmp_path, old)) == [
        ("argument removed", "shop.pay(how)", ""),
        ("argument removed", "shop.pay(manner)", ""),
    ]


def test_a_draft_says_what_the_authors_say_and_where_they_say_it(tmp_path: Path) -> None:
    old = """
        def settle(amount):
            warnings.warn("settle is deprecated, give coins", DeprecationWarning)
        def pay(amount, way=1, how=None):
            if how:
                warnings.warn("how is deprecated: it has no effect", DeprecationWarning)
        class Till:
            def open(self):
                warnings.warn("open is deprecated: it always is", DeprecationWarning)
            def close(self): ...
        """

    text = Draft("shop-2", "shop", "1.0", "2.0", tuple(said(tmp_path, old))).text()

    migration = parse_migration(text)
    assert [(row.names, row.say) for row in migration.removed] == [
        (("shop.settle",), "settle is deprecated, give coins")
    ]
    assert [(row.of, row.asks) for row in migration.calls] == [(("shop.pay",), ("how",))]
    assert [(row.of, row.v1, row.say) for row in migration.members] == [
        (("shop.Till",), "open", "open is deprecated: it always is")
    ]
    assert "evidence: shop/__init__.py:3 says: settle is deprecated, give coins" in text
