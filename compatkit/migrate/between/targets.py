"""Check that a new home exists, as far as its sources lie in the tree: the module, the name, `config`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.between.naming import source_at
from compatkit.migration import Config, Migration, Move
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.readers import is_dynamic
from compatkit.rewrite.outcome import RewriteError


@dataclass(frozen=True, slots=True)
class _Target:
    """A new dotted name, the module that it comes from, and what its class must take as `argument`."""

    new: str
    old: str
    old_home: str
    new_home: str = ""
    argument: str = ""

    @property
    def top(self) -> str:
        """The outermost package of its module; none where it is in no module."""
        return (self.new_home or self.new.rpartition(".")[0]).partition(".")[0]

    @property
    def word(self) -> bytes:
        """A word of every file that may be led to it."""
        return self.old.rpartition(".")[2].encode()


class Targets:
    """Answers for one run over a tree that does not change. Nothing is imported."""

    def __init__(self, moves: Iterable[Move], migrations: Iterable[Migration]) -> None:
        self._targets: dict[str, list[_Target]] = {}
        for target in dict.fromkeys(_targets(moves, migrations)):
            self._targets.setdefault(target.top, []).append(target)
        self._absence = lru_cache(maxsize=None)(_absence)
        self._within = lru_cache(maxsize=None)(self._found_within)

    def _found_within(self, root: Path) -> tuple[_Target, ...]:
        """Return the targets whose library has a folder below an import root; of most there is none."""
        tops = [top for top in self._targets if top and ((root / top).is_dir() or (root / f"{top}.py").is_file())]
        return tuple(target for top in tops for target in self._targets[top])

    def absent(self, source: bytes, folders: Iterable[Path]) -> tuple[tuple[str, str], ...]:
        """Return the names to which a file may be led and that are not there, each with what is missing."""
        roots = list(dict.fromkeys(folders))
        found = {}
        for target in dict.fromkeys(target for root in roots for target in self._within(root)):
            if target.word in source:
                answers = [answer for root in roots if (answer := self._absence(root, target)) is not None]
                if answers and not any(answers) and target.new == target.new_home:
                    lacking = (self._lacking(root, target, source) for root in roots)
                    answers = [answer for answer in lacking if answer is not None]
                # What is there from one root is there.
                if answers and all(answers):
                    found[f"{target.new}({target.argument})" if target.argument else target.new] = answers[0]
        return tuple(found.items())

    def _lacking(self, root: Path, target: _Target, source: bytes) -> str | None:
        """Say what a file asks of an old module that the new one lacks below an import root; as `_absence` does."""
        if (place := source_at(root.joinpath(*target.new.split(".")))) is None:
            return None
        others = {other.old for targets in self._targets.values() for other in targets} - {target.old}
        names = (name for name in _asked_of(target.old, source) if f"{target.old}.{name}" not in others)
        answers = [_missing_in(place, target.new, f"{target.new}.{name}") for name in names]
        return next((answer for answer in answers if answer), "")


def _asked_of(module: str, source: bytes) -> list[str]:
    """Return what a file asks of a module by its imports."""
    try:
        file = File.of(source, FileModule("", is_package=False))
    except RewriteError:
        return []
    meant = [imported.name for imported in file.imports if isinstance(imported.node, ast.ImportFrom)]
    meant += [meaning for node in file.nodes.of(ast.Attribute) for meaning in file.meanings(node)]
    behind = (name.removeprefix(f"{module}.") for name in meant if name.startswith(f"{module}."))
    return sorted({name.partition(".")[0] for name in behind} - {"*"})


def _targets(moves: Iterable[Move], migrations: Iterable[Migration]) -> Iterator[_Target]:
    for move in moves:
        yield _Target(move.new, move.old, move.old_home, move.new_home)
    for migration in migrations:
        renamed = {move.old: move.new for move in migration.moves}
        for call in migration.calls:
            if call.to:
                yield from (_Target(call.to, name, name.rpartition(".")[0]) for name in call.of if "*" not in name)
        for config in migration.configs:
            yield from _of_config(config, renamed.get(config.of, config.of))


def _of_config(config: Config, new: str) -> Iterator[_Target]:
    for name in (config.of, new):
        yield _Target(config.name, name, name.rpartition(".")[0])
        yield _Target(new, name, name.rpartition(".")[0], argument=config.argument)


def _absence(root: Path, target: _Target) -> str | None:
    """Say what is missing of a name below an import root: nothing where it is there, None where that cannot be told."""
    module = target.new_home or target.new.rpartition(".")[0]
    parts = module.split(".")
    place = root.joinpath(*parts)
    if not module or not ((root / parts[0]).is_dir() or source_at(place)):
        return None
    if (source := source_at(place)) is None:
        is_there = place.is_dir() or any(place.parent.glob(f"{place.name}.*"))
        if is_there:
            return ""
        # Where the old home is not there either, this is not where the library's sources lie; without an __init__, or
        # with a path that is open, a package may go on elsewhere.
        above = next(folder for folder in place.parents if folder.is_dir())
        init = source_at(above)
        is_known = init is not None and source_at(root.joinpath(*target.old_home.split("."))) is not None
        is_open = init is None or "__path__" in read_quietly(init).decode("utf-8", "replace")
        return f"there is no module {module} in {above.name}/" if is_known and not is_open else None
    return "" if target.new == module else _missing_in(source, module, target.new, target.argument)


def _missing_in(source: Path, module: str, new: str, argument: str = "") -> str | None:
    name = new.rpartition(".")[2]
    try:
        file = File.of(read_quietly(source), FileModule(module, source.name == "__init__.py"))
    except RewriteError:
        return None
    scopes = file.scopes
    if not scopes.binds(scopes.module, name):
        is_open = file.has_star or scopes.binds(scopes.module, "__getattr__") or is_dynamic(file)
        is_submodule = file.home.is_package and source_at(source.parent / name) is not None
        return None if is_open or is_submodule else f"{module} has no {name}"
    return _missing_argument(file, new, argument) if argument else ""


def _missing_argument(file: File, new: str, argument: str) -> str | None:
    name = new.rpartition(".")[2]
    made = [node for node in file.tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    if len(made) != 1:
        return None
    inits = [item for item in made[0].body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    if not inits:
        return None if made[0].bases or made[0].decorator_list else f"{new} takes no {argument!r}"
    arguments = inits[-1].args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    takes = arguments.kwarg is not None or any(parameter.arg == argument for parameter in every)
    return "" if takes else f"{new}.__init__ takes no {argument!r}"
