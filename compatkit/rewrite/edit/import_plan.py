"""What one import statement becomes, as names: independent of how either of the two is spelled out."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass

from compatkit.migration import Move
from compatkit.rewrite.file.module_name import FileModule


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
    """One name of the statement after the rewrite; `index` is its place in the statement before."""

    index: int
    target: Target
    name: str
    asname: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The names that keep their statement, and those that get one of their own."""

    kept: tuple[Name, ...]
    split: tuple[Name, ...]

    @property
    def target(self) -> Target:
        return self.kept[0].target


def plan(site: Site, home: FileModule, renamed: Collection[ast.alias] = ()) -> Plan:
    """Decide which names stay: those that did not move, or, where all did, those that move along with the first.

    The aliases that are `renamed` come under their new names.
    """
    names = [_name(site, index, home, renamed) for index in range(len(site.moves))]
    resting = [name for name in names if site.moves[name.index] is None]
    first = next((name.target for name in names if not name.target.is_bare), names[0].target)
    kept = resting or [name for name in names if name.target == first]
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
