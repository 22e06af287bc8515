"""Read a call as the items from which `compatkit.migration.calling` plans the new call."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from compatkit.migration import CallChange
from compatkit.migration.calling import HALF, NOT_WRITTEN, SPREAD, Doubt, PlanItem, Planned, plan_items
from compatkit.rewrite.outcome import REVIEW

__all__ = ["NOT_WRITTEN", "SPREAD", "Doubt", "PlanItem", "Planned", "plan_call"]

# The name of an argument whose contents stand behind it as items of their own.
SPREAD_OUT = "** "
# Of a text that is put together, the parts that are filled in.
_CONVERSION = re.compile(r"%(?:\([^)]*\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[A-Za-z%]")
_FIELD = re.compile(r"\{[^{}]*\}")
# What a display makes, and other expressions of which the class is seen.
_KINDS: dict[type[ast.AST], type] = {
    ast.List: list,
    ast.ListComp: list,
    ast.Tuple: tuple,
    ast.Dict: dict,
    ast.DictComp: dict,
    ast.Set: set,
    ast.SetComp: set,
    ast.JoinedStr: str,
    ast.Lambda: object,
    ast.GeneratorExp: object,
}
# What evaluates without doing anything else.
_QUIET = (ast.Constant, ast.Name, ast.Attribute, ast.Load, ast.UnaryOp, ast.unaryop, ast.Tuple, ast.List)


@dataclass(frozen=True, slots=True)
class Spread:
    """A dict that a call spreads: where it is written out, a display or a call of `dict`, and its keys and values."""

    node: ast.Dict | ast.Call
    pairs: tuple[tuple[str, ast.expr], ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The facts known about the surroundings of a call.

    Attributes:
        may_make: whether a change may be made.
        name_of: the dotted name that an expression surely stands for.
        value_of: the expression that a name stands for, where nothing else binds it; else the name.
        is_written: whether a word stands anywhere in the file.
        is_option: whether an option of a command line with this name is defined in the file.
        spreads: what a `**` hands over.
        unspelled: arguments and values that no file of the project spells.
        read: what a `**` hands over, where that is known and may be used elsewhere as well.
        taker: the name of the function of whose own `**` parameter an expression is all.
    """

    may_make: Callable[[CallChange], bool] = lambda _: True
    name_of: Callable[[ast.expr], str] = lambda _: ""
    value_of: Callable[[ast.expr], ast.expr] = lambda node: node
    is_written: Callable[[str], bool] = lambda _: False
    is_option: Callable[[str], bool] = lambda _: False
    spreads: Mapping[ast.keyword, Spread] = field(default_factory=dict)
    unspelled: frozenset[str] = frozenset()
    read: Callable[[ast.expr], Spread | None] = lambda _: None
    taker: Callable[[ast.expr], str] = lambda _: ""


UNKNOWN = Circumstances()


def plan_call(
    call: ast.Call, changes: Sequence[CallChange], around: Circumstances = UNKNOWN
) -> tuple[Planned, list[Doubt]]:
    """Apply `changes` to a call: all that are its own, or none, because a call half of v1 runs on neither release."""
    items, changes = list(_items(call, around.spreads)), _concerning(call, changes, around)
    for item in items if any(change.made_of or change.matches for change in changes) else ():
        if isinstance(item.node, ast.expr) and not item.is_spread:
            _look_behind(item, around.value_of(item.node), around)
    classes = {str(name) for change in changes for row in change.made_of for name in row.values}
    if not any(around.is_written(name.rpartition(".")[2]) for name in classes):
        # Nothing in the file is made of them; what comes from elsewhere is v2's as well, once all is migrated.
        for item in items:
            item.is_open = False
    dicts = {row.name for change in changes for row in change.made_of if row.values == ("builtins.dict",)}
    for item in items:
        # What holds settings has numbers and texts, and a dict in the place of one where it is written so.
        item.is_open = item.is_open and not (item.name in dicts and isinstance(item.node, ast.Attribute))
    planned, doubts = plan_items(items, changes, around.may_make)
    doubts = [doubt for doubt in doubts if not _is_moot(doubt, items, around)]
    if planned.applied and any(_is_its_own(doubt, call) for doubt in doubts):
        # A row that only adds, for an argument of which a doubt tells already, has no more to say of it.
        told = {name for doubt in doubts for name in doubt.change.asked}
        half = [row for row in planned.applied if row.to or row.rename or not row.asked or row.asked - told]
        return Planned(list(_items(call, around.spreads))), [*doubts, *(Doubt(row, HALF) for row in half)]
    return planned, doubts


def advice_of_all(doubts: Sequence[Doubt]) -> dict[str, tuple[Doubt, str]]:
    """Return by its reason the first doubt about a value that is not written, with what all such rows say of it.

    Which of the rows it is, the value decides; a reader wants to know what it may become.
    """
    found: dict[str, tuple[Doubt, str]] = {}
    for doubt in doubts:
        if doubt.reason.endswith(NOT_WRITTEN) and not doubt.is_said:
            first, advice = found.get(doubt.reason, (doubt, ""))
            said = doubt.change.advice
            more = [said] if said and said not in (REVIEW, *advice.split("; ")) else []
            found[doubt.reason] = (first, "; ".join([*filter(None, [advice]), *more]))
    return found


def _is_its_own(doubt: Doubt, call: ast.Call) -> bool:
    """Tell whether a change that is not made is about what this call gives: a default or a `**` may go on as it was."""
    given = {word.arg for word in call.keywords} | set(doubt.change.v1[: len(call.args)])
    return not doubt.is_said and (bool(doubt.change.to) or not doubt.change.asked.isdisjoint(given))


