"""Name the changes of an interface that a migration neither declares nor lists as left to people."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from compatkit.authoring.interface import PublicName
from compatkit.authoring.interface_changes import Change
from compatkit.migration import CallChange, Migration
from compatkit.migration.renaming import renaming_of, subclassed
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.outcome import RewriteError


def uncovered(changes: Iterable[Change], migration: Migration) -> list[Change]:
    """Return the changes that a migration neither declares nor lists as unhandled."""
    return [change for change in changes if not _is_declared(change, migration) and not _is_listed(change, migration)]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Count the names of a guide that a migration declares, lists as left to people, and does not have."""

    declared: int
    unhandled: int
    absent: tuple[str, ...]

    @property
    def percent(self) -> float:
        total = self.declared + self.unhandled + len(self.absent)
        return 100 * (self.declared + self.unhandled) / total if total else 100.0

    @property
    def summary(self) -> str:
        total = self.declared + self.unhandled + len(self.absent)
        shares = (
            f"{count} {word} ({count / max(total, 1):.0%})"
            for count, word in (
                (self.declared, "declared"),
                (self.unhandled, "unhandled"),
                (len(self.absent), "absent"),
            )
        )
        return f"{total} names: {', '.join(shares)}"


def coverage(lines: Iterable[str], migration: Migration) -> Coverage:
    """Tell what a migration has to say of the names of a guide, one a line; what follows a # is no name."""
    names = [*dict.fromkeys(name for line in lines if (name := line.partition("#")[0].strip()))]
    declared = [name for name in names if _has_row(name, migration)]
    listed = [name for name in names if name not in declared and any(row.fits(name) for row in migration.unhandled)]
    absent = tuple(name for name in names if name not in declared and name not in listed)
    return Coverage(len(declared), len(listed), absent)


def _has_row(name: str, migration: Migration) -> bool:
    if any(name == flag.v1 for flag in migration.flags) or any(name == key.v1 for key in migration.keys):
        return True
    if any(name == f"{owner}.{hook.name}" for hook in migration.hooks for owner in subclassed(hook, migration)):
        return True
    old, _, argument = name.removesuffix(")").partition("(")
    if not argument and renaming_of(migration.moves).of(old):
        # With its module, where an inventory does not say otherwise.
        return True
    return _is_declared(Change("argument removed" if argument else "removed", old, argument=argument), migration)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rank changes for users of a library: first what they use, then what it exports, then what it documents."""

    items: Mapping[str, PublicName]
    uses: Mapping[str, int]

    @classmethod
    def of(cls, items: Mapping[str, PublicName], folder: Path | None) -> Ranking:
        tops = {path.partition(".")[0] for path in items}
        return cls(items, count_uses(folder, tops) if folder else {})

    def place(self, change: Change) -> tuple[int, int, bool, str]:
        """Return what to sort a change by, the one that matters most first."""
        return -self._used(change), change.old.count("."), not self._is_documented(change), change.name

    def remarks_on(self, change: Change) -> Iterator[str]:
        if count := self._used(change):
            yield f"used {count} time{'s' if count > 1 else ''}"

    def _used(self, change: Change) -> int:
        below = f"{change.old}."
        if change.argument:
            return self.uses.get(change.name, 0)
        return sum(count for name, count in self.uses.items() if name == change.old or name.startswith(below))

    def _is_documented(self, change: Change) -> bool:
        return bool((item := self.items.get(change.old)) and item.doc)


def count_uses(folder: Path, tops: Collection[str]) -> Counter[str]:
    """Count what the Python files of a folder use of some packages: names, and arguments by name."""
    found: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.py")):
        try:
            source = path.read_bytes()
            if any(top.encode() in source for top in tops):
                file = File.of(source, FileModule("", False))
                found.update(name for name in _used_in(file) if name.partition(".")[0] in tops)
        except (OSError, RewriteError):
            # It is no Python, or not for this Python; the others are counted.
            continue
    return found


def _used_in(file: File) -> Iterator[str]:
    for node in file.nodes:
        if isinstance(node, ast.Attribute | ast.Name) and not isinstance(file.parents.get(node), ast.Attribute):
            yield from filter(None, [file.import_of(node)])
        elif isinstance(node, ast.Call) and (name := file.import_of(node.func)):
            yield from (f"{name}({word.arg})" for word in node.keywords if word.arg)


def _is_declared(change: Change, migration: Migration) -> bool:
    names = frozenset(_names_of(change.old, migration))
    if any(_lies_in(name, gone) for row in migration.removed for gone in row.names for name in names):
        return True
    if change.kind == "position":
        rows = [row for row in migration.calls if _is_about(row.of, names)]
        return any(_covers_all_calls(row) or (row.v1 and (row.v2 is not None or row.drop)) for row in rows)
    if change.argument:
        return _declares_argument(change.argument, names, migration)
    # What it is called otherwise with, or that it is gone: a row that only changes arguments says nothing of the name.
    is_called_otherwise = any(
        (row.to or _covers_all_calls(row)) and _is_about(row.of, names) for row in migration.calls
    )
    is_member = any(f"{owner}.{row.v1}" in names for row in migration.members for owner in row.of)
    return _is_moved(change, migration) or is_called_otherwise or is_member


def _is_moved(change: Change, migration: Migration) -> bool:
    """Tell whether a row says where it went; one of a module around it does only if that is where it is.

    What an inventory does not list is reported to users wherever they name it.
    """
    if any(row.lacks(change.old) for row in migration.moves):
        return True
    move = renaming_of(migration.moves).of(change.old)
    is_named = any(row.old == change.old for row in migration.moves)
    return move is not None and (is_named or change.kind not in ("moved", "removed") or move.new == change.new)


def _declares_argument(argument: str, names: frozenset[str], migration: Migration) -> bool:
    rows = [row for row in migration.calls if _is_about(row.of, names)]
    if any(_covers_all_calls(row) or argument in _arguments_of(row) for row in rows):
        return True
    return any(row.of in names and row.v1 == argument for row in migration.arguments)


def _arguments_of(row: CallChange) -> Iterator[str]:
    """Yield every argument that a row is about, under its old and its new name."""
    for renaming in row.rename:
        yield from (renaming.v1, renaming.v2)
    for settings in (row.add, row.pin):
        yield from (setting.name for setting in settings)
    yield from (argument.name for rows in (row.mapped, row.when, row.matches, row.made_of) for argument in rows)
    yield from (*row.drop, *row.asks, *row.literal)


def _covers_all_calls(row: CallChange) -> bool:
    """True for a row that says what to do about any call."""
    return bool(row.say) and not row.asked


def _names_of(name: str, migration: Migration) -> Iterator[str]:
    """Yield the names under which a migration may speak of something: the old one, and where it, or its class, went."""
    old = name.removesuffix(".__init__")
    yield from dict.fromkeys([old, renaming_of(migration.moves).apply(old)])


def _is_about(owners: Iterable[str], names: frozenset[str]) -> bool:
    return any(_fits(owner, name) for owner in owners for name in names)


def _fits(pattern: str, name: str) -> bool:
    wanted, parts = pattern.split("."), name.split(".")
    return len(wanted) == len(parts) and all(
        pattern in ("*", part) for pattern, part in zip(wanted, parts, strict=True)
    )


def _lies_in(name: str, gone: str) -> bool:
    return name == gone or name.startswith(f"{gone}.")


def _is_listed(change: Change, migration: Migration) -> bool:
    return any(row.fits(change.name) for row in migration.unhandled)
