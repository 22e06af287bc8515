"""The page of a migration: all that is declared, each code an anchor, and nothing that breaks the table."""

from __future__ import annotations

import re

from compatkit.authoring.pages import page
from compatkit.migration import Migration, bundled_migrations, codes_of, load_migration, parse_migration
from tests.authoring.migrations import HEAD, MOVE


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
    text = page(parse_migration(HEAD + '[[unhandled]]\nname = "shop.gone.*"\nwhy = "Nobody used it."\n'))

    assert "| `shop.gone.*` | Nobody used it. |" in text


def test_the_same_declaration_gives_the_same_page() -> None:
    migration: Migration = parse_migration(HEAD + MOVE)

    assert page(migration) == page(migration)
    assert page(migration).endswith("|\n")