def _is_moot(doubt: Doubt, items: Sequence[PlanItem], around: Circumstances) -> bool:
    """Tell whether no file of the project spells what an argument would have to be, or be called, to be changed."""
    if doubt.is_said or doubt.change.to:
        return False
    if doubt.reason.endswith(NOT_WRITTEN):
        return bool(doubt.change.value_words) and doubt.change.value_words <= around.unspelled
    is_named = any(item.is_spread and not item.is_starred for item in items)
    # Of what is given by position, a row that does not say where it stands tells nothing.
    spread = [item.node for item in items if item.is_spread and (doubt.change.v1 or not (is_named and item.is_starred))]
    is_own = all(isinstance(node, ast.expr) and _is_made_here(node, around) for node in spread)
    is_open = doubt.reason == SPREAD and is_own and bool(doubt.change.asked)
    takers = [around.taker(node) for node in spread if isinstance(node, ast.expr)]
    return is_open and all(
        name in around.unspelled or (all(takers) and {f"{taker}({name})" for taker in takers} <= around.unspelled)
        for name in doubt.change.asked
    )


def _concerning(call: ast.Call, changes: Sequence[CallChange], around: Circumstances) -> Sequence[CallChange]:
    """Leave out the rows that are none of a call, as is seen once all that it spreads is read."""
    read = {word: around.read(word.value) for word in call.keywords if word.arg is None and word not in around.spreads}
    spreads = {**around.spreads, **{word: spread for word, spread in read.items() if spread}}
    names = [item.name for item in _items(call, spreads) if item.name not in (None, SPREAD_OUT)]
    if not read or any(item.is_spread for item in _items(call, spreads)) or len(set(names)) < len(names):
        return changes
    kept = []
    for change in changes:
        planned, doubts = plan_items(list(_items(call, spreads)), [change], around.may_make)
        behind = {*(row.name for row in change.made_of), *(name for name, _ in change.matches)}
        if change.to or planned.applied or doubts or not behind.isdisjoint(names):
            kept.append(change)
    return kept


def _is_made_here(node: ast.expr, around: Circumstances) -> bool:
    """Tell whether what is spread is put together by the program, and not read from somewhere while it runs."""
    match around.value_of(node):
        case ast.Name() | ast.Dict() | ast.Attribute(value=ast.Name(id="self" | "cls")):
            return True
        case ast.BoolOp(values=values):
            return all(_is_made_here(value, around) for value in values)
        case ast.Call(func=ast.Name(id="dict")) | ast.Call(func=ast.Attribute(attr="copy" | "deepcopy")):
            return True
    return False


def _look_behind(item: PlanItem, node: ast.expr, around: Circumstances) -> None:
    """Note what an argument is made of, and what is written of its text, where a name stands for the value."""
    known = _literal(node)
    item.pieces = tuple(str(part) for part in known) if known else tuple(_pieces(node))
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    makers = [part.func for part in parts if isinstance(part, ast.Call)]
    is_dict = isinstance(node, ast.Dict | ast.DictComp)
    item.made = ("builtins.dict",) if is_dict else tuple(filter(None, map(around.name_of, makers)))
    item.is_list = isinstance(node, ast.List | ast.Tuple)
    item.is_open = any(_is_unknown(part, around) for part in parts)


def _is_unknown(node: ast.expr, around: Circumstances) -> bool:
    """True for what may be an object of any class: what a function returns, and what a class of this file makes."""
    if isinstance(node, ast.Call):
        return not (_last_name(node.func)[:1].isupper() and around.name_of(node.func))
    if isinstance(node, ast.Attribute) and around.is_option(node.attr):
        # A command line gives numbers and texts.
        return False
    is_class = _last_name(node)[:1].isupper() and bool(around.name_of(node))
    return not is_class and type(node) not in _KINDS and _literal(node) is None


def arguments_in_order(call: ast.Call) -> list[ast.expr | ast.keyword]:
    """Return the arguments in the order of the text: a keyword may stand before `*args`."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return sorted(given, key=lambda item: (item.lineno, item.col_offset))


def _items(call: ast.Call, spreads: Mapping[ast.keyword, Spread]) -> Iterator[PlanItem]:
    for index, given in enumerate(arguments_in_order(call)):
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


def _item(index: int, node: ast.expr, name: str | None) -> PlanItem:
    is_quiet = all(isinstance(part, _QUIET) for part in ast.walk(node))
    is_starred = isinstance(node, ast.Starred)
    return PlanItem(
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
        kind=_KINDS.get(type(node)),
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
    """Yield the parts of a text that are written: of a formatted string, and of one that is put together."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield from (part for value in parts if isinstance(value, ast.Constant) for part in _pieces(value))
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            yield from _CONVERSION.split(text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*_pieces(left), *_pieces(right))
        case ast.IfExp(body=left, orelse=right):
            yield from (*_pieces(left), *_pieces(right))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            yield from _FIELD.split(text)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="join"), args=[given]):
            yield text
            yield from (part for element in getattr(given, "elts", ()) for part in _pieces(element))
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="path") | ast.Attribute(attr="path"), attr="join"), args=parts
        ):
            yield "/".join("" for _ in parts)
            yield from (part for given in parts for part in _pieces(given))
        case ast.Call(func=ast.Name(id="str"), args=[ast.BinOp(op=ast.Div())]):
            yield "/"


def _literal(node: ast.expr) -> tuple[object] | None:
    try:
        return (ast.literal_eval(node),)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
