"""Turn a call into what it becomes under the changes of its callable, or say why a person has to decide.

The rewrite asks this of a call in the source, the shim of one that is being made: both act on one table in one way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from compatkit.migration.changes import CallChange

SPREAD = "it is given `*args` or `**kwargs`, whose contents are not known here"
HALF = "another change of this call is left to a person"
NOT_WRITTEN = "is not written here"
# Stands before the names of those that a call with such contents may give.
CHANGED_ARGUMENTS = "arguments of it that changed: "


@dataclass(slots=True)
class PlanItem:
    """One argument: of the call, if it has an `index`; else new.

    `name` is the name by which it is passed, None by position; `known`, in a tuple, is its value where that is known,
    `value` what takes its place. `node` is how it is written, if it is. `before` is the item in front of which a new
    one is put. `is_quiet` tells that nothing happens when it is evaluated. Where the value is not known, it is one of
    `choices`, if there are any; `pieces` are the parts of a text that are written. What a call returns is not None, nor
    a literal where the callee has the name of a class (`is_object`); of a list that is written, or a text that is put
    together, the `kind` is known. `made` are the dotted names of what is called to make the value, or the elements of a
    list; `is_open` tells that it may be made of something else. `within` is the dict in which it is written, which the
    call spreads.
    """

    index: int | None
    node: object | None
    name: str | None
    value: tuple[object] | None = None
    is_dropped: bool = False
    before: PlanItem | None = None
    known: tuple[object] | None = None
    is_starred: bool = False
    is_quiet: bool = True
    choices: tuple[object, ...] = ()
    pieces: tuple[str, ...] = ()
    kind: type | None = None
    is_call: bool = False
    is_object: bool = False
    made: tuple[str, ...] = ()
    is_list: bool = False
    is_open: bool = False
    within: object | None = None

    @property
    def is_spread(self) -> bool:
        return self.is_starred or (self.index is not None and self.name == "**")

    @property
    def literal(self) -> tuple[object] | None:
        """The value, in a tuple, if it is known."""
        return self.value if self.value is not None else self.known

    def may_be(self, values: Iterable[object]) -> bool:
        """False where the value is certainly none of these literals."""
        if self.is_object and self.literal is None:
            return False
        if self.is_call and self.literal is None:
            return any(value is not None for value in values)
        if self.kind and self.literal is None:
            return any(type(value) is self.kind for value in values)
        known = self.literal or self.choices
        return not known or any(_same(one, value) for one in known for value in values)

    def contains(self, pattern: str) -> bool:
        """True where what is written of the text contains a regular expression."""
        texts = self.literal or self.choices or self.pieces
        return any(re.search(pattern, text) for text in texts if isinstance(text, str))


@dataclass(slots=True)
class Planned:
    """The items of a call, and what was done, change by change."""

    items: list[PlanItem]
    steps: list[str] = field(default_factory=list)
    applied: list[CallChange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a change is not made."""

    change: CallChange
    reason: str
    is_said: bool = False


def plan_items(
    items: Sequence[PlanItem], changes: Sequence[CallChange], may_make: Callable[[CallChange], bool]
) -> tuple[Planned, list[Doubt]]:
    """Apply `changes` one after another; each is made as a whole, or doubted. `may_make`: not only reported."""
    planned = Planned(list(items))
    doubts: list[Doubt] = []
    as_given = [(item.name, item) for item in items]
    told: set[str] = set()
    for change in changes:
        attempt = _Attempt(planned.items, change, as_given)
        # Of an argument that a row above leaves to a person, no row below makes anything.
        if attempt.says_nothing() or _about(change) & told:
            continue
        reason = attempt.doubt()
        if change.say and not reason:
            told |= _about(change)
        if reason or change.say:
            doubts.append(Doubt(change, reason or change.say, is_said=not reason))
        elif not may_make(change):
            doubts.append(Doubt(change, change.about.reason or "it asks for a person's eye"))
        elif (steps := attempt.apply()) or change.to:
            planned.steps += steps
            planned.applied.append(change)
    return planned, _strongest(doubts)


def _about(change: CallChange) -> frozenset[str]:
    """Return the arguments that a row is about; of one that says something of every call, the call itself."""
    is_of_all = change.say and not (change.unless or change.lacks)
    return change.asked or frozenset({"()"} if is_of_all else ())


def _made_by(change: CallChange, name: str) -> frozenset[object]:
    return frozenset(value for row in change.made_of if row.name == name for value in row.values)


def _strongest(doubts: list[Doubt]) -> list[Doubt]:
    """Leave out doubts about arguments of which another change says more, and about what is not given besides."""
    said = frozenset(name for doubt in doubts if doubt.is_said for name in doubt.change.asked)
    told = [doubt for doubt in doubts if doubt.is_said or not (doubt.change.asked & said)]
    given = [doubt for doubt in told if doubt.is_said or doubt.change.to or doubt.change.asked]
    return given or told


