"""Which files are handed to the `transform.py` of a migration. Nothing of it is read here."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.migration import Migration
from compatkit.rewrite.options import Options


def may_transform(source: bytes, migrations: Iterable[Migration], options: Options) -> bool:
    """Tell whether a file contains a word for which one of the migrations wants to see it."""
    return any(wants(source, migration, options) for migration in migrations)


def words_for(migration: Migration, options: Options) -> frozenset[bytes]:
    """Return the words of which a file must contain one to be handed over; none where no transform is asked for."""
    transform = migration.transform
    if transform is None or not options.acts_on(transform.code):
        return frozenset()
    return frozenset(word.encode() for word in transform.words)


def wants(source: bytes, migration: Migration, options: Options) -> bool:
    """Tell whether a file contains one of the words of a migration whose transform is asked for."""
    return any(word in source for word in words_for(migration, options))
