"""The commands that are verified, and the sides that they make."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from compatkit.equivalence.commands.result import Progress
from compatkit.equivalence.commands.temporary import temporary_folder
from compatkit.equivalence.commands.worktree import (
    checked_out,
    is_same_code,
    left_out,
    link_into,
    migrated_copy,
    remove_checkouts,
    submodules_of,
    work_tree_of,
)
from compatkit.equivalence.errors import CommandError
from compatkit.migration import Equivalence

ONE_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class CommandScenario:
    """Either `before` and `after`, or `command` in the working tree and at the git revision `base`.

    `folder` is where the commands run, and from where `link` starts. A command is a tuple of words; no shell reads it.
    `before_python` is the interpreter of another environment, in which the first side runs beside its own MLflow.
    Unless it is to run `once`, or under several seeds, the first side runs twice, which measures its noise.
    """

    name: str
    folder: Path
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    base: str = ""
    command: tuple[str, ...] = ()
    shim: bool = False
    migrate: bool = False
    link: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    migration: str | None = None
    equivalence: tuple[Equivalence, ...] = ()
    exact: bool = False
    accept_unread: bool = False
    explain: bool = False
    once: bool = False
    timeout: float = ONE_HOUR
    seed: int = 0
    seeds: int = 1
    confidence: float = 0.95
    jobs: int | None = None
    threads: int | None = None
    before_python: str = ""

    @property
    def is_migration(self) -> bool:
        """Tell whether the declaration itself is under test, and its policy therefore meant."""
        return self.shim or self.migrate


AGAIN = " again"


@dataclass(frozen=True, slots=True)
class Side:
    """One side: `tree` is the root of the checkout that its code must come from, `other` the working tree's.

    `tree` is None for a plain command, which may be anything.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    tree: Path | None = None
    other: Path | None = None
    is_shimmed: bool = False
    is_migrated: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """The first is what all others are compared with."""

    all: tuple[Side, ...]
    notes: tuple[str, ...] = ()

    @property
    def with_again(self) -> Sides:
        """These sides, and the first one twice: what differs between its two runs is noise."""
        first, *others = self.all
        return replace(self, all=(first, replace(first, name=first.name + AGAIN), *others))


@contextmanager
def prepared_sides(scenario: CommandScenario, progress: Progress) -> Iterator[Sides]:
    """Make what the sides need, and take it away however the block ends."""
    if not scenario.base:
        before = Side("before", scenario.before, scenario.folder)
        yield Sides((before, Side("after", scenario.after, scenario.folder)))
        return
    root, folder = work_tree_of(scenario.folder), scenario.folder.resolve()
    with ExitStack() as stack:
        # Not in the store's folder: that may lie in the working tree, and would be copied with it.
        trees = stack.enter_context(temporary_folder("compatkit-trees-", clear=remove_checkouts))
        stack.callback(shutil.rmtree, trees, ignore_errors=True)
        progress(f"{scenario.name}: checking out {scenario.base}")
        base = stack.enter_context(checked_out(root, scenario.base, trees / "base"))
        sides, notes = [_base(scenario, base, root, folder)], _notes(scenario, root, base)
        if scenario.shim:
            sides.append(Side("shim", scenario.command, folder, tree=root, is_shimmed=True))
        if scenario.migrate:
            progress(f"{scenario.name}: migrating a copy of the working tree")
            sides.append(_migrated(scenario, trees / "migrated", root, folder, notes))
        if not scenario.is_migration:
            sides.append(Side("working tree", scenario.command, folder, tree=root))
        yield Sides(tuple(sides), tuple(notes))


def _base(scenario: CommandScenario, tree: Path, root: Path, folder: Path) -> Side:
    inside = tree / folder.relative_to(root)
    if not inside.is_dir():
        what = f"The folder {folder.relative_to(root).as_posix()!r} does not exist at {scenario.base}."
        raise CommandError(what, where=scenario.base, hint="run it from another")
    return _side("base", scenario, tree, root, folder)


def _migrated(scenario: CommandScenario, tree: Path, root: Path, folder: Path, notes: list[str]) -> Side:
    left = migrated_copy(root, tree, folder, scenario.migration)
    if left:
        more = f" (and {len(left) - 1} more: compatkit migrate --diff)" if len(left) > 1 else ""
        notes.append(f"the migration leaves to a person: {left[0]}{more}")
    return replace(_side("migrated", scenario, tree, root, folder), is_migrated=True)


def _side(name: str, scenario: CommandScenario, tree: Path, root: Path, folder: Path) -> Side:
    link_into(tree, root, scenario.link, folder)
    missing = left_out(root, tree)
    hint = ""
    if missing:
        some = ", ".join(missing[:6]) + (", …" if len(missing) > 6 else "")
        hint = f"if it needs what git leaves out of a checkout ({some}), give --link PATH"
    return Side(name, scenario.command, tree / folder.relative_to(root), tree=tree, other=root, hint=hint)


def _notes(scenario: CommandScenario, root: Path, base: Path) -> list[str]:
    notes = []
    linked = {(scenario.folder / name).resolve() for name in scenario.link}
    if empty := [name for name in submodules_of(base) if root / name not in linked]:
        notes.append(f"submodules are empty in the checkout of {scenario.base}: {', '.join(empty)}; --link them")
    if not scenario.is_migration and is_same_code(root, scenario.base):
        notes.append(f"the working tree holds what {scenario.base} does: the same code ran twice")
    return notes
