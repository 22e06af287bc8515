"""Which files are handed to the `transform.py` of a migration. Nothing of it is read here."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.migration import Migration
from compatkit.rewrite.options import Options


def may_transform(source: bytes, migrations: Iterable[Migration], options: Options) -> bool:
    """Tell whether a file contains a word for which one of the migrations wants to see it."""
    return any(wants(source, migration, options) for migration in migrations)


def wants(source: bytes, migration: Migration, options: Options) -> bool:
    """Tell whether a file contains one of the words of a migration whose transform is asked for."""
    transform = migration.transform
    if transform is None or not options.acts_on(transform.code):
        return False
    return any(word.encode() in source for word in transform.words)
