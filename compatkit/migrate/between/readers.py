"""Find who reads an imported module's local name elsewhere: `from app.service import old`, a patch by text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from compatkit.migrate.between.importers import LOADS_ANY, read_quietly
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import sift
from compatkit.migration import Migration, Move
from compatkit.rewrite.file.file import root_of
from compatkit.rewrite.file.imports import bound_by
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.words import FEW, lists_names, words_in

# They begin with a literal, and so are searched for many times as fast.
_IMPORT = re.compile(rb"import(?![\w.])[ \t\\]*(\([^)]*\)|(?:[^\n\r;#\\]|\\\r?\n)*)")
_STAR = re.compile(rb"import[ \t]*\(?[ \t]*\*")
# A module that is looked up while the code runs.
_FAR = re.compile(rb"import_module|__import__|modules\[|resolve_name|\brun_path|\brun_module|\bexec\(")
# A file whose names another one gets by running it.
_RUNS = re.compile(rb"\brun_path|\brun_module|\bexec\(")
# A module under another name, for others to import.
_RENAMED = re.compile(rb"(?<!\w)(\w+)[\s\\]+as[\s\\]+(\w+)")
_LISTING = frozenset({"dir", "getmembers", "vars"})
_FROM = re.compile(rb"(?<![\w.])from\s+([\w.]+)[\s\\]*\Z")
_ALIAS = re.compile(rb"([\w.]+)(?:[\s\\]+as[\s\\]+(\w+))?")
# The longest path that is looked for in front of an import.
_WIDEST = 200
_WORD = re.compile(r"\w+")
_ALL = re.compile(rb"\b__all__\b")
_ALL_IS_LIST = re.compile(rb"(?m)^__all__[ \t]*=[ \t]*[\[(][^\[\]()]*[\])][ \t]*\r?$")
# The key of what any module may be asked for, and that of what a module which the file brings may be.
_ANY, _BROUGHT = "*", "."
# With an object and the name of one of its attributes.
_BY_NAME = frozenset({"delattr", "getattr", "hasattr", "object", "setattr", "spy", "stub", "attrgetter", "multiple"})
# A path that begins with what is put in front of it while the code runs: `f"{app.service.__name__}.old.Thing"`.
_OPEN = re.compile(r"(?:\A|[}s])[.:](\w+)")
# Two parts of a dotted name that follow each other, and what is read behind them.
_DOTTED = re.compile(r"(\w+)[.:](?=(\w+)(?:[.:](\w+))?)")
_READ = re.compile(rb"(\w+)[.:](?=(\w+)(?:[.:](\w+))?)")


class ModuleNames:
    """Find in bytes the local names that stand for an old module, a package above one, or what changed."""

    def __init__(self, moves: Iterable[Move], migrations: Iterable[Migration] = (), *, renames: bool = False) -> None:
        # What is a builtin afterwards loses its import, and what is renamed the name by which others list it.
        changed = [move.old for move in moves if renames or move.new_module == "builtins"]
        changed += [name for migration in migrations for call in migration.calls if not call.say for name in call.of]
        changed += [name for migration in migrations for member in migration.members for name in member.of]
        self._changed = frozenset(name.encode() for name in changed)
        homes = {move.old_home for move in moves}
        parts = [home.split(".") for home in homes]
        self._packages = frozenset(
            ".".join(names[:size]).encode() for names in parts for size in range(1, len(names) + 1)
        )
        self._ends = frozenset(package.rpartition(b".")[2] for package in self._packages)
        self._tops = frozenset(names[0].encode() for names in parts)
        self._lasts = frozenset(names[-1].encode() for names in parts)

    def of(self, source: bytes) -> frozenset[str]:
        return frozenset(name.decode("utf-8", "replace") for name in self._names(source))

    def _names(self, source: bytes) -> Iterator[bytes]:
        if not self._tops and not self._changed:
            return
        # Through a package that a plain import brings, what does not spell a home reaches none.
        is_near = not source.isascii() or not self._lasts.isdisjoint(words_in(source))
        tops = self._tops if is_near else frozenset[bytes]()
        for home, brought in imports_in(source):
            for name, local in _ALIAS.findall(brought):
                if home is None:
                    root = name.partition(b".")[0]
                    yield from [local or root] if root in tops else []
                else:
                    is_package = home.startswith(b".") or home + b"." + name in self._packages
                    if (name in self._ends and is_package) or home + b"." + name in self._changed:
                        yield local or name


def imports_in(source: bytes) -> Iterator[tuple[bytes | None, bytes]]:
    """Yield what each import asks for, and the module that it asks, if it asks one."""
    for found in _IMPORT.finditer(source):
        home = _FROM.search(source, max(0, found.start() - _WIDEST), found.start())
        yield home[1] if home else None, found[1]


class Readers:
    """Answers for some modules, by the last part of their names; the other files are read at once."""

    def __init__(
        self, files: Sequence[FoundFile], modules: Iterable[str], names: Iterable[str], *, processes: int
    ) -> None:
        self._names = frozenset(names)
        self._modules = frozenset(module.encode() for module in modules)
        every = b"|".join(re.escape(name.encode()) for name in sorted(self._names))
        self._spelled = [name.encode() for name in sorted(self._names)]
        self._words = re.compile(rb"(?<!\w)(?:" + every + rb")(?!\w)")
        self._behind = re.compile(rb"[.:](?:" + every + rb")(?!\w)")
        self._sizes = frozenset(map(len, self._modules))
        self._asked: dict[str, set[str]] = {}
        self._handed_on: set[str] = set()
        self._renamed: dict[str, set[str]] = {}
        numbers = sift(files, self._asks, processes=processes)
        for number in numbers:
            self._read(files[number])
        if renamed := {local.encode() for locals_ in self._renamed.values() for local in locals_} - self._modules:
            # What one file imports as `service2`, others may take from there by that name.
            self._modules |= renamed
            self._sizes = frozenset(map(len, self._modules))
            for number in {*sift(files, self._asks, processes=processes)}.difference(numbers):
                self._read(files[number])

    def of(self, path: Path, source: bytes) -> frozenset[str] | None:
        """Return the names that are read from a module of this name, and what behind them; None where any may be."""
        # What is imported from a bare dot may come from any package.
        modules = {path.parent.absolute().name, ""} if path.stem == "__init__" else {path.stem}
        modules |= {_ANY}.union(*(self._renamed.get(module, ()) for module in modules))
        starred: Iterable[str] = ()
        if modules & self._handed_on:
            if not _lists_what_it_hands_on(source):
                return None
            starred = (name for name in self._names if re.search(rf"['\"]{re.escape(name)}['\"]".encode(), source))
        return frozenset[str]().union(starred, *(self._asked.get(module, ()) for module in modules))

    def _asks(self, text: bytes, file: FoundFile) -> bool:
        # Few modules are searched for in less time than all else takes.
        is_named = len(self._modules) > FEW or any(module in text for module in self._modules)
        if file.is_data:
            return is_named and any(name in text for name in self._spelled) and any(self._in_document(text))
        if is_named and any(last in self._modules for last, _ in _RENAMED.findall(text)):
            return True
        if not any(name in text for name in self._spelled):
            # Nor need it name what it lists all of.
            is_listing = is_named and lists_names(text) and not self._modules.isdisjoint(words_in(text))
            return is_listing or any(self._is_wanted(text, star.start()) for star in _STAR.finditer(text))
        # Whoever only imports the same module for itself, and nothing of those that are asked about, reads nothing.
        if is_named and any(self._is_behind_module(text, found.start()) for found in self._behind.finditer(text)):
            return True
        is_looking = _FAR.search(text) is not None or lists_names(text)
        if is_looking and LOADS_ANY.search(text) is not None:
            return True
        if is_named:
            asked = text if is_looking else b" ".join(b" ".join(filter(None, found)) for found in imports_in(text))
            if not self._modules.isdisjoint(words_in(asked)):
                return True
        return b"from ." in text and any(map(self._is_of_package, imports_in(text)))

    def _in_document(self, text: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the modules and names in the code and the dotted names of a document."""
        for home, brought in imports_in(text):
            last = (home or b"").rpartition(b".")[2]
            if last in self._modules:
                yield from ((last, name) for name, _ in _ALIAS.findall(brought) if name.decode() in self._names)
        for found in _READ.finditer(text):
            if found[1] in self._modules and found[2].decode() in self._names:
                yield found[1], b".".join(filter(None, found.groups()[1:]))

    def _is_behind_module(self, text: bytes, at: int) -> bool:
        """Tell whether one of the modules stands right in front of a place."""
        return any(at >= size and text[at - size : at] in self._modules for size in self._sizes)

    def _is_of_package(self, imported: tuple[bytes | None, bytes]) -> bool:
        home, brought = imported
        return home is not None and not home.strip(b".") and self._words.search(brought) is not None

    def _is_wanted(self, text: bytes, at: int) -> bool:
        home = _FROM.search(text, max(0, at - _WIDEST), at)
        return home is not None and home[1].rpartition(b".")[2] in self._modules | {b""}

    def _read(self, file: FoundFile) -> None:
        source = read_quietly(file.path)
        if file.is_data:
            for spelled in self._in_document(source):
                home, read = map(bytes.decode, spelled)
                self._asked.setdefault(home, set()).add(read)
            return
        try:
            nodes = read_syntax(source).nodes
        except RewriteError:
            # That is told when the file itself has its turn.
            return
        imported = list(_aliases(nodes))
        aliases = dict(imported)
        for local, last in imported:
            if local != last and last.encode() in self._modules:
                self._renamed.setdefault(last, set()).add(local)
        texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        # `import app.a` and `import app.b` bind one name.
        brought = {last for _, last in imported}
        mentioned = brought | {word for text in texts for word in _WORD.findall(text)}
        if _FAR.search(source):
            brought = mentioned
        is_open = LOADS_ANY.search(source) is not None
        reads = [read for node in nodes for read in self._reads(node, aliases)]
        if _RUNS.search(source):
            words = {*texts, *(node.id for node in nodes if isinstance(node, ast.Name))}
            reads += ((_BROUGHT, name) for name in self._names & words)
        reads += self._listed(nodes, aliases) if lists_names(source) else ()
        for module, name in reads:
            modules = mentioned if module is None else brought if module == _BROUGHT else {module}
            if is_open and module in (None, _BROUGHT):
                modules = {*modules, _ANY}
            for asked in modules:
                self._asked.setdefault(asked, set()).add(name)

    def _listed(self, nodes: Iterable[ast.AST], aliases: dict[str, str]) -> Iterator[tuple[str | None, str]]:
        """Yield what is looked up in a mapping of names: all that a file spells as a text, or that a module has."""
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for node in nodes:
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[of, *_]) if name in _LISTING:
                    yield from ((last, name) for name in self._names if (last := _last(of, aliases)))
                case ast.Attribute(value=of, attr="__dict__"):
                    yield from ((last, name) for name in self._names if (last := _last(of, aliases)))
                case ast.Attribute(attr="__globals__"):
                    homes = {
                        (node.module or "").rpartition(".")[2] for node in nodes if isinstance(node, ast.ImportFrom)
                    }
                    yield from ((home, name) for home in homes for name in self._names & texts)

    def _reads(self, node: ast.AST, aliases: dict[str, str]) -> Iterator[tuple[str | None, str]]:
        """Yield the names that a node reads, each with the last part of the module; None where that is not known."""
        match node:
            case ast.ImportFrom(module=module, names=names):
                last = (module or "").rpartition(".")[2]
                if names[0].name == "*":
                    self._handed_on.add(last)
                yield from ((last, alias.name) for alias in names if alias.name in self._names)
                yield from ((last, name) for alias in names if alias.name == "__dict__" for name in self._names)
            case ast.Attribute(value=of, attr=name) if name in self._names:
                yield _last(of, aliases) or _BROUGHT, name
                if isinstance(of, ast.Attribute):
                    # As which an object, or a class, may keep a module.
                    yield _BROUGHT, name
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in _BY_NAME and args:
                texts = [arg.value for arg in args if isinstance(arg, ast.Constant)]
                asked = {text for text in texts if isinstance(text, str) and text.partition(".")[0] in self._names}
                yield from ((_last(args[0], aliases), text.partition(".")[0]) for text in asked)
                root = root_of(args[0])
                if not asked and len(args) > 1 and root is not None and root.id in aliases:
                    # By a name that is found while the code runs.
                    every = self._names if not isinstance(args[1], ast.Constant) else ()
                    yield from ((_last(args[0], aliases), name) for name in every)
            case ast.Constant(value=str(text)):
                dotted = _DOTTED.findall(text)
                yield from (
                    (left, f"{name}.{behind}".strip(".")) for left, name, behind in dotted if name in self._names
                )
                yield from ((None, name) for name in _OPEN.findall(text) if name in self._names)


def _lists_what_it_hands_on(source: bytes) -> bool:
    """Tell whether all that a star brings from a file is written out there, in one list."""
    return len(_ALL.findall(source)) == 1 and _ALL_IS_LIST.search(source) is not None


def _aliases(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield each imported name with the last part of what it may stand for."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield bound_by(node, alias), alias.name.rpartition(".")[2]


def _last(node: ast.expr, aliases: dict[str, str]) -> str | None:
    """Return the last part of the module that an expression names; None where that is not seen."""
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Name(id=name):
            return aliases.get(name)
    return None
