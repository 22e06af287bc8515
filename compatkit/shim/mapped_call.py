"""A call with v1's arguments, made as v2 takes it: by the table, and the code, by which the rewrite would change it.

A call that is made as it is written is told, where v1 meant something else by it, or v2 refuses it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from types import FrameType, FunctionType
from typing import NamedTuple

from compatkit.migration import CallChange, MemberChange
from compatkit.migration.calling import PlanItem, plan_items
from compatkit.shim.lookup import class_at
from compatkit.shim.warning import warn_changed, warn_left


class MappedCall(NamedTuple):
    """The arguments of a call under v2, and what was done to them."""

    args: tuple[object, ...]
    kwargs: dict[str, object]
    code: str
    steps: tuple[str, ...]


def map_arguments(
    changes: Sequence[CallChange], args: Sequence[object], kwargs: Mapping[str, object]
) -> MappedCall | None:
    """Return what becomes of a call; None where nothing does, because it is made as v2 takes it, or is in doubt."""
    planned, _ = plan_items(_items(changes, args, kwargs), changes, lambda _: True)
    if not planned.applied:
        return None
    kept = [(item.name, item.literal) for item in planned.items if not item.is_dropped]
    return MappedCall(
        tuple(value[0] for name, value in kept if name is None and value),
        {name: value[0] for name, value in kept if name is not None and value},
        planned.applied[0].code,
        tuple(planned.steps),
    )


def rows_about(
    changes: Sequence[CallChange], args: Sequence[object], kwargs: Mapping[str, object]
) -> list[tuple[CallChange, str]]:
    """Return the rows that say something of a call and leave it to a person, with what they say."""
    _, doubts = plan_items(_items(changes, args, kwargs), changes, lambda _: False)
    return [(doubt.change, "; ".join(filter(None, (doubt.reason, _advice(doubt.change))))) for doubt in doubts]


def _advice(change: CallChange) -> str:
    settings = ", ".join(f"{setting.name}={setting.value!r}" for setting in change.add)
    return f"give {settings} if that is meant" if settings else ""


def _items(changes: Sequence[CallChange], args: Sequence[object], kwargs: Mapping[str, object]) -> list[PlanItem]:
    given = [PlanItem(number, None, None, known=(value,)) for number, value in enumerate(args)]
    given += [
        PlanItem(number, None, name, known=(value,)) for number, (name, value) in enumerate(kwargs.items(), len(args))
    ]
    classes = dict.fromkeys(str(name) for change in changes for row in change.made_of for name in row.values)
    for item in given if classes else ():
        value = item.known[0] if item.known else None
        item.is_list = isinstance(value, list | tuple)
        parts = value if isinstance(value, list | tuple) else [value]
        item.made = tuple(name for name in classes if any(_is_made_of(part, name) for part in parts))
    return given


def _is_made_of(value: object, name: str) -> bool:
    """Tell whether a value is an object of a class, by its dotted name, that is imported already."""
    if name == "builtins.dict":
        return isinstance(value, dict)
    module, _, last = name.rpartition(".")
    kind = class_at(sys.modules.get(module), last)
    return kind is not None and isinstance(value, kind)


def holds_at_run_time(change: CallChange) -> bool:
    """Tell whether a change needs no more than the call: not the words of the file, nor a person's eye."""
    return change.about.confidence == "safe" and not change.say and not change.unless_mentioned


def renamed_at_run_time(member: MemberChange) -> bool:
    """Tell the same of a member: that it has a new name, which asks for nobody's eye."""
    return bool(member.v2) and member.about.confidence == "safe"


def is_of(function: object, change: CallChange) -> bool:
    """Tell whether a callable takes what a change makes, and not what it takes away: then it is v2's.

    v1's own has to be left as it is, and so is what cannot be told apart from it: a callable that takes any name, or
    a change of values alone.
    """
    try:
        parameters = inspect.signature(function).parameters  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    named = {
        name for name, found in parameters.items() if found.kind in (found.POSITIONAL_OR_KEYWORD, found.KEYWORD_ONLY)
    }
    renamed = {row.v1: row.v2 for row in change.rename}
    behind = change.v1[len(change.v2) :] if change.v2 is not None else ()
    made = {*renamed.values(), *(row.name for row in (*change.add, *change.pin))}
    made |= {renamed.get(name, name) for name in behind if name not in change.drop}
    takes_any = any(found.kind is found.VAR_KEYWORD for found in parameters.values())
    is_without = bool(change.drop) and not takes_any and not named.intersection(change.drop)
    return made <= named and (is_without if change.drop else bool(made))


class LeftRows(NamedTuple):
    """The rows of a callable that its calls are not changed by.

    `other` are those by which v1 meant something else; code that means v2's may give the same, so where the name moved
    they hold only once its `old` module was imported. `refused` asks for a person, and v2 may refuse the call.
    """

    other: tuple[CallChange, ...] = ()
    refused: tuple[CallChange, ...] = ()
    old: str = ""

    def of(self, function: object, fitting: Sequence[CallChange]) -> LeftRows:
        """Return those of them that are about this very callable: v2's, and no row `fitting` it."""
        plain = function.__func__ if isinstance(function, staticmethod | classmethod) else function
        if not isinstance(plain, FunctionType):
            return LeftRows()
        needed = {
            name
            for name, found in inspect.signature(plain).parameters.items()
            if found.default is found.empty and found.kind in (found.POSITIONAL_OR_KEYWORD, found.KEYWORD_ONLY)
        }
        refused = [row for row in self.refused if needed & {*row.lacks, *(setting.name for setting in row.add)}]
        other = [row for row in self.other if row not in fitting]
        return LeftRows(tuple(other), tuple(refused), self.old)

    def warn_of_meaning(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], caller: FrameType | None
    ) -> None:
        """Warn of a call that is made, and meant something else in v1."""
        if not self.other or (self.old and self.old not in sys.modules):
            return
        if mapped := map_arguments(self.other, args, kwargs):
            told = f"it runs with v2's meaning; v1's is had by {'; '.join(mapped.steps)}"
            warn_changed(mapped.code, name, [told], caller)

    def warn_of_refusal(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], caller: FrameType | None
    ) -> None:
        """Warn of a call that v2 refused, with what a person has to do."""
        for row, reason in rows_about(self.refused, args, kwargs):
            warn_left(row.code, name, reason, caller)
