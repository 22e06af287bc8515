"""Find the arguments and values of changed calls, and the members, that no file of a project spells.

`model.load(**options)` may pass a renamed argument, and `getattr(model, name)` may read a renamed member. Where no file
of the project contains the word, neither can happen.
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
_PATHS = re.compile(rb"\b(?:join|joinpath|Path)\([^()]*\)")
# In front of a quote, an equals sign or a colon; and in texts that hold nothing but words, which may be taken apart. In
# a notebook, a quote stands behind a backslash.
_KEY = re.compile(rb"(\w+)(?=\\?[\"']|[ \t]*(?:=(?!=)|:))")
_TEXTS = re.compile(rb"[\"']([\w ,]+)\\?[\"']")
_WORD = re.compile(rb"\w+")
_OPTION = re.compile(rb"(?<![\w-])--?(\w[\w-]*)")
# What asks an object for members that are not named there.
_ASKS = re.compile(rb"\b(?:getattr|vars|dir|asdict|attrgetter|__dict__)\b")
# A function that takes any keywords, and may hand them on.
_TAKES_ANY = re.compile(rb"\bdef[ \t]+(?!__)(\w+)[ \t]*\((?:[^()]|\([^()]*\))*?\*\*[ \t]*\w+")
_IMPORTED = re.compile(rb"^[ \t]*(?:from|import)\b(?:[^\n(]|\([^)]*\))*", re.MULTILINE)
# So far in front of what a call spreads its name is looked for.
_WIDEST = 400


def find_unspelled(
    sources: Iterable[bytes], files: Sequence[FoundFile], migrations: Sequence[Migration], *, processes: int
) -> frozenset[str]:
    """Return the words by which these sources might hand on, or ask for, what changed, and that no file spells."""
    spelled: set[bytes] = set()
    keys: set[bytes] = set()
    words: set[bytes] = set()
    arguments: set[bytes] = set()
    taking: dict[bytes, set[bytes]] = {}
    for source in sources:
        near = [migration for migration in migrations if any(library in source for library in libraries_of(migration))]
        if not near:
            continue
        spelled.update(words_in(source))
        keys.update(_keys_in(source))
        spread, called = frozenset(_spreading(source)), frozenset(_CALLED.findall(source))
        if _ASKS.search(source):
            words.update(member.v1.encode() for migration in near for member in migration.members)
        for asked, values in map(_evidence_of, near):
            if spread and looks_up(source):
                # It may be any of them, with any of their arguments.
                words.update(asked)
                arguments.update(*asked.values())
            arguments.update(*(asked[name] for name in asked.keys() & spread))
            handed_on = frozenset[bytes]().union(*(asked[name] for name in asked.keys() & spread))
            for function in _TAKES_ANY.findall(source) if handed_on else ():
                taking.setdefault(function, set()).update(handed_on)
            words.update(*(values[name] for name in values.keys() & called))
    left = (words - spelled) | (arguments - keys)
    found = sift(files, lambda text, _: not left.isdisjoint(words_in(text)), processes=processes) if left else ()
    for number in found:
        text = read_quietly(files[number].path)
        spelled.update(left.intersection(words_in(text)))
        keys.update(left.intersection(_keys_in(text)))
    left = ((words - spelled) | (arguments - keys)) - (words & spelled)
    pairs = {(function, word) for function, asked in taking.items() for word in asked & keys}
    ungiven = pairs - _given_to(pairs, files, processes=processes) if pairs else pairs
    return frozenset(
        [*(word.decode() for word in left), *(f"{name.decode()}({word.decode()})" for name, word in ungiven)]
    )


def _given_to(
    pairs: set[tuple[bytes, bytes]], files: Sequence[FoundFile], *, processes: int
) -> set[tuple[bytes, bytes]]:
    """Return the pairs of a function that takes any keywords and a keyword that some call may give to it.

    It may where a file names the function otherwise than to define, import or call it, or where it spreads something in
    a call; and of a file that defines one, whatever is spelled in it.
    """
    names = frozenset(name for name, _ in pairs)
    found: set[tuple[bytes, bytes]] = set()
    for number in sift(files, lambda text, _: not names.isdisjoint(words_in(text)), processes=processes):
        text = read_quietly(files[number].path)
        here = {pair for pair in pairs if pair[0] in text and pair[1] in text}
        keys, defined = frozenset(_keys_in(text)), frozenset(_TAKES_ANY.findall(text))
        plain = _IMPORTED.sub(b"", text)
        found |= {
            (name, word)
            for name, word in here
            if (name in defined and word in keys) or files[number].is_data or _may_give(plain, name, word)
        }
        # What is spread, or who calls it by another name, is not seen here; in prose a name is a word like others.
        named = [pair for pair in pairs - found if pair[0] in text]
        found |= {pair for pair in named if _is_open(text, plain, pair[0], is_data=files[number].is_data)}
    return found


def _calls(text: bytes, name: bytes) -> Iterator[bytes | None]:
    """Yield the arguments of each call of a name, or None where it is named, and not called or defined."""
    for at in re.finditer(rb"(?:\bdef[ \t]+)?\b" + re.escape(name) + rb"\b[ \t]*(\(?)", text):
        if at[0].startswith(b"def"):
            continue
        depth, end = 1, at.end()
        while at[1] and depth and end < len(text):
            depth += (text[end : end + 1] in b"([{") - (text[end : end + 1] in b")]}")
            end += 1
        yield text[at.end() : end] if at[1] and not depth else None


def _may_give(text: bytes, name: bytes, word: bytes) -> bool:
    return any(given is None or word in words_in(given) for given in _calls(text, name))


def _is_open(text: bytes, plain: bytes, name: bytes, *, is_data: bool) -> bool:
    if is_data:
        return any(given is not None and b"*" in given for given in _calls(text, name))
    is_renamed = re.search(rb"\b" + re.escape(name) + rb"[ \t]+as\b", text) is not None
    return is_renamed or any(given is None or b"*" in given for given in _calls(plain, name))


def _keys_in(source: bytes) -> Iterator[bytes]:
    """Yield the words by which a source may give an argument: keys, names that are set, options; no parts of paths."""
    if b"locals(" in source:
        yield from words_in(source)
        return
    source = _PATHS.sub(b"", source)
    yield from _KEY.findall(source)
    yield from (word for text in _TEXTS.findall(source) for word in _WORD.findall(text))
    yield from (word.replace(b"-", b"_") for word in _OPTION.findall(source))


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
