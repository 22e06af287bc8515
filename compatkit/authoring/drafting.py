"""A `migration.toml` drafted from what changed: what is believed is written, the rest stands there as comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compatkit.authoring.interface_changes import Change
from compatkit.authoring.skeleton import SCHEMA_FILE
from compatkit.migration import Move
from compatkit.migration.contradictions import chains
from compatkit.migration.renaming import Renaming
from compatkit.safe_text import toml_text

_MOVED = ("moved", "module moved")


@dataclass(frozen=True, slots=True)
class Draft:
    """The subject of a draft."""

    migration_id: str
    package: str
    old_version: str
    new_version: str
    changes: tuple[Change, ...]

    def text(self) -> str:
        """Return the draft as TOML. It is a valid migration."""
        return "\n".join(self._lines()).rstrip() + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"#:schema ./{SCHEMA_FILE}"
        yield "# A draft: each entry was found by comparing the two releases. Read the evidence before you keep it."
        yield "schema = 1"
        yield f"id = {toml_text(self.migration_id)}"
        yield f"summary = {toml_text(f'Move from {self.package} {self.old_version} to {self.new_version}.')}"
        yield f"versions = {{ v1 = {toml_text(self.old_version)}, v2 = {toml_text(self.new_version)} }}"
        letters = re.sub("[^A-Z]", "", self.package.upper()).ljust(2, "X")
        moves, doubtful = _without_chains([change for change in self.changes if change.kind in _MOVED])
        members = [change for change in self.changes if change.kind == "renamed" and change.confidence != "manual"]
        renamed = [change for change in self.changes if change.kind == "argument renamed"]
        arguments = [change for change in renamed if change.confidence != "manual"]
        # With other arguments gone or renamed, the two rows of positions are a person's to write.
        changed = {change.old for change in self.changes if change.kind.startswith("argument ")}
        positions = [change for change in self.changes if change.kind == "position" and change.old not in changed]
        homes = [_move(change) for change in moves]
        gone = [change for change in self.changes if change.kind == "removed" and not change.is_member]
        ends = [change for change in self.changes if change.kind in ("removed", "argument removed")]
        # What collects keywords may still take an argument that it does not name.
        told = [change for change in ends if change not in gone and (change.say or not change.is_doubtful)]
        yield from _moves(moves, letters)
        yield from _members(members, homes, letters)
        yield from _calls(arguments, homes, letters)
        yield from _positions(positions, homes, letters)
        yield from _removed(gone, letters, self.new_version)
        yield from _announced_rows(told, homes, letters, self.new_version)
        written = {*moves, *members, *arguments, *positions, *gone, *told}
        left = [change for change in self.changes if change not in written]
        if left:
            yield from ("", "# What is left for you: declare it above, or take the comment signs away, and say why.")
            yield "# Until then, `compatkit migrations audit` names it."
        for change in left:
            doubt = " It would be a chain." if change in doubtful else ""
            yield from ("", _evidence(change) + doubt, "# [[unhandled]]", f"# name = {toml_text(change.name)}")
            yield f"# why = {toml_text(describe_change(change))}"


def describe_change(change: Change) -> str:
    """Say in a few words what changed."""
    match change.kind:
        case "moved" | "module moved" | "renamed":
            return f"{change.kind} to {change.new}"
        case "argument renamed":
            return f"the argument is called {change.new}"
        case "default":
            return "its default changed"
        case "position":
            return "it is no longer taken in its place"
        case "removed" | "deprecated":
            return f"it is {change.kind}"
        case "argument removed" | "argument added":
            return f"the argument is {change.kind.removeprefix('argument ')}"


def _moves(moves: Sequence[Change], letters: str) -> Iterator[str]:
    for code, change in zip(_codes(letters, 1, len(moves)), moves, strict=True):
        yield from ("", _evidence(change), "[[moves]]", f'code = "{code}"')
        if change.kind == "module moved":
            yield 'kind = "module"'
        yield f"old = {toml_text(change.old)}"
        yield f"new = {toml_text(change.new)}"
        yield from _confidence([change])


def _members(members: Sequence[Change], homes: Sequence[Move], letters: str) -> Iterator[str]:
    for code, change in zip(_codes(letters, 2, len(members)), members, strict=True):
        v1 = change.old.rpartition(".")[2]
        yield from ("", _evidence(change), "[[members]]", f'code = "{code}"')
        yield f"of = {_owners(change, homes, is_member=True)}"
        yield f"v1 = {toml_text(v1)}"
        yield f"v2 = {toml_text(change.new.rpartition('.')[2])}"
        yield from _confidence([change])


def _calls(arguments: Sequence[Change], homes: Sequence[Move], letters: str) -> Iterator[str]:
    """Yield a table for each callable: what is sure of its arguments apart from what is not."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in arguments:
        groups.setdefault((change.old, change.confidence), []).append(change)
    for code, changes in zip(_codes(letters, 3, len(groups)), groups.values(), strict=True):
        yield from ("", *map(_evidence, changes), "[[calls]]", f'code = "{code}"')
        yield f"of = {_owners(changes[0], homes)}"
        yield f"rename = {{ {', '.join(f'{change.argument} = {toml_text(change.new)}' for change in changes)} }}"
        yield from _confidence(changes)