class _Attempt:
    """One change of one call; nothing of the items is touched before `apply`."""

    def __init__(
        self, items: list[PlanItem], change: CallChange, as_given: Sequence[tuple[str | None, PlanItem]]
    ) -> None:
        self._items = items
        self._as_given = as_given
        self._change = change
        self._is_spread = any(item.is_spread for item in items)
        positional = [item for item in items if item.name is None]
        self._positions = {id(item): at for at, item in enumerate(positional)}
        self._has_starred = any(item.is_starred for item in positional)

    def says_nothing(self) -> bool:
        """True where the change is none of this call."""
        change = self._change
        for condition in change.when:
            item = self._find(condition.name)
            if (item is None and not self._is_spread) or (item is not None and not item.may_be(condition.values)):
                return True
        for match in change.matches:
            item = self._given(match.name)
            if (item is None and not self._is_spread) or (item is not None and not item.contains(match.pattern)):
                return True
        for made in change.made_of:
            item = self._find(made.name)
            if item is None and not self._is_spread:
                return True
            if item is not None and not (item.is_open or {*item.made} & {*made.values}):
                return True
        for other in change.unless_when:
            if (item := self._given(other.name)) and item.literal and item.may_be(other.values):
                return True
        for match in change.unless_matches:
            if (item := self._given(match.name)) and item.literal and item.contains(match.pattern):
                return True
        if any(map(self._given, change.unless)) or (change.lacks and all(map(self._given, change.lacks))):
            return True
        if change.asked and not change.matches and not any(self._find(name) for name in change.asked):
            targets = {row.v2 for row in change.rename}
            return not self._is_spread or any(self._find(name) for name in targets)
        if change.pin and not (change.to or change.rename or change.add):
            return all(self._find(row.name) for row in change.pin)
        if change.add and not (change.to or change.rename or change.drop or change.mapped):
            return all(self._find(row.name) for row in change.add)
        if change.mapped and not (change.rename or change.add or change.drop or change.to):
            return not self._is_spread and not any(self._mapped(item) for item in self._items)
        return False

    def doubt(self) -> str:
        change = self._change
        if self._is_spread and not self._is_certain_with_spread():
            return SPREAD
        for name in (*(row.name for row in change.when), *change.literal):
            if (item := self._find(name)) and item.literal is None:
                return f"the value of `{name}` {NOT_WRITTEN}"
        for name in (row.name for row in change.made_of):
            if (item := self._find(name)) and item.is_list:
                return f"`{name}` is a list"
            if item and item.is_open and not (len(item.made) == 1 and {*item.made} <= _made_by(change, name)):
                return f"it is not seen here what `{name}` is made of"
        given: dict[str, str] = {}
        for row in change.rename:
            if self._find(row.v1):
                first = given.setdefault(row.v2, row.v1)
                if first != row.v1 or self._find(row.v2):
                    return f"both `{row.v1}` and `{row.v2 if first == row.v1 else first}` are given"
        if change.pin and len(self._positions) > len(change.v1):
            return f"its positional argument {len(change.v1) + 1} is not declared, and may be what is pinned"
        for name in change.drop:
            if (item := self._find(name)) and not item.is_quiet:
                return f"the value of `{name}`, which is gone, does something when it is evaluated"
        for setting in change.add:
            item = self._find(setting.name)
            if item and not ((value := item.literal) and _same(value[0], setting.value)):
                return f"`{setting.name}` is given already"
        for name in {row.name for row in change.mapped}:
            if (item := self._find(name)) and item.literal is None and self._mapped(item):
                return f"the value of `{name}` {NOT_WRITTEN}"
        return self._doubt_positions()

    def apply(self) -> list[str]:
        change, steps = self._change, []
        dropped: list[PlanItem] = []
        anchor: PlanItem | None = None
        for row in change.mapped:
            item = self._find(row.name)
            if item and (value := item.literal) and _same(value[0], row.v1):
                item.value = (row.v2,)
                steps.append(f"{row.name}: {row.v1!r} -> {row.v2!r}")
        renamed = {renaming.v1: renaming.v2 for renaming in change.rename}
        for name in change.drop:
            if item := self._find(name):
                dropped.append(item)
                steps.append(f"{name} dropped")
        for renaming in change.rename:
            if item := self._find(renaming.v1):
                if item.name is not None:
                    item.name = renaming.v2
                    steps.append(f"{renaming.v1} -> {renaming.v2}")
                anchor = anchor or item
        steps += self._convert(renamed, dropped)
        for item in dropped:
            item.is_dropped = True
        steps += self._add(dropped, anchor)
        return steps

    def _add(self, dropped: list[PlanItem], anchor: PlanItem | None) -> Iterator[str]:
        change = self._change
        free = [item for item in dropped if item.name is not None]
        front = self._front()
        first = [setting for setting in change.add if setting.name in front]
        for number, setting in enumerate(first):
            self._items.insert(number, PlanItem(None, None, None, (setting.value,)))
            yield f"{setting.value!r} added"
        for setting in (*change.add, *change.pin):
            if setting.name in front or self._find(setting.name):
                continue
            yield f"{setting.name}={setting.value!r} added"
            if free:
                # It takes the place of what is gone.
                item = free.pop(0)
                item.name, item.value, item.is_dropped = setting.name, (setting.value,), False
            else:
                before = anchor if setting in change.add else None
                self._items.append(PlanItem(None, None, setting.name, (setting.value,), before=before))

    def _front(self) -> list[str]:
        """Return the names of what is added in front, by position."""
        change = self._change
        if not change.to or change.v2 is None:
            return []
        added = {setting.name for setting in change.add}
        front: list[str] = []
        for name in change.v2:
            if name not in added:
                break
            front.append(name)
        return front

    def _convert(self, renamed: dict[str, str], dropped: list[PlanItem]) -> Iterator[str]:
        """Pass by name what is not at its place any more."""
        for item, name, stays in self._placed(renamed, dropped):
            if not stays and item not in dropped:
                item.name = name
                yield f"positional argument {self._positions[id(item)] + 1} -> {name}"

    def _placed(self, renamed: dict[str, str], dropped: Sequence[PlanItem]) -> Iterator[tuple[PlanItem, str, bool]]:
        """Yield the positional items, their v2 names, and whether they stay positional."""
        change = self._change
        positional = [item for item in self._items if item.name is None and item.index is not None]
        order = change.v2 if change.v2 is not None else change.v1
        if change.v2 is None and not any(item in dropped for item in positional):
            return
        at, stays = len(self._front()), True
        for item in positional:
            v1 = self._name_of(item)
            name = renamed.get(v1, v1)
            if item in dropped:
                stays = stays and change.v2 is not None
                yield item, name, True
                continue
            stays = stays and bool(name) and at < len(order) and order[at] == name
            at += 1
            yield item, name, stays

    def _doubt_positions(self) -> str:
        change = self._change
        renamed = {row.v1: row.v2 for row in change.rename}
        dropped = [item for name in change.drop if (item := self._find(name))]
        placed = list(self._placed(renamed, dropped))
        if self._has_starred and (self._front() or not all(stays for _, _, stays in placed)):
            return SPREAD
        for item, name, stays in placed:
            if not stays and not name:
                number = self._positions.get(id(item), 0) + 1
                return f"its positional argument {number} is not declared"
            if not stays and item not in dropped and self._find(name) not in (None, item):
                return f"`{name}` is given twice"
        return ""

    def _is_certain_with_spread(self) -> bool:
        """True for changes of nothing but arguments that are written out by name, or that v1 did not take."""
        change = self._change
        if change.to and not (self._has_starred or change.rename or change.pin or change.drop or change.mapped):
            return not change.when
        if change.to or change.add or change.pin or change.drop or self._has_starred:
            return False
        asked = [self._find(name) for name in change.asked]
        return bool(asked) and all(item is not None and item.name is not None for item in asked)

    def _mapped(self, item: PlanItem) -> bool:
        name = item.name or self._name_of(item)
        values = [row.v1 for row in self._change.mapped if row.name == name]
        return bool(values) and item.may_be(values)

    def _given(self, name: str) -> PlanItem | None:
        """Return the argument that the call had under this name before anything was changed in it."""
        if named := [item for given, item in self._as_given if given == name]:
            return named[0]
        positional = [item for given, item in self._as_given if given is None]
        at = self._change.v1.index(name) if name in self._change.v1 else len(positional)
        is_known = at < len(positional) and not any(item.is_starred for item in positional[: at + 1])
        return positional[at] if is_known else None

    def _find(self, name: str) -> PlanItem | None:
        for item in self._items:
            if not item.is_dropped and not item.is_spread and (item.name == name or self._name_of(item) == name):
                return item
        return None

    def _name_of(self, item: PlanItem) -> str:
        """Return the parameter that a positional argument is for."""
        if item.name is not None or self._has_starred:
            return ""
        at = self._positions.get(id(item), -1)
        return self._change.v1[at] if 0 <= at < len(self._change.v1) else ""


def _same(one: object, other: object) -> bool:
    """Compare literals: 1, 1.0 and True are three of them."""
    return type(one) is type(other) and one == other
