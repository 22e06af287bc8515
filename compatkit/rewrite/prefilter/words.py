"""Prefilter files by the words in their raw bytes, before anything is parsed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from compatkit.migration import Migration, Move
from compatkit.migration.renaming import renaming_of
from compatkit.migration.value import Value, cached_by_identity, value
from compatkit.options import Options
from compatkit.rewrite.prefilter.reach import Reach

if TYPE_CHECKING:
    import ast

    from compatkit.rewrite.file.text import Source

# So many searches for a substring still cost less than taking a file apart into words, which costs the same for any
# number. A word within a longer one is a hit as well: a superset is enough here.
FEW = 24
_WORD = re.compile(r"\w+")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A relative import as a whole. Its parentheses may hold comments, and these may hold parentheses.
_RELATIVE = re.compile(rb"from[\s\\]*\.(?:[^\\\n\r(;]|\\(?:\r\n|.))*(?:\((?:[^)#]|#[^\n\r]*)*\)?)?", re.DOTALL)
# What an import names, from that word on, as far as its parentheses or backslashes go.
_IMPORTED = re.compile(rb"import(?:[^\\\n\r(#]|\\(?:\r\n|.)|\((?:[^)#]|#[^\n\r]*)*)*", re.DOTALL)
# What begins with a literal is searched for many times as fast.
_ASKING = re.compile(rb"__(?<=[.\"']__)(?:name|qualname|module)__")
# Functions of `inspect` that give the module of something, or its file.
_GIVEN_HOME = re.compile(rb"get(?<=\bget)(?:absfile|file|module|sourcefile)\(")
_STAR = re.compile(rb"import[\s\\]*\(?[\s\\]*\*")
# A `getattr` whose name is not written out asks for any.
_GETS = rb"getattr\(\s*[\w.]+\s*,\s*(?:[^\s'\"]|['\"][^'\"]*['\"]\s*[^\s,)])"
_LISTS = tuple(map(re.compile, (rb"__(?:dict|globals)__", rb"getmembers", rb"\((?:(?<=\bvars\()|(?<=\bdir\())", _GETS)))
_WORDS_APART = bytes(
    byte if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256)
)


def can_matter(source: bytes, moves: tuple[Move, ...], *, path: str | None = None) -> bool:
    """Tell whether a file mentions an old module, or a moved name where that is enough; if not, it need not be parsed.

    What brings a moved name also names its module, but for `from . import N` inside of that module's own package. So
    with a `path` that has no such folder, half of the words to look for are left out.
    """
    if is_utf16(source):
        # No Python reads it, but it is not to pass for a file without the names.
        source = source.decode("utf-16", "ignore").encode("utf-8", "ignore")
    wanted = wanted_of(moves)
    if _puts_names_together(source, wanted):
        return True
    is_inside = path is None or any(home in path for home in wanted.folders)
    words = wanted.words if is_inside else wanted.homes
    if len(wanted.words) <= FEW:
        return any(word in source for word in words) and wanted.reach.holds(source, path)
    # Whatever names an old home spells it from its top-level package on, or imports from that, or relatively.
    is_near = (
        any(top in source for top in wanted.dotted_tops)
        or not wanted.tops.isdisjoint(words_in_imports(source))
        or not words.isdisjoint(relative_words(source))
    )
    return is_near and not words.isdisjoint(words_in(source))


def _puts_names_together(source: bytes, wanted: SearchWords) -> bool:
    """Tell whether a file may load a module by a text that it makes of parts: `import_module(f"a.{name}")`."""
    if b"import_module" not in source and b"__import__" not in source:
        return False
    return any(quote + top in source for top in wanted.tops for quote in (b"'", b'"'))


def is_utf16(source: bytes) -> bool:
    return source[:2] in _UTF16


def relative_words(source: bytes) -> list[bytes]:
    """Return the words in all relative from-imports of a file."""
    return words_in(b" ".join(_RELATIVE.findall(source)))


def can_be_modern(source: bytes, migrations: Iterable[Migration]) -> bool:
    """Tell whether a file mentions a producer, or what takes v1's arguments, under its old or its new name."""
    return any(name.encode() in source for migration in migrations for name in modern_names(migration))


def modern_of(migrations: Iterable[Migration], options: Options) -> tuple[Migration, ...]:
    """Return the migrations by which values are followed.

    By default, those whose v2 records are objects, on which old spellings do not go on working; arguments do.
    """
    if options.modernize:
        return tuple(migrations)
    return tuple(_without_arguments(migration) for migration in migrations if migration.has_objects)


@cached_by_identity
def _without_arguments(migration: Migration) -> Migration:
    return replace(migration, arguments=(), configs=())


@cached_by_identity
def modern_names(migration: Migration) -> frozenset[str]:
    """Return the last parts of the names by which records, and calls with declared arguments, are reached."""
    functions = [producer.function for producer in migration.producers]
    # A method is reached by its class, which may be called otherwise by now.
    owners = [function.rpartition(".")[0] for function in functions]
    methods = {function for function in functions if _last(function.rpartition(".")[0])[:1].isupper()}
    moved = [name for move in migration.moves for name in (move.old, move.new)]
    called = [argument.of for argument in migration.arguments]
    return frozenset(map(_last, (*owners, *moved, *called, *(name for name in functions if name not in methods))))


def _import_lines(source: bytes) -> Iterator[bytes]:
    """Yield every line with `import` in it, and the lines that a backslash or parentheses join to it."""
    at = source.find(b"import")
    while at >= 0:
        start = source.rfind(b"\n", 0, at) + 1
        while start and source[max(0, start - 3) : start].rstrip(b"\r\n").endswith(b"\\"):
            start = source.rfind(b"\n", 0, start - 1) + 1
        end = source.find(b"\n", at)
        end = len(source) if end < 0 else end
        if source.find(b"(", at, end) >= 0 or source[max(at, end - 2) : end].rstrip(b"\r").endswith(b"\\"):
            found = _IMPORTED.match(source, at)
            end = max(end, found.end() if found else end)
        yield source[start:end]
        at = source.find(b"import", end)


