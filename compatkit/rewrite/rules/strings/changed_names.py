"""Recognise strings that name renamed, changed or removed code: loading it by such a string breaks on v2."""

from __future__ import annotations

import ast
import re
from collections import ChainMap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from compatkit.migration import CallChange, MemberChange, Migration, Move
from compatkit.migration.model import UNHANDLED
from compatkit.migration.renaming import callable_names, owners_of
from compatkit.migration.value import cached_by_identity
from compatkit.rewrite.file.file import File
from compatkit.rewrite.rules.strings.string_takers import called

_FOLLOWED = frozenset({"import_module", "__import__"})
_OF_MODULES = frozenset({"delattr", "object", "setattr"})
_MODULES = frozenset({"import_module", "importorskip", "__import__"})


@dataclass(frozen=True, slots=True)
class ChangedName:
    """A dotted name of v1, and what a person has to know of it; a mock in its place may not mind.

    `move` leads to its new name, if it has one under which a mock can stand; `asked` are the arguments of which it must
    be given one to be called otherwise, or None where it always may be.
    """

    name: str
    code: str
    say: str
    move: Move | None = None
    minds_mocks: bool = True
    is_member: bool = False
    is_call: bool = False
    asked: frozenset[str] | None = None


class ChangedNames:
    """The names of some migrations whose interface changed."""

    def __init__(self, migrations: Iterable[Migration]) -> None:
        given = tuple(migrations)
        self._by_name = ChainMap(*map(_by_name, given))
        # A text of a hundred thousand dots would be joined as often.
        self._longest = max(map(_longest, given), default=0)

    def read(self, text: str) -> ChangedName | None:
        """Return what a text names if it is one of these names, or one with a colon, or a member of one."""
        parts = text.replace(":", ".").split(".")
        names = (".".join(parts[:size]) for size in range(min(len(parts), self._longest), 1, -1))
        return next((found for name in names if (found := self._by_name.get(name))), None)

    def read_used(self, text: str, file: File, node: ast.Constant) -> ChangedName | None:
        """Return what is used of a module that a text names, as in `import_module("shop").send`.

        Or what a text names of a module, as in `patch.object(shop, "send")`.
        """
        parents = file.parents
        call = parents.get(node)
        if not isinstance(call, ast.Call | ast.Subscript):
            return None
        if isinstance(call, ast.Call) and call.args[1:2] == [node] and called(call) in _OF_MODULES:
            owner = self._by_name.get(f"{file.import_of(call.args[0])}.{text}")
            return owner if owner and owner.minds_mocks and not owner.is_member else None
        if isinstance(call, ast.Call) and called(call) not in _MODULES:
            return None
        name = ""
        match parents.get(call):
            case ast.Attribute(attr=attribute):
                name = attribute
            case ast.Call(args=[first, ast.Constant(value=str(asked)), *_]) if first is call:
                name = asked
        used = self._by_name.get(f"{text}.{name}")
        # The call itself is followed, and rewritten or told, where its name stays.
        is_followed = isinstance(call, ast.Subscript) or called(call) in _FOLLOWED
        return None if used and used.is_call and used.move is None and is_followed else used


def names_changed(source: bytes, migration: Migration) -> bool:
    """Tell whether a configuration has a value that begins with one of the names."""
    return _as_values(migration).search(source) is not None


@cached_by_identity
def _as_values(migration: Migration) -> re.Pattern[bytes]:
    names = "|".join(re.escape(name).replace(r"\.", "[.:]") for name in _by_name(migration))
    return re.compile(rf"[:=]\s*[\"']?(?:{names})(?!\w)".encode())


@cached_by_identity
def _by_name(migration: Migration) -> dict[str, ChangedName]:
    found: dict[str, ChangedName] = {}
    for changed in _names(migration):
        if "*" not in changed.name:
            found.setdefault(changed.name, changed)
    return found


@cached_by_identity
def _longest(migration: Migration) -> int:
    return max((name.count(".") + 1 for name in _by_name(migration)), default=0)


def _names(migration: Migration) -> Iterator[ChangedName]:
    asked: dict[str, frozenset[str] | None] = {}
    asked |= {name: None for member in migration.members for name in owners_of(member, migration)}
    for call in migration.calls:
        for name in callable_names(call, migration):
            known = asked.get(name, frozenset())
            asked[name] = None if known is None or call.to or not call.asked else known | call.asked
    for call in migration.calls:
        for name in callable_names(call, migration):
            move = Move(call.code, name, call.to, call.about.confidence) if call.to else None
            about = ChangedName(name, call.code, _of_call(call), move, minds_mocks=bool(call.to), is_call=True)
            yield replace(about, asked=asked[name])
    for removal in migration.removed:
        yield from (ChangedName(name, removal.code, f"it is gone: {removal.say}") for name in removal.names)
    for row in migration.unhandled:
        yield ChangedName(row.name, UNHANDLED, f"it changed, and is left to you: {row.why}")
    members: dict[str, list[MemberChange]] = {}
    for member in migration.members:
        for name in dict.fromkeys(owners_of(member, migration)):
            old = f"{name}.{member.v1}"
            move = Move(member.code, old, f"{name}.{member.v2}", member.about.confidence) if member.v2 else None
            yield ChangedName(old, member.code, _of_members([member]), move, is_member=True)
            members.setdefault(name, []).append(member)
    makers = [(name.removesuffix("()"), kind) for name, kind in migration.types if name.endswith("()")]
    for name, owner in (*((owner, owner) for owner in members), *makers):
        if owner in members:
            yield ChangedName(name, members[owner][0].code, _of_members(members[owner]))


def _of_call(call: CallChange) -> str:
    if call.to:
        return f"{call.to} is the new home"
    asked = ", ".join(sorted(call.asked))
    return call.say or call.about.reason or f"it takes other arguments now{asked and f', not {asked}'}"


def _of_members(members: list[MemberChange]) -> str:
    return "; ".join(member.say or f"its {member.v1} is {member.v2} now" for member in members)