def _positions(changes: Sequence[Change], homes: Sequence[Move], letters: str) -> Iterator[str]:
    for code, change in zip(_codes(letters, 4, len(changes)), changes, strict=True):
        kept = change.positions[: change.positions.index(change.argument)]
        yield from ("", _evidence(change), "[[calls]]", f'code = "{code}"')
        yield f"of = {_owners(change, homes)}"
        yield f"v1 = [{', '.join(map(toml_text, change.positions))}]"
        yield f"v2 = [{', '.join(map(toml_text, kept))}]"


def _removed(gone: Sequence[Change], letters: str, version: str) -> Iterator[str]:
    for code, change in zip(_codes(letters, 5, len(gone)), gone, strict=True):
        yield from ("", _evidence(change), "[[removed]]", f'code = "{code}"', f"name = {toml_text(change.old)}")
        yield f"say = {toml_text(change.say or f'{version} has nothing of this name')}"


def _announced_rows(told: Sequence[Change], homes: Sequence[Move], letters: str, version: str) -> Iterator[str]:
    """Yield rows that only say what the authors said, or that there is no such argument, or member, any more."""
    for code, change in zip(_codes(letters, 6, len(told)), told, strict=True):
        member = change.old.rpartition(".")[2]
        yield from ("", _evidence(change), "[[calls]]" if change.argument else "[[members]]", f'code = "{code}"')
        yield f"of = {_owners(change, homes, is_member=not change.argument)}"
        if change.argument in change.positions:
            yield f"v1 = [{', '.join(map(toml_text, change.positions))}]"
        yield f"asks = [{toml_text(change.argument)}]" if change.argument else f"v1 = {toml_text(member)}"
        yield f"say = {toml_text(change.say or f'{version} has nothing of this name')}"


def _owners(change: Change, homes: Sequence[Move], *, is_member: bool = False) -> str:
    """Return the names of a function, or of a member's class: the old ones, and those at new homes, if there are."""
    names = [name.removesuffix(".__init__") for name in (change.old, *change.others)]
    old = [name.rpartition(".")[0] for name in names] if is_member else names
    found = [toml_text(name) for name in dict.fromkeys([*old, *map(Renaming(homes).apply, old)])]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _confidence(changes: Sequence[Change]) -> Iterator[str]:
    if (confidence := changes[0].confidence) != "safe":
        yield f'confidence = "{confidence}"'


def _without_chains(changes: list[Change]) -> tuple[list[Change], list[Change]]:
    """Put aside what the loader would refuse: a move to what itself moves."""
    kept = list(changes)
    doubtful: list[Change] = []
    while True:
        refused = {move.old for move, _ in chains(map(_move, kept))}
        chained = [change for change in kept if change.old in refused]
        if not chained:
            return kept, doubtful
        doubtful += chained
        kept = [change for change in kept if change not in chained]


def _move(change: Change) -> Move:
    return Move("XX100", change.old, change.new, kind="module" if change.kind == "module moved" else "symbol")


def _codes(letters: str, hundred: int, count: int) -> list[str]:
    """Return codes of as many digits as there must be: 101, 102, …, or 1001, 1002, …"""
    zeros = len(str(max(count, 99)))
    return [f"{letters}{hundred}{number:0{zeros}}" for number in range(1, count + 1)]


def _evidence(change: Change) -> str:
    evidence = " ".join(change.evidence.split())
    return f"# {describe_change(change)}; confidence: {change.confidence}; evidence: {evidence}"