def may_ask(source: bytes) -> bool:
    """Tell whether a file may ask something for its own name, or for the module that holds it."""
    return _ASKING.search(source) is not None or (_GIVEN_HOME.search(source) is not None and b"inspect" in source)


def imports_star(source: bytes) -> bool:
    return _STAR.search(source) is not None


def lists_names(source: bytes) -> bool:
    """Tell whether a file looks for a name of a module in a mapping, or lists them all."""
    return any(pattern.search(source) for pattern in _LISTS)


def facade_words(moves: tuple[Move, ...]) -> frozenset[bytes]:
    """Return the words of which a file must spell one that hands on what moves, or what has moved."""
    return wanted_of(moves).words | {move.new_name.encode() for move in moves}


def renamed_words(moves: Iterable[Move]) -> frozenset[bytes]:
    """Return the old names of what has another name afterwards, not only another home."""
    return frozenset(move.old_name.encode() for move in moves if move.old_name != move.new_name)


def may_name(source: bytes, names: frozenset[bytes], *, is_quick: bool = False) -> bool:
    """Tell whether a file may ask something for its own name, or spells one of these; if quick, many may be spelled."""
    if len(names) > FEW:
        return is_quick or may_ask(source) or not names.isdisjoint(words_in(source))
    return may_ask(source) or any(name in source for name in names)


def words_in_imports(source: bytes) -> list[bytes]:
    """Return the words of all lines that import something, and of those that these go on in."""
    return words_in(b"\n".join(_import_lines(source)))


def words_in(text: bytes) -> list[bytes]:
    return text.translate(_WORDS_APART).split()


def mentions_elsewhere(source: Source, imports: Iterable[ast.stmt], moves: tuple[Move, ...]) -> bool:
    """Tell whether a text may name an old home outside of these from-imports, so that its expressions must be seen.

    It may where the last part of an old module stands anywhere else, or a moved name behind a dot: a bare name is what
    an import binds. In doubt the answer is yes.
    """
    wanted = wanted_of(moves)
    if _puts_names_together(source.text.encode(errors="replace"), wanted):
        return True
    inside = _ranges(source, imports)
    modules, names = wanted.folders_and_names
    if len(modules) + len(names) > FEW:
        # A thousand names are searched for at every word; few of them stand in one file.
        spelled = frozenset(_WORD.findall(source.text))
        modules, names = modules & spelled, names & spelled
    return any(
        word in modules or _is_behind_a_dot(source, start)
        for word in modules | names
        for start in _places(source.text, word, inside)
    )


def is_spelled_outside(source: Source, statements: Iterable[ast.stmt], words: Iterable[str]) -> bool:
    """Tell whether a text holds one of these words anywhere but in these statements."""
    inside = _ranges(source, statements)
    return any(True for word in words for _ in _places(source.text, word, inside))


def _places(text: str, word: str, without: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield where a word begins, and is no part of another."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        is_whole = not (_WORD.match(text[at - 1 : at]) or _WORD.match(text, end))
        if is_whole and not any(first <= at < last for first, last in without):
            yield at
        at = text.find(word, end)


def _ranges(source: Source, statements: Iterable[ast.stmt]) -> list[tuple[int, int]]:
    return [
        (source.offset(statement.lineno, statement.col_offset), _end(source, statement)) for statement in statements
    ]


def _end(source: Source, node: ast.stmt) -> int:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return source.offset(node.end_lineno, node.end_col_offset)


def _is_behind_a_dot(source: Source, start: int) -> bool:
    before = source.text[:start].rstrip(" \t\f\r\n\\")
    # Behind a comment there may be a dot in front of it; a colon is what entry points have.
    return before[-1:] in {".", ":"} or "#" in source.text[source.line_start(len(before)) : len(before)]


def _last(module: str) -> str:
    return module.rpartition(".")[2]


@value
class SearchWords(Value):
    """The words of which a file must mention one: a moved name, or the last part of the module that it moved out of."""

    words: frozenset[bytes]
    homes: frozenset[bytes]
    folders: frozenset[str]
    tops: frozenset[bytes]
    dotted_tops: tuple[bytes, ...]
    folders_and_names: tuple[frozenset[str], frozenset[str]]
    reach: Reach

    @classmethod
    def of(cls, moves: tuple[Move, ...]) -> SearchWords:
        # Where a top-level package moves as a whole, what does not name it is none of its uses.
        packages = frozenset(move.old for move in renaming_of(moves).modules if "." not in move.old)
        inner = [move for move in moves if move.old.partition(".")[0] not in packages]
        folders = packages | {_last(move.old_home) for move in inner}
        homes = frozenset(folder.encode() for folder in folders)
        words = homes | {move.old_name.encode() for move in inner}
        tops = frozenset(move.old.partition(".")[0].encode() for move in moves)
        modules = frozenset(_last(move.old_home) for move in moves)
        both = modules, frozenset(move.old_name for move in moves) - modules
        few = moves if len(words) <= FEW else ()
        reach = Reach(
            (move.old_home for move in few), (move.old_name for move in few), (move.old_module for move in few)
        )
        return cls(words, homes, folders, tops, tuple(top + b"." for top in sorted(tops)), both, reach)


@cached_by_identity
def wanted_of(moves: tuple[Move, ...]) -> SearchWords:
    return SearchWords.of(moves)


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
