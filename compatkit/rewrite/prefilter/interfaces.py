"""The first pass over raw bytes: which files may use an interface that changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TypeAlias

from compatkit.migration import Migration
from compatkit.migration.aliases import names_of, owners_of, subclassed
from compatkit.rewrite.prefilter.cache import remembered

# For each name, the modules of which a file must name one; where an empty one is among them, none.
_Names: TypeAlias = Mapping[bytes, Set[bytes]]
# Takes a text apart in a fraction of the time of a pattern. What is not ASCII ends a word: one more is no harm here.
_IN_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_ESCAPES = frozenset({b"n", b"r", b"t"})
_APART = bytes(byte if byte in _IN_WORDS else ord(" ") for byte in range(256))


def can_call(source: bytes, migrations: Iterable[Migration]) -> bool:
    """Tell whether a file mentions a library whose interface changed, and one of the names that did."""
    words: set[bytes] = set()
    for libraries, names in map(_libraries_and_names, migrations):
        if any(library in source for library in libraries):
            # `normal` is in many files, and `init` is in all; as words of their own they are not.
            words = words or _words_in(source)
            if _has_any(words, names):
                return True
    return False


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
    return bool(migration.calls or migration.members or migration.hooks or migration.removed)


def libraries_of(migration: Migration) -> frozenset[bytes]:
    """Return the packages of which a file must name one."""
    return _libraries_and_names(migration)[0]


def called_otherwise(migrations: Iterable[Migration]) -> frozenset[str]:
    """Return the last part of each name that moves and takes other arguments then."""
    moving = [call for migration in migrations for call in migration.calls if call.to]
    # Whoever takes a name from elsewhere may go on calling what is only renamed.
    names = [name for call in moving if call.add or call.rename or call.drop or call.v2 is not None for name in call.of]
    return frozenset(name.rpartition(".")[2] for name in names)


def _words_in(source: bytes) -> set[bytes]:
    words = set(source.translate(_APART).split())
    # In a notebook, a line of a cell may begin behind the two characters `\\n`, which are no part of its first word.
    words.update([word[1:] for word in words if word[:1] in _ESCAPES])
    return words


def _has_any(words: set[bytes], names: _Names) -> bool:
    """Tell whether one of the names is spelled, and one of the modules that hold it, if it must be."""
    return any(b"" in homes or not homes.isdisjoint(words) for name in words & names.keys() if (homes := names[name]))


@remembered
def _libraries_and_names(migration: Migration) -> tuple[frozenset[bytes], _Names]:
    every = [name for call in migration.calls for name in names_of(call, migration)]
    every += [name for removal in migration.removed for name in removal.names]
    names: dict[bytes, set[bytes]] = {}
    for home, name in map(_home_and_name, every):
        names.setdefault(name, set()).add(home)
    for member in migration.members:
        # The class of an object need not be named where its member is used.
        names.setdefault(member.v1.encode(), set()).add(b"")
    for hook in migration.hooks:
        names.setdefault(hook.name.encode(), set()).add(b"")
    every += [owner for member in migration.members for owner in owners_of(member, migration)]
    every += [owner for hook in migration.hooks for owner in subclassed(hook, migration)]
    return frozenset(name.partition(".")[0].encode() for name in every), names


def _home_and_name(dotted: str) -> tuple[bytes, bytes]:
    """Return the module that a file must name, too, if it is one, and the name in it."""
    home, _, name = dotted.rpartition(".")
    last = home.rpartition(".")[2]
    return (last.encode() if last.islower() else b""), name.encode()
