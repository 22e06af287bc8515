"""The first pass over raw bytes: which files may use an interface that changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from compatkit.migration import Migration
from compatkit.rewrite.remembered import remembered

_Words: TypeAlias = tuple[bytes, ...]
_Names: TypeAlias = tuple[tuple[bytes, bytes], ...]
# Takes a text apart in a fraction of the time of a pattern. What is not ASCII ends a word: one more is no harm here.
_IN_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_APART = bytes(byte if byte in _IN_WORDS else ord(" ") for byte in range(256))


def can_call(source: bytes, migrations: Iterable[Migration]) -> bool:
    """Tell whether a file mentions a library whose interface changed, and one of the names that did."""
    return any(_mentions(source, migration) for migration in migrations)


def can_name_keys(source: bytes, migrations: Iterable[Migration]) -> bool:
    """Tell whether a configuration mentions a key that changed, and all that is beside it."""
    rows = (row for migration in migrations for row in migration.keys)
    return any(all(_last_key(path) in source for path in (row.v1, *row.beside)) for row in rows)


def keys_of(migration: Migration) -> frozenset[bytes]:
    """Return the keys of which a configuration must mention one."""
    return frozenset(_last_key(row.v1) for row in migration.keys)


def _last_key(path: str) -> bytes:
    return next(part for part in reversed(path.split(".")) if part != "*").encode()


def changes_interface(migration: Migration) -> bool:
    return bool(migration.calls or migration.members or migration.removed)


def libraries_of(migration: Migration) -> frozenset[bytes]:
    """Return the packages of which a file must name one."""
    return frozenset(_words(migration)[0])


def called_otherwise(migrations: Iterable[Migration]) -> frozenset[str]:
    """Return the last part of each name that moves and takes other arguments then."""
    moving = [call for migration in migrations for call in migration.calls if call.to]
    # Whoever takes a name from elsewhere may go on calling what is only renamed.
    names = [name for call in moving if call.add or call.rename or call.drop or call.v2 is not None for name in call.of]
    return frozenset(name.rpartition(".")[2] for name in names)


def _mentions(source: bytes, migration: Migration) -> bool:
    tops, names = _words(migration)
    if not any(top in source for top in tops) or not any(name in source for _, name in names):
        return False
    # `normal` is in many files, and `init` is in all; as words of their own they are not.
    words = set(source.translate(_APART).split())
    if b"\\n" in source:
        # In a notebook, a line of a cell may begin behind these two characters, which are no part of its first word.
        words.update(source.replace(b"\\n", b" ").translate(_APART).split())
    return any(name in words and (not home or home in words) for home, name in names)


@remembered
def _words(migration: Migration) -> tuple[_Words, _Names]:
    names = {_home_and_name(name) for call in migration.calls for name in call.of}
    names |= {_home_and_name(name) for removal in migration.removed for name in removal.names}
    # The class of an object need not be named where its member is used.
    names |= {(b"", member.v1.encode()) for member in migration.members}
    every = [name for call in migration.calls for name in call.of]
    every += [name for removal in migration.removed for name in removal.names]
    every += [owner for member in migration.members for owner in member.of]
    return tuple(sorted({name.partition(".")[0].encode() for name in every})), tuple(sorted(names))


def _home_and_name(dotted: str) -> tuple[bytes, bytes]:
    """Return the module that a file must name, too, if it is one, and the name in it."""
    home, _, name = dotted.rpartition(".")
    last = home.rpartition(".")[2]
    return (last.encode() if last.islower() else b""), name.encode()
