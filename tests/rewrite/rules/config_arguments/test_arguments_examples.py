"""The bundled migrations do to their `modernize` examples what these say, and can be run twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from compatkit.migration import Migration, available_migrations, load_migration
from compatkit.rewrite.record_rules import rewrite_records_and_arguments as find_modern
from tests.rewrite.modern import applied


def examples(kind: str) -> list[ParameterSet]:
    return [
        pytest.param(load_migration(file), example, id=example.name.removesuffix(f".{kind}.txt"))
        for file in available_migrations().values()
        for example in sorted((file.parent / "examples" / "modernize").glob(f"*.{kind}.txt"))
    ]


def modernized(migration: Migration, source: str) -> str:
    """Replace the one moved import of an example as the imports pass does, and modernize what is left."""
    for move in migration.moves:
        old = f"from {move.old_module} import {move.old_name}\n"
        source = source.replace(old, f"from {move.new_module} import {move.new_name} as {move.old_name}\n")
    return applied(find_modern, source, [migration])


@pytest.mark.parametrize(("migration", "example"), examples("unchanged"))
def test_is_not_touched(migration: Migration, example: Path) -> None:
    assert modernized(migration, example.read_text()) == example.read_text()


@pytest.mark.parametrize(("migration", "before"), examples("before"))
def test_is_rewritten_as_shown(migration: Migration, before: Path) -> None:
    after = before.with_name(before.name.replace(".before.", ".after."))

    assert modernized(migration, before.read_text()) == after.read_text()


@pytest.mark.parametrize(("migration", "after"), examples("after"))
def test_is_not_rewritten_again(migration: Migration, after: Path) -> None:
    assert modernized(migration, after.read_text()) == after.read_text()
