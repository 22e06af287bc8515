"""Plan the rewrite of one from-import, and write its text where that is plain enough to need no parser."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from compatkit.migration import Move
from compatkit.rewrite.file.imports import FileModule


@dataclass(frozen=True, slots=True)
class Site:
    """A from-import that brings moved names; `moves` has one entry for each of its aliases."""

    node: ast.ImportFrom
    moves: tuple[Move | None, ...]

    @property
    def moved(self) -> tuple[tuple[ast.alias, Move], ...]:
        return tuple((alias, move) for alias, move in zip(self.node.names, self.moves, strict=True) if move)


@dataclass(frozen=True, slots=True)
class Target:
    """A module as a from-import writes it: so many dots, and the name behind them (empty for the package itself)."""

    level: int
    module: str

    @property
    def is_bare(self) -> bool:
        """True for no module: what is brought is a top-level one, by `import`."""
        return not self.level and not self.module

    def __str__(self) -> str:
        return "." * self.level + self.module


@dataclass(frozen=True, slots=True)
class Name:
    """One name of the statement after the rewrite; `index` is its place in the statement before.

    What `is_there` needs no import: it is a builtin, or imported above.
    """

    index: int
    target: Target
    name: str
    asname: str | None
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The names that keep their statement, and those that get one of their own."""

    kept: tuple[Name, ...]
    split: tuple[Name, ...]

    @property
    def target(self) -> Target:
        return self.kept[0].target

    @property
    def written(self) -> tuple[Name, ...]:
        return tuple(name for name in (*self.kept, *self.split) if not name.is_there)


def plan(
    site: Site, home: FileModule, renamed: Collection[ast.alias] = (), builtin: Collection[ast.alias] = ()
) -> Plan:
    """Decide which names stay: those that did not move, or, where all did, those that move along with the first.

    The aliases that are `renamed` come under their new names; those that are `builtin` need no import any more.
    """
    names = [_name(site, index, home, renamed) for index in range(len(site.moves))]
    names = [replace(name, is_there=site.node.names[name.index] in builtin) for name in names]
    resting = [name for name in names if site.moves[name.index] is None]
    first = min(names, key=lambda name: (name.is_there, name.target.is_bare)).target
    kept = resting or [name for name in names if name.target == first and not name.is_there]
    return Plan(tuple(kept), tuple(name for name in names if name not in kept))


def _name(site: Site, index: int, home: FileModule, renamed: Collection[ast.alias]) -> Name:
    alias, move = site.node.names[index], site.moves[index]
    if move is None:
        return Name(index, Target(site.node.level, site.node.module or ""), alias.name, alias.asname)
    keeps_name = alias.name != move.new_name and alias not in renamed
    asname = alias.asname or (alias.name if keeps_name else None)
    return Name(index, target_of(move.new_module, site.node.level, home), move.new_name, asname)


def target_of(module: str, level: int, home: FileModule) -> Target:
    """Stay relative at the same level where the new module lies below the same package, otherwise be absolute."""
    base = home.base(level) if level else None
    if base is not None and (module == base or module.startswith(base + ".")):
        return Target(level, module[len(base) + 1 :])
    return Target(0, module)


@dataclass(frozen=True, slots=True)
class SplitOff:
    """An import statement of its own, and the comment that belongs to its name."""

    statement: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Regenerated:
    """The remaining statement, and the statements that were split off from it, in order."""

    statement: str
    split: tuple[SplitOff, ...] = ()


def respell(text: str, node: ast.ImportFrom, plan: Plan) -> Regenerated | None:
    """Rewrite a statement that is written as `ast.unparse` would: on one line, without a comment or a parenthesis.

    Returns None for any other, and for a star.
    """
    names = [(alias.name, alias.asname) for alias in node.names]
    if node.names[0].name == "*":
        return None
    is_plain = text == _spell("." * node.level + (node.module or ""), names)
    # LibCST cannot make another kind of statement of it; without a comment, nothing is lost.
    if not is_plain and not (plan.target.is_bare and "#" not in text):
        return None
    return Regenerated(_statement(plan.kept), split_off(plan.split))


def split_off(names: Iterable[Name], comments: Mapping[int, str] = MappingProxyType({})) -> tuple[SplitOff, ...]:
    """Group neighbours that share their new module; a name with a comment stands alone, so that both stay together."""
    groups: list[list[Name]] = []
    for name in (name for name in names if not name.is_there):
        last = groups[-1] if groups else []
        is_commented = any(comments.get(written.index) for written in (name, *last[-1:]))
        if last and last[0].target == name.target and not is_commented:
            last.append(name)
        else:
            groups.append([name])
    return tuple(SplitOff(_statement(group), comments.get(group[0].index, "")) for group in groups)


def _statement(names: Sequence[Name]) -> str:
    return _spell(str(names[0].target), [(name.name, name.asname) for name in names])


def _spell(module: str, names: Iterable[tuple[str, str | None]]) -> str:
    listed = ", ".join(f"{name} as {local}" if local else name for name, local in names)
    return f"from {module} import {listed}" if module else f"import {listed}"
