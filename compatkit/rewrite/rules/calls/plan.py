"""A call as it is written, as the items of which `compatkit.migration.calling` plans what becomes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from compatkit.migration import CallChange
from compatkit.migration.calling import SPREAD, Doubt, Item, Planned, plan_items

__all__ = ["SPREAD", "Doubt", "Item", "Planned", "plan_call"]

# The name of an argument whose contents stand behind it as items of their own.
SPREAD_OUT = "** "
_HALF = "another change of this call is left to a person"
# What evaluates without doing anything else.
_QUIET = (ast.Constant, ast.Name, ast.Attribute, ast.Load, ast.UnaryOp, ast.unaryop, ast.Tuple, ast.List)


@dataclass(frozen=True, slots=True)
class Spread:
    """A dict that a call spreads: where it is written out, a display or a call of `dict`, and its keys and values."""

    node: ast.Dict | ast.Call
    pairs: tuple[tuple[str, ast.expr], ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around a call.

    Attributes:
        may_make: whether a change may be made.
        name_of: the dotted name that an expression surely stands for.
        spreads: what a `**` hands over.
    """

    may_make: Callable[[CallChange], bool] = lambda _: True
    name_of: Callable[[ast.expr], str] = lambda _: ""
    spreads: Mapping[ast.keyword, Spread] = field(default_factory=dict)


UNKNOWN = Circumstances()


def plan_call(
    call: ast.Call, changes: Sequence[CallChange], around: Circumstances = UNKNOWN
) -> tuple[Planned, list[Doubt]]:
    """Apply `changes` to a call: all that are its own, or none, because a call half of v1 runs on neither release."""
    items = list(_items(call, around.spreads))
    for item in items if any(change.made_of for change in changes) else ():
        is_dict = isinstance(item.node, ast.Dict | ast.DictComp)
        item.made = ("builtins.dict",) if is_dict else tuple(filter(None, map(around.name_of, _makers(item.node))))
        item.is_list = isinstance(item.node, ast.List | ast.Tuple)
    planned, doubts = plan_items(items, changes, around.may_make)
    if planned.applied and any(_is_its_own(doubt, call) for doubt in doubts):
        return Planned(list(_items(call, around.spreads))), [*doubts, *(Doubt(each, _HALF) for each in planned.applied)]
    return planned, doubts


def _is_its_own(doubt: Doubt, call: ast.Call) -> bool:
    """Tell whether a change that is not made is about what this call gives: a default or a `**` may go on as it was."""
    given = {word.arg for word in call.keywords} | set(doubt.change.v1[: len(call.args)])
    return not doubt.is_said and (bool(doubt.change.to) or not doubt.change.asked.isdisjoint(given))


def _makers(node: object) -> list[ast.expr]:
    """Return what is called to make a value, or the elements of a list."""
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [part.func for part in parts if isinstance(part, ast.Call)]


def in_order(call: ast.Call) -> list[ast.expr | ast.keyword]:
    """Return the arguments in the order of the text: a keyword may stand before `*args`."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return sorted(given, key=lambda item: (item.lineno, item.col_offset))


def _items(call: ast.Call, spreads: Mapping[ast.keyword, Spread]) -> Iterator[Item]:
    for index, given in enumerate(in_order(call)):
        if isinstance(given, ast.keyword) and (spread := spreads.get(given)):
            yield _item(index, given.value, SPREAD_OUT)
            for number, (name, value) in enumerate(spread.pairs):
                item = _item(number, value, name)
                item.within = spread.node
                yield item
        elif isinstance(given, ast.keyword):
            yield _item(index, given.value, given.arg or "**")
        else:
            yield _item(index, given, None)


def _item(index: int, node: ast.expr, name: str | None) -> Item:
    is_quiet = all(isinstance(part, _QUIET) for part in ast.walk(node))
    is_starred = isinstance(node, ast.Starred)
    return Item(
        index,
        node,
        name,
        known=_literal(node),
        is_starred=is_starred,
        is_quiet=is_quiet,
        choices=tuple(_choices(node)),
        pieces=tuple(_pieces(node)),
        is_call=isinstance(node, ast.Call),
        is_object=isinstance(node, ast.Call) and _last_name(node.func)[:1].isupper(),
    )


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _choices(node: ast.expr) -> Iterator[object]:
    """Yield the literals of which a conditional expression is one; none where one of them is not written."""
    if not isinstance(node, ast.IfExp):
        return
    found: list[object] = []
    for branch in (node.body, node.orelse):
        one = [*(_literal(branch) or ())] or [*_choices(branch)]
        if not one:
            return
        found += one
    yield from found


def _pieces(node: ast.expr) -> Iterator[str]:
    """Yield the parts of a formatted string that are written."""
    if isinstance(node, ast.JoinedStr):
        parts = (part.value for part in node.values if isinstance(part, ast.Constant))
        yield from (part for part in parts if isinstance(part, str))


def _literal(node: ast.expr) -> tuple[object] | None:
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
