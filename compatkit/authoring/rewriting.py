"""Rewrite an example as `compatkit migrate` does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from compatkit.authoring.examples import Example
from compatkit.migration import Migration
from compatkit.rewrite import Outcome, Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.documents.document import rewrite_document

_SHUFFLES = 3


def rewritten(migration: Migration, example: Example, source: bytes) -> Outcome:
    """Rewrite one source of an example, under its name and with its options."""
    if example.suffix:
        return rewrite_document(
            source, suffix=example.suffix, moves=migration.moves, migrations=[migration], options=example.options
        )
    return rewrite_source(
        source,
        module=example.module,
        is_package=example.is_package,
        moves=migration.moves,
        migrations=[migration],
        options=example.options,
    )


def result_of(outcome: Outcome, source: bytes) -> bytes:
    """Return the source after an outcome."""
    return outcome.source if isinstance(outcome, Rewritten) else source


def codes_met(migration: Migration, example: Example) -> frozenset[str]:
    """Return the codes of what changes in an example, and of what is reported there."""
    outcome = rewritten(migration, example, example.before)
    edits = outcome.edits if isinstance(outcome, Rewritten) else ()
    findings = outcome.findings if isinstance(outcome, Rewritten | Unchanged) else ()
    return frozenset([*(edit.code for edit in edits), *(finding.code for finding in findings)])


def acts_in(code: str, migration: Migration, example: Example) -> bool:
    """Tell whether the entry with this code, by itself, changes something in an example, or reports something."""
    alone = replace(example, options=replace(example.options, select=frozenset({code})))
    outcome = rewritten(migration, alone, alone.before)
    return isinstance(outcome, Rewritten) or (isinstance(outcome, Unchanged) and bool(outcome.findings))


def in_other_orders(migration: Migration) -> Iterator[Migration]:
    """Yield the migration with its rows in other orders: backwards, and shuffled, the same each time."""
    yield replace(
        migration,
        moves=migration.moves[::-1],
        fields=migration.fields[::-1],
        arguments=migration.arguments[::-1],
    )
    for seed in range(_SHUFFLES):
        dice = random.Random(seed)
        yield replace(
            migration,
            moves=tuple(dice.sample(migration.moves, len(migration.moves))),
            fields=tuple(dice.sample(migration.fields, len(migration.fields))),
            arguments=tuple(dice.sample(migration.arguments, len(migration.arguments))),
        )
