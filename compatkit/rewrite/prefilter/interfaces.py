"""Prefilter the files that may use a changed interface, by their raw bytes."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from compatkit.migration import FlagChange, Migration, Move
from compatkit.migration.renaming import callable_names, owners_of, subclassed
from compatkit.migration.value import cached_by_identity
from compatkit.options import Options
from compatkit.rewrite.prefilter.reach import reach_of
from compatkit.rewrite.prefilter.words import imports_star

# Takes a text apart in a fraction of the time of a pattern. What is not ASCII ends a word: one more is no harm here.
_IN_WORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_STAR = re.compile(rb"[\w.]*[\s\\]+import[\s\\]*\(?[\s\\]*\*")
_LOOKS_UP = re.compile(
    rb"\bgetattr\([ \t]*[\w.]+[ \t]*,[ \t]*[^\s\"']|__dict__|\bvars\([\w.]*\)\[|\b(?:eval|globals|locals)\("
)
_RELATIVE = re.compile(rb"\bfrom[\s\\]*\.")
_FOLDER = re.compile(r"[/\\.]")
_LISTS = (b"__dict__", b"vars(", b"getattr(", b"dir(", b"asdict", b"astuple", b"fields", b"getmembers", b"default=")
# What a file has that gives something to templates, which ask it for its members.
_TO_TEMPLATES = (b"emplate", b"render", b".html", b"jinja")
# A class with several bases, or with one that is no plain name, and what makes a class of several.
_MIXES = re.compile(rb"\bclass\s+\w+\s*\([^()]*[,(\[*]|\btype\([^()]*,|\bnew_class\(|\bmake_dataclass\(")
_EVALUATES = re.compile(rb"\b(?:eval|exec)\([^\n{}]*,[ \t]*\{")
_ESCAPES = frozenset({b"n", b"r", b"t"})
_AS_KEY = rb"%(key)s[\"']?[ \t]*[:=.\]]|^[ \t]*[?-][^\n]*%(key)s"
# A notebook that takes all names of another one: in an export of Databricks, in a cell as it is masked, in a notebook.
_RUNS = re.compile(rb"^[ \t]*(?:# MAGIC[ \t]+|\w+  # |\")%run[ \t]+([^\s\"\\]+)", re.MULTILINE)
_APART = bytes(byte if byte in _IN_WORDS else ord(" ") for byte in range(256))
# `add_argument("--gpus"`, `@click.option("-g", "--gpus"`, and `gpus: int = 1` in a class.
_DEFINES = rb"(?mi)(?:argument|option)\s*\([^()]*?[\"']%s[\"']|^[ \t]+%s[ \t]*:[^\n]*"


@dataclass(slots=True)
class _Holders:
    """Holders of a name: modules that must be reached, or words of which one must be spelled, an empty one always."""

    modules: set[str] = field(default_factory=set)
    ways: set[bytes] = field(default_factory=set)


_Names: TypeAlias = Mapping[bytes, _Holders]
# The words of a home, of which the last part of a name may be no word: it may go on.
_Texts: TypeAlias = dict[tuple[bytes, ...], list[bytes]]


def can_call(source: bytes, migrations: Iterable[Migration], *, path: str | None = None) -> bool:
    """Tell whether a file mentions a library whose interface changed, and can reach one of the names that did.

    With the `path` of a file, its relative imports may be known to lead elsewhere.
    """
    words: set[bytes] = set()
    for migration in migrations:
        libraries, names, texts = _libraries_and_names(migration)
        if _leads_to(libraries, source, path):
            # `normal` is in many files, and `init` is in all; as words of their own they are not.
            words = words or all_words_in(source)
            # Who loads a class by a text need not spell what changed in it.
            if any(words.issuperset(home) and any(text in source for text in texts[home]) for home in texts):
                return True
            if _has_any(source, words, names, path) or (words & names.keys() and find_run_notebook(source)):
                return True
            # What is looked up in a module need not be spelled, but its arguments are, here or in what is spread.
            if looks_up(source) and (b"**" in source or not words.isdisjoint(_arguments_of(migration))):
                return True
            # Nor does who lists all attributes of an object spell them, or a template does, but what makes the object.
            is_listing = any(way in source for way in _LISTS) or gives_to_templates(source)
            if is_listing and not words.isdisjoint(_makers_of(migration)):
                return True
            # Nor does a text that is evaluated with names of the library.
            if _EVALUATES.search(source):
                return True
            # Nor does who mixes classes spell what one of them defines.
            if not words.isdisjoint(_owner_words(migration)) and mixes_classes(source):
                return True
    return False


def mixes_classes(source: bytes) -> bool:
    """Tell whether a file may make a class of several, or of one that is not written there."""
    return _MIXES.search(source) is not None


def _leads_to(libraries: frozenset[bytes], source: bytes, path: str | None) -> bool:
    """Tell whether a file spells one of these packages, or lies in one and imports relatively."""
    if any(library in source for library in libraries):
        return True
    return path is not None and lies_in(libraries, path) and _RELATIVE.search(source) is not None


def lies_in(libraries: frozenset[bytes], path: str) -> bool:
    """Tell whether a file lies in one of these packages, or is called as one."""
    # Most paths have no such word at all.
    if not any(os.fsdecode(library) in path for library in libraries):
        return False
    return not libraries.isdisjoint(os.fsencode(part) for part in _FOLDER.split(path))


def gives_to_templates(source: bytes) -> bool:
    """Tell whether a file may give objects to templates, which ask them for their members."""
    return any(way in source for way in _TO_TEMPLATES)


def looks_up(source: bytes) -> bool:
    """Tell whether a file may ask a module for a name that it does not write."""
    return _LOOKS_UP.search(source) is not None


def may_split(source: bytes, moves: Iterable[Move], migrations: Iterable[Migration]) -> bool:
    """Tell whether a configuration spells all parts of an old name, which may be the values of several keys."""
    words: set[bytes] = set()
    for parted in (_parted(tuple(moves)), *map(_parted, migrations)):
        if any(top in source for top in parted):
            words = words or all_words_in(source)
            spelled = [rest[-1] for top in words & parted.keys() for rest in parted[top] if words.issuperset(rest)]
            if any(re.search(rb"(?<![\w.])" + re.escape(last) + rb"(?![\w.])", source) for last in spelled):
                return True
    return False


@cached_by_identity
def _parted(of: tuple[Move, ...] | Migration) -> Mapping[bytes, list[tuple[bytes, ...]]]:
    """Return the other parts of each old name by its first one."""
    if isinstance(of, Migration):
        names = [name for call in of.calls for name in call.of] + [name for row in of.removed for name in row.names]
        names += [name for member in of.members for name in member.of]
    else:
        names = [move.old for move in of]
    found: dict[bytes, list[tuple[bytes, ...]]] = defaultdict(list)
    for top, *rest in (name.encode().split(b".") for name in names):
        found[top] += [tuple(rest)] if rest else []
    return found


def find_run_notebook(source: bytes) -> str | None:
    """Return the notebook that a notebook runs for the names in it, or None."""
    ran = _RUNS.search(source)
    return ran[1].decode("utf-8", "replace") if ran else None


def may_hand_on(source: bytes, migrations: Iterable[Migration], *, path: str | None = None) -> bool:
    """Tell whether a file may have an object, a class or a name of what changed, for others to use."""
    words: set[bytes] = set()
    for libraries, names, _ in map(_libraries_and_names, migrations):
        if _leads_to(libraries, source, path):
            # What begins with a word is searched for many times as fast, and most files have none.
            has_star = imports_star(source)
            if has_star and any(
                _STAR.search(source, source.find(library)) for library in libraries if library in source
            ):
                return True
            words = words or all_words_in(source)
            ways = frozenset[bytes]().union(*(holders.ways for holders in names.values()))
            if words & ways or _has_any(source, words, names, None):
                return True
    return False


def can_name_keys(source: bytes, migrations: Iterable[Migration]) -> bool:
    """Tell whether a configuration mentions a key that changed, and all that is beside it."""
    return any(
        all(_is_key(path, source) for path in row) for migration in migrations for row in _rows_of_keys(migration)
    )


def _is_key(path: tuple[bytes, re.Pattern[bytes]], source: bytes) -> bool:
    key, spelled = path
    return key in source and spelled.search(source) is not None


@cached_by_identity
def _rows_of_keys(migration: Migration) -> tuple[tuple[tuple[bytes, re.Pattern[bytes]], ...], ...]:
    """Return for each row what must all be spelled as keys: before a colon or `=`, or in the head of a table."""
    rows = []
    for row in migration.keys:
        keys = [_last_key(path) for path in (row.v1, *row.beside)]
        rows.append(tuple((key, re.compile(_AS_KEY % {b"key": re.escape(key)}, re.MULTILINE)) for key in keys))
    return tuple(rows)


def keys_of(migration: Migration) -> frozenset[bytes]:
    """Return the keys of which a configuration must mention one."""
    return frozenset(_last_key(row.v1) for row in migration.keys)


def flags_of(migration: Migration) -> frozenset[bytes]:
    """Return the options of command lines of which a file must spell one."""
    return frozenset(row.v1.encode() for row in migration.flags)


def flags_in(source: bytes, migrations: Iterable[Migration], options: Options) -> tuple[FlagChange, ...]:
    """Return the rows about options that a file spells."""
    rows = (row for migration in migrations for row in migration.flags)
    return tuple(row for row in rows if row.v1.encode() in source and options.acts_on(row.code))


def defined_options(source: bytes, migrations: Iterable[Migration]) -> frozenset[str]:
    """Return the declared options that a Python file seems to define itself: for a parser, or as a field of a class."""
    names = {row.v1: row.field for migration in migrations for row in migration.flags if row.field.encode() in source}
    return frozenset(flag for flag, field in names.items() if re.search(_DEFINES % _spelled(flag, field), source))


def _spelled(flag: str, field: str) -> tuple[bytes, bytes]:
    return re.escape(flag.encode()), re.escape(field.encode())


def _last_key(path: str) -> bytes:
    return next(part for part in reversed(path.split(".")) if part != "*").encode()


def changes_interface(migration: Migration) -> bool:
    return bool(migration.calls or migration.members or migration.hooks or migration.removed or migration.unhandled)


def libraries_of(migration: Migration) -> frozenset[bytes]:
    """Return the packages of which a file must name one."""
    return _libraries_and_names(migration)[0]


def called_otherwise(migrations: Iterable[Migration]) -> frozenset[str]:
    """Return the last part of each name that moves and takes other arguments then."""
    moving = [call for migration in migrations for call in migration.calls if call.to]
    # Whoever takes a name from elsewhere may go on calling what is only renamed.
    names = [name for call in moving if call.add or call.rename or call.drop or call.v2 is not None for name in call.of]
    return frozenset(name.rpartition(".")[2] for name in names)


@cached_by_identity
def _arguments_of(migration: Migration) -> frozenset[bytes]:
    """Return the arguments for which the rows about calls ask."""
    return frozenset(name.encode() for call in migration.calls for name in call.asked)


# By content: each of several migrations asks for the words of the same file.
@lru_cache(maxsize=4)
def all_words_in(source: bytes) -> set[bytes]:
    """Return the words of a text, and of one in which a line begins behind an escape, as in a notebook."""
    words = set(source.translate(_APART).split())
    # In a notebook, a line of a cell may begin behind the two characters `\\n`, which are no part of its first word.
    words.update([word[1:] for word in words if word[:1] in _ESCAPES])
    return words


def _has_any(source: bytes, words: set[bytes], names: _Names, path: str | None) -> bool:
    """Tell whether one of the names is spelled, with what holds it, or where its module is reached."""
    for name in words & names.keys():
        holders = names[name]
        if any(not way or way in words for way in holders.ways):
            return True
        if any(reach_of(home, name.decode()).holds(source, path) for home in holders.modules):
            return True
    return False


@cached_by_identity
def _makers_of(migration: Migration) -> frozenset[bytes]:
    """Return the words by which a file has an object with attributes that are called otherwise."""
    owners = (owner for member in migration.members if not member.defined for owner in owners_of(member, migration))
    return (
        frozenset(_ways_to(owners, migration))
        if any(not member.defined for member in migration.members)
        else frozenset()
    )


@cached_by_identity
def _owner_words(migration: Migration) -> frozenset[bytes]:
    """Return the words by which a file has a class with members or hooks that are called otherwise."""
    owners = [owner for member in migration.members for owner in owners_of(member, migration)]
    owners += [owner for hook in migration.hooks for owner in subclassed(hook, migration)]
    return frozenset(owner.rpartition(".")[2].encode() for owner in owners)


@cached_by_identity
def _libraries_and_names(migration: Migration) -> tuple[frozenset[bytes], _Names, _Texts]:
    every = [name for call in migration.calls for name in callable_names(call, migration)]
    every += [name for removal in migration.removed for name in removal.names]
    names: dict[bytes, _Holders] = defaultdict(_Holders)
    for dotted in every:
        home, _, name = dotted.rpartition(".")
        if home.rpartition(".")[2].islower():
            names[name.encode()].modules.add(home)
        else:
            names[name.encode()].ways |= {b""} if "*" in home else _ways_to([home], migration)
    for name in (name for removal in migration.removed if removal.anywhere for name in removal.names):
        names[name.rpartition(".")[2].encode()].ways.add(b"")
    for member in migration.members:
        names[member.v1.encode()].ways |= _ways_to(owners_of(member, migration), migration)
    for hook in migration.hooks:
        # A class may inherit from one of another file.
        names[hook.name.encode()].ways.add(b"")
    every += [owner for member in migration.members for owner in owners_of(member, migration)]
    every += [owner for hook in migration.hooks for owner in subclassed(hook, migration)]
    for row in migration.unhandled:
        dotted = row.name.partition("(")[0]
        # A pattern is looked for by its last part that is a name.
        if parts := [part for part in dotted.split(".") if part.isidentifier()]:
            names[parts[-1].encode()].ways.add(b"")
            every.append(dotted)
    owners = {owner for member in migration.members for owner in owners_of(member, migration)}
    owners |= {name.removesuffix("()") for name, kind in migration.types if kind in owners and name.endswith("()")}
    return frozenset(name.partition(".")[0].encode() for name in every), names, _texts_of(owners)


def _ways_to(owners: Iterable[str], migration: Migration) -> set[bytes]:
    """Return the words of which a file must spell one to have an object of these classes: a class, or what gives one.

    An object that another file made is not followed.
    """
    made = {name.partition(".*(")[0] for name, _ in migration.types}
    return {name.removesuffix("()").rpartition(".")[2].encode() for name in (*owners, *made)}


def _texts_of(names: Iterable[str]) -> _Texts:
    """Return what a text that names code begins with, after its quote or, in an INI file, its sign, by its words."""
    found: _Texts = {}
    for name in sorted(names):
        home, _, last = name.rpartition(".")
        texts = found.setdefault(tuple(filter(None, home.encode().split(b"."))), [])
        texts += (f"{quote}{home}{dot}{last}".encode() for quote in ("'", '"', "= ", "=", ": ") for dot in (".", ":"))
    return found
