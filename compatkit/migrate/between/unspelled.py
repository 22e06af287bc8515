"""Find the arguments and values of changed calls, and the members, that no file of a project spells.

`model.load(**options)` may give an argument that is called otherwise now, and `getattr(model, name)` ask for a member
that is. Where no file of the project has the word, nothing in it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift
from compatkit.migration import Migration
from compatkit.migration.value import cached_by_identity
from compatkit.rewrite.prefilter.interfaces import libraries_of, looks_up
from compatkit.rewrite.prefilter.words import words_in

_SPREAD = re.compile(rb"\*\*[ \t]*[\w{(]")
_CALLED = re.compile(rb"(\w+)[ \t]*\(")
# What asks an object for members that are not named there.
_ASKS = re.compile(rb"\b(?:getattr|vars|dir|asdict|attrgetter|__dict__)\b")
# So far in front of what a call spreads its name is looked for.
_WIDEST = 400


def find_unspelled(
    sources: Iterable[bytes], files: Sequence[FoundFile], migrations: Sequence[Migration], *, processes: int
) -> frozenset[str]:
    """Return the words by which these sources might hand on, or ask for, what changed, and that no file spells."""
    spelled: set[bytes] = set()
    wanted: set[bytes] = set()
    for source in sources:
        near = [migration for migration in migrations if any(library in source for library in libraries_of(migration))]
        if not near:
            continue
        spelled.update(words_in(source))
        spread, called = frozenset(_spreading(source)), frozenset(_CALLED.findall(source))
        if _ASKS.search(source):
            wanted.update(member.v1.encode() for each in near for member in each.members)
        for arguments, values in map(_evidence_of, near):
            if spread and looks_up(source):
                # It may be any of them, with any of their arguments.
                wanted.update(arguments, *arguments.values())
            wanted.update(*(arguments[name] for name in arguments.keys() & spread))
            wanted.update(*(values[name] for name in values.keys() & called))
    left = wanted - spelled
    found = sift(files, lambda text, _: not left.isdisjoint(words_in(text)), processes=processes) if left else ()
    left.difference_update(*(words_in(read_quietly(files[number].path)) for number in found))
    return frozenset(word.decode() for word in left)


def can_hand_on(migration: Migration) -> bool:
    """Tell whether a migration changed a member, or an argument or a value that a call may hand on."""
    return bool(migration.members) or any(call.asked or call.value_words for call in migration.calls)


def _spreading(source: bytes) -> Iterator[bytes]:
    """Yield the names of what may be called with a dict that is spread."""
    for at in _SPREAD.finditer(source):
        yield from _CALLED.findall(source, max(0, at.start() - _WIDEST), at.start())


_Words = dict[bytes, frozenset[bytes]]


@cached_by_identity
def _evidence_of(migration: Migration) -> tuple[_Words, _Words]:
    """Return by the last name of each changed callable the arguments that changed, and words of the values."""
    arguments: _Words = {}
    values: _Words = {}
    for call in migration.calls:
        for last in {name.rpartition(".")[2].encode() for name in call.of}:
            arguments[last] = arguments.get(last, frozenset()) | {word.encode() for word in call.asked}
            values[last] = values.get(last, frozenset()) | {word.encode() for word in call.value_words}
    return arguments, values
