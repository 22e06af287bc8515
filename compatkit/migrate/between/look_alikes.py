"""Find the changed members that a project defines in undeclared classes which may be doubles or mixins."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from compatkit.migrate.between.asking import modules_of
from compatkit.migrate.between.importers import of_projects, read_quietly
from compatkit.migrate.between.naming import ModuleName, Namer
from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.reading import answers_of
from compatkit.migration import HookChange, Migration
from compatkit.migration.renaming import owners_of, subclassed
from compatkit.options import Options
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import LookAlikes
from compatkit.rewrite.file.syntax import read_syntax
from compatkit.rewrite.file.tree import dotted, kept_in
from compatkit.rewrite.outcome import RewriteError
from compatkit.rewrite.prefilter.interfaces import mixes_classes
from compatkit.rewrite.prefilter.words import words_in
from compatkit.rewrite.rules.hooks import fits_hook

NONE = LookAlikes()
# The text of a module that is loaded by its name.
_TEXTS = re.compile(rb"(?:import_module|__import__)\(\s*[\"']([a-zA-Z_][\w.]*)[\"']")
# What makes an object, or a class, with attributes of the names that it is given.
_MAKERS = frozenset(
    {"AsyncMock", "MagicMock", "Mock", "Namespace", "NamedTuple", "NonCallableMock", "SimpleNamespace"}
    | {"dict", "make_dataclass", "namedtuple", "type"}
)
# Most files have none of the words, some are parsed.
_PAYS_FROM = 256
_CALLABLE = (ast.Attribute, ast.Lambda, ast.Name)


class Doubles:
    """Answers for one run over a tree; the other files are searched once a file mixes classes, or notes their types."""

    def __init__(
        self,
        files: Sequence[FoundFile],
        namer: Namer,
        migrations: Iterable[Migration],
        options: Options,
        *,
        processes: int,
    ) -> None:
        self._files, self._namer, self._processes = files, namer, processes
        self._members: set[str] = set()
        self._hooks: dict[str, list[HookChange]] = {}
        owners: set[str] = set()
        for migration in migrations:
            members = [member for member in migration.members if options.acts_on(member.code) and not member.own]
            hooks = [hook for hook in migration.hooks if options.acts_on(hook.code)]
            self._members |= {member.v1 for member in members}
            for hook in hooks:
                self._hooks.setdefault(hook.name, []).append(hook)
            owners.update(*(owners_of(member, migration) for member in members))
            owners.update(*(subclassed(hook, migration) for hook in hooks))
        self._words = {name.encode() for name in (*self._members, *self._hooks)}
        self._declared = frozenset(owners)
        self._owners = frozenset(name.rpartition(".")[2] for name in owners)
        classes = b"|".join(re.escape(name.encode()) for name in sorted(self._owners))
        # Only with review are members of what is annotated rewritten.
        notes = options.confidence == "review" and self._owners
        self._notes = re.compile(rb"[:>|\[,][\s\"']*(?:\w+\.)*(?:" + classes + rb")\b") if notes else None

    def of(self, source: bytes, file: FoundFile, named: ModuleName) -> LookAlikes:
        """Return what may stand in for a declared class where a file mixes one, or notes one as a type."""
        is_mixed = bool(self._words) and mixes_classes(source)
        if not is_mixed and not (self._notes and self._notes.search(source)):
            return NONE
        if not self._found or not is_mixed:
            return LookAlikes(self._found)
        home, find = FileModule(named.name, named.is_package), self._namer.finder(file.path, file.root)
        named_modules = (*modules_of(source, home), *(text.decode() for text in _TEXTS.findall(source)))
        modules = {module: path for module in named_modules if (path := find(module)) is not None}
        classes = (
            f"{module}.{name.decode()}"
            for module, path in modules.items()
            for name in re.findall(rb"(?m)^[ \t]*class[ \t]+(\w+)", read_quietly(path))
        )
        return LookAlikes(self._found, frozenset(modules), frozenset(classes))

    @cached_property
    def _found(self) -> tuple[tuple[str, str, bool], ...]:
        files = [file for file in of_projects(self._files) if not file.is_data]
        parts = answers_of(
            len(files), lambda number: self._defined_in(files[number]), processes=self._processes, pays_from=_PAYS_FROM
        )
        return tuple(sorted(set[tuple[str, str, bool]]().union(*parts)))

    def _defined_in(self, file: FoundFile) -> frozenset[tuple[str, str, bool]]:
        source = read_quietly(file.path)
        words = self._words.intersection(words_in(source)) if any(word in source for word in self._words) else ()
        if not words:
            return frozenset()
        try:
            nodes = read_syntax(source).nodes
        except (RewriteError, RecursionError):
            return frozenset()
        spelled = [word.decode() for word in words]
        module = self._namer.name(file.path, file.root).name or file.path.stem
        defined = ((name, of) for node in nodes for name, of in self._defined(node, spelled))
        places = ((name, f"{module}.{of}" if of else module, bool(of)) for name, of in defined)
        return frozenset(place for place in places if place[1] not in self._declared)

    def _defined(self, node: ast.AST, spelled: list[str]) -> Iterator[tuple[str, str]]:
        """Yield the changed names that a class defines, or something else, with the name of the class.

        One that answers for any name may have all that its file spells.
        """
        match node:
            case ast.ClassDef(name=of, bases=bases):
                declared = self._owners.intersection(dotted(base).rpartition(".")[2] for base in bases)
                names: set[object] = {*kept_in(node), *_fields_of(node)}
                names.update(spelled if "__getattr__" in names else ())
                yield from ((name, of) for name in self._hooks_of(node.body) if not declared)
                yield from ((name, of) for name in self._changed(() if declared else names))
            case ast.Call(func=func, args=args, keywords=keywords) if dotted(func).rpartition(".")[2] in _MAKERS:
                texts = (part.value for arg in args for part in ast.walk(arg) if isinstance(part, ast.Constant))
                words = {word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text)}
                yield from ((name, "") for name in self._changed({*words, *(word.arg for word in keywords)}))
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=value):
                yield from ((place, "") for place in self._changed([name] if isinstance(value, _CALLABLE) else []))
            case ast.Dict(keys=keys, values=values):
                given = zip(keys, values, strict=True)
                keys_of = (getattr(key, "value", None) for key, value in given if isinstance(value, _CALLABLE))
                yield from ((name, "") for name in self._changed(keys_of))

    def _changed(self, names: Iterable[object]) -> Iterator[str]:
        return (name for name in names if isinstance(name, str) and name in self._members)

    def _hooks_of(self, body: Sequence[ast.stmt]) -> Iterator[str]:
        """Yield the hooks that a class defines with parameters that v2 does not pass."""
        functions = (item for item in body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))
        for item in functions:
            if not all(fits_hook(item, hook) for hook in self._hooks.get(item.name, ())):
                yield item.name


def _fields_of(owner: ast.ClassDef) -> Iterator[object]:
    """Yield the names that a class declares without a value, and those of its slots."""
    for item in owner.body:
        match item:
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
                yield from (part.value for part in ast.walk(value) if isinstance(part, ast.Constant))
