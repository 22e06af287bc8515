"""The page of a migration: all that is declared, each code an anchor, and nothing that breaks the table."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from compatkit.authoring.pages import page
from compatkit.migration import Migration, bundled_migrations, codes_of, load_migration, parse_migration
from tests.shop import HEAD
from tests.shop.widgets import MOVE


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_every_code_of_a_bundled_migration_is_an_anchor_once() -> None:
    for file in bundled_migrations().values():
        migration = load_migration(file)
        text = page(migration)

        anchors = re.findall(r'<a id="(\w+)"></a>', text)
        assert sorted(anchors) == sorted(code.lower() for code in codes_of(migration))
        assert all(allowed.why in text for allowed in migration.equivalence.ignore)


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    rows = MOVE + 'why = "a | b,\\nand c"\n' + MOVE.replace("101", "102").replace("old.W", "old.V")

    table = rows_of(page(parse_migration(HEAD + rows)))

    assert len(table) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {6}
    assert r"a \| b, and c" in table[2]


def test_what_is_not_declared_has_no_section() -> None:
    text = page(parse_migration(HEAD + MOVE))

    assert re.findall("^## .*", text, re.MULTILINE) == ["## Moved names"]
    assert "why" not in text


def test_what_is_left_to_people_is_on_the_page() -> None:
    text = page(
        parse_migration(
            HEAD
            + dedent("""\
                [[unhandled]]
                name = "shop.gone.*"
                why = "Nobody used it."
                """)
        )
    )

    assert "| `shop.gone.*` | Nobody used it. |" in text


def test_the_same_declaration_gives_the_same_page() -> None:
    migration: Migration = parse_migration(HEAD + MOVE)

    assert page(migration) == page(migration)
    assert page(migration).endswith("|\n")


WORDS = {
    "a name": ('of = ["shop.buy", "shop.till.buy"]\nto = "shop.sell"\n', "it is `shop.sell` now"),
    "its other names": (
        'of = ["shop.buy", "shop.till.buy"]\nto = "shop.sell"\n',
        "`shop.buy`, also as `shop.till.buy`",
    ),
    "an argument": ('of = "shop.buy"\nrename = { where = "place" }\n', "`where` is called `place`"),
    "one that is gone": ('of = "shop.buy"\ndrop = ["verbose"]\n', "`verbose` is left out"),
    "a default": ('of = "shop.buy"\npin = { digits = 2 }\n', "`digits=2` is written out, which was the default"),
    "a new one": ('of = "shop.buy"\nadd = { till = "main" }\n', "`till='main'` is added"),
    "a condition": (
        dedent(
            """\
            of = "shop.buy"
            when = { n = [1, 2] }
            drop = ["n"]
            """
        ),
        "where `n` is `1` or `2`; `n` is left out",
    ),
    "a value": ('of = "shop.buy"\nvalues = { how = [["card", "tap"]] }\n', "of `how`, `'card'` becomes `'tap'`"),
    "positions": (
        dedent(
            """\
            of = "shop.buy"
            v1 = ["a", "b"]
            v2 = ["a"]
            """
        ),
        "all but `a` are given by name",
    ),
    "no positions": (
        dedent(
            """\
            of = "shop.buy"
            v1 = ["a", "b"]
            v2 = []
            """
        ),
        "all arguments are given by name",
    ),
    "an order": (
        dedent(
            """\
            of = "shop.buy"
            to = "shop.sell"
            v1 = ["a", "b"]
            v2 = ["b", "a"]
            """
        ),
        "the order of arguments is `b`, `a`",
    ),
    "a word": (
        dedent(
            """\
            of = "shop.buy"
            say = "sell it"
            link = "https://x"
            since = "1.9"
            """
        ),
        "sell it | deprecated since 1.9; [notes](https://x)",
    ),
}


@pytest.mark.parametrize(("row", "words"), WORDS.values(), ids=WORDS)
def test_a_changed_call_is_told_in_words(row: str, words: str) -> None:
    assert words in page(parse_migration(HEAD + '[[calls]]\ncode = "SHOP301"\n' + row))


def test_records_that_are_objects_are_told_of() -> None:
    rows = dedent(
        """\
        record = "shop.Sale"
        [[producers]]
        code = "SHOP251"
        function = "shop.sales"
        """
    )

    assert "A record of v2, `shop.Sale`, is an object" in page(parse_migration(HEAD + rows))
