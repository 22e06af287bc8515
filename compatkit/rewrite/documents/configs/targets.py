"""Decide what becomes of the arguments in a configuration under the declared changes of their callable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from compatkit.migration import CallChange, KeyChange, Migration, Removal
from compatkit.rewrite.documents.configs.pairs import MERGE, ConfigMappings, Pair, Path
from compatkit.rewrite.documents.document_text import Request, TextFinding, TextFound
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.rules.calls.facts import Index
from compatkit.rewrite.rules.calls.plan import SPREAD, Doubt, PlanItem, Planned, advice_of_all, plan_call

# Hydra's own keys; of these, `_args_` are arguments by position.
_TARGET, _POSITIONAL, _PARTIAL = "_target_", "_args_", "_partial_"
_OF_HYDRA = frozenset({_TARGET, _POSITIONAL, _PARTIAL, "_recursive_", "_convert_", "_mode_"})
# jsonargparse's, which Lightning's command line uses.
_CLASS, _ARGUMENTS, _MORE_ARGUMENTS = "class_path", "init_args", "dict_kwargs"
MARKS = (_TARGET, _CLASS)
_SHARED = "other mappings share its keys"


# What needs no quotes, and means itself, in every language of configurations.
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_READ_OTHERWISE = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null", "nan", "inf"})


@dataclass(frozen=True, slots=True)
class ConfigTarget:
    """A callable and the pairs that are its arguments; `named` is the pair that names it, if one does.

    `open_end` says why there may be more arguments than these; `row` is what declares the place, if one does.
    """

    of: str
    arguments: tuple[Pair, ...]
    at: int
    named: Pair | None = None
    open_end: str = ""
    row: KeyChange | None = None


def find_targets(config: ConfigMappings, migrations: Iterable[Migration]) -> Iterator[ConfigTarget]:
    """Yield every mapping that is known to hold arguments."""
    for path, pairs in config.mappings.items():
        by_name = {pair.name: pair for pair in pairs}
        if len(by_name) < len(pairs):
            # A key that stands there twice: which of them counts is the reader's choice.
            continue
        if (named := by_name.get(_TARGET)) and named.text:
            arguments = tuple(pair for pair in pairs if pair.name not in _OF_HYDRA)
            yield ConfigTarget(named.text, arguments, named.at, named, _open_end(by_name))
        elif (named := by_name.get(_CLASS)) and named.text:
            inner = config.mappings.get((*path, _ARGUMENTS), [])
            is_open = "`dict_kwargs` gives it more arguments" if _MORE_ARGUMENTS in by_name else ""
            yield ConfigTarget(named.text, tuple(inner), named.at, named, is_open)
    told: set[Path] = set()
    for row in (row for migration in migrations for row in migration.keys if row.of):
        yield from _declared(config, row, told)


def is_meant(config: ConfigMappings, row: KeyChange) -> bool:
    """Tell whether a file is one of those that a row is about."""
    return all(config.has(path) for path in row.beside)


def _declared(config: ConfigMappings, row: KeyChange, told: set[Path]) -> Iterator[ConfigTarget]:
    """Yield the mappings that a row is about, but for those that another row has told of."""
    if not is_meant(config, row):
        return
    for path in (path for path in config.mappings_at(row.v1) if path not in told):
        told.add(path)
        pairs = config.mappings[path]
        names = [pair.name for pair in pairs]
        # What names its callable itself is judged by that.
        if len(set(names)) == len(names) and not set(MARKS).intersection(names):
            yield ConfigTarget(row.of, tuple(pairs), pairs[0].at, row=row)


def _open_end(by_name: dict[str, Pair]) -> str:
    if _POSITIONAL in by_name:
        return "it is given arguments by position"
    partial = by_name.get(_PARTIAL)
    return "`_partial_` may be given more arguments later" if partial and partial.literal != (False,) else ""


def is_merged(target: ConfigTarget) -> bool:
    """Tell whether the pairs of another mapping belong to this one, or its own to another."""
    return any(pair.name == MERGE or pair.is_shared for pair in target.arguments)


def judge_target(config: ConfigMappings, target: ConfigTarget, index: Index, request: Request) -> TextFound:
    """Edit keys, and values that are strings, where the request allows it; else report them."""
    noted = TextFound()
    if removal := index.around(target.of):
        noted.findings.append(_finding(target, removal, f"{target.of} is gone: {removal.say}", is_manual=True))
    # All is given by name here, so that positions do not matter.
    changes = [replace(change, v1=(), v2=None) for change in index.calls_of(target.of)]
    planned, doubts = _plan(target, changes)
    reason = _why_left(config, target, (planned, doubts), request)
    if reason and target.row:
        noted.findings += [found for pair in target.arguments for found in _report(target, pair, changes, reason)]
        unasked = [change for change in planned.applied if not change.asked]
        noted.findings += [_reported(target, change, reason) for change in unasked]
        return noted
    advised = advice_of_all(doubts)
    for doubt in doubts:
        first, advice = advised.get(doubt.reason, (doubt, ""))
        if doubt is first or doubt.is_said:
            told = _doubted(target, doubt)
            noted.findings.append(replace(told, message=f"{told.message} ({advice})") if advice else told)
    if not planned.applied:
        return noted
    edits = list(_drafts(target, planned))
    if not reason:
        noted.edits += edits
    elif _keeps_keys(planned) and edits:
        noted.findings += [_left(edit, reason) for edit in edits]
    else:
        noted.findings += [_reported(target, change, reason) for change in planned.applied]
    return noted


def _why_left(
    config: ConfigMappings, target: ConfigTarget, found: tuple[Planned, list[Doubt]], request: Request
) -> str:
    """Return why the keys of a mapping are not edited: a call is edited by all its rows or by none."""
    planned, doubts = found
    reason = target.row.about.reason if target.row and target.row.about.confidence == "manual" else ""
    reason = reason or ("" if _keeps_keys(planned) else "keys would have to be added or taken out")
    return reason or ("other rows are left to a person" if doubts else "") or _doubt(config, target, planned, request)


def _report(target: ConfigTarget, pair: Pair, changes: Sequence[CallChange], reason: str) -> Iterator[TextFinding]:
    """Yield at most one finding for an argument, with what becomes of it."""
    planned, doubts = _plan(target, [change for change in changes if pair.name in change.asked])
    if said := [doubt for doubt in doubts if doubt.is_said and pair.name in doubt.change.asked]:
        yield TextFinding(
            pair.at, pair.at, said[0].change.code, f"{target.of}: {pair.name}: {said[0].reason}", "manual"
        )
    elif rows := [*planned.applied, *(doubt.change for doubt in doubts)]:
        advice = "; ".join(dict.fromkeys(row.advice for row in rows if row.advice))
        is_out = any(pair.name in row.drop for row in planned.applied)
        reason = doubts[0].reason if doubts and not planned.applied else reason
        message = f"{target.of}: {pair.name}: {'leave it out: ' if is_out else ''}{advice}; not rewritten: {reason}"
        yield TextFinding(pair.at, pair.at, rows[0].code, message)


def may_stand(text: str) -> bool:
    """Tell whether a new key or value can be written as it is, whatever the quotes around the old one."""
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _READ_OTHERWISE


def _plan(target: ConfigTarget, changes: Sequence[CallChange]) -> tuple[Planned, list[Doubt]]:
    return plan_call(_call(target), changes)


def _keeps_keys(planned: Planned) -> bool:
    """True for what only renames keys and changes values; to add or take out a line is left to a person."""
    return all(item.index is not None and not item.is_dropped for item in planned.items)


def _call(target: ConfigTarget) -> ast.Call:
    """Return the call that the mapping is, as far as the plan of a call looks at it."""
    keywords = [
        ast.keyword(arg=pair.name, value=_node(pair), lineno=1, col_offset=number)
        for number, pair in enumerate(target.arguments)
    ]
    if target.open_end or is_merged(target):
        keywords.append(ast.keyword(arg=None, value=ast.Name("others"), lineno=1, col_offset=len(keywords)))
    return ast.Call(func=ast.Name("target"), args=[], keywords=keywords)


def _node(pair: Pair) -> ast.expr:
    # To take out a name does nothing else.
    return ast.Constant(pair.literal[0]) if pair.literal else ast.Name("collection")  # type: ignore[arg-type]


def _drafts(target: ConfigTarget, planned: Planned) -> Iterator[Edit]:
    to = next((change for change in planned.applied if change.to), None)
    if to and target.named and target.named.value:
        message = f"{target.of} -> {to.to}"
        yield Edit(*target.named.value, to.to, to.code, target.named.at, message)
    for item, pair in zip(planned.items, target.arguments, strict=False):
        if item.name and item.name != pair.name and pair.key:
            code = _code_of(planned, pair.name)
            yield Edit(*pair.key, item.name, code, pair.at, f"{target.of}: {pair.name} -> {item.name}")
        if item.value and pair.value:
            code, value = _code_of(planned, pair.name), item.value[0]
            message = f"{target.of}: {pair.name}: {pair.text!r} -> {value!r}"
            yield Edit(*pair.value, str(value), code, pair.at, message)


def _doubt(config: ConfigMappings, target: ConfigTarget, planned: Planned, request: Request) -> str:
    if any(change.about.confidence == "manual" for change in planned.applied):
        return next(c.about.reason for c in planned.applied if c.about.confidence == "manual") or "a person decides"
    if target.open_end or is_merged(target):
        return target.open_end or _SHARED
    for item, pair in zip(planned.items, target.arguments, strict=False):
        if reason := _doubt_pair(config, item, pair):
            return reason
    if any(change.to for change in planned.applied) and target.named and not target.named.value:
        return "the name of its class is not spelled out"
    return "" if request.may_review else "made with --confidence review"


def _doubt_pair(config: ConfigMappings, item: PlanItem, pair: Pair) -> str:
    if item.name != pair.name:
        if not (pair.key and item.name and may_stand(item.name)):
            return f"the key `{pair.name}` is not spelled plainly"
        if config.refers_to(pair.name):
            return f"`${{…}}` in this file reads `{pair.name}`"
    if item.value and not (pair.value and isinstance(item.value[0], str) and may_stand(item.value[0])):
        return f"the value of `{pair.name}` is not a plain string, or becomes none"
    return ""


def _reported(target: ConfigTarget, change: CallChange, reason: str) -> TextFinding:
    """Say of one of the rows that apply what it would do, at the key that it is about."""
    steps = _plan(target, [change])[0].steps
    what = "; ".join([f"{target.of} -> {change.to}" if change.to else target.of, *steps])
    return _finding(target, change, f"{what}; not rewritten: {reason}")


def _left(edit: Edit, reason: str) -> TextFinding:
    return TextFinding(edit.at, max(edit.at, edit.end), edit.code, f"{edit.message}; not rewritten: {reason}")


def _doubted(target: ConfigTarget, doubt: Doubt) -> TextFinding:
    change = doubt.change
    what = change.to or ", ".join(sorted(change.asked))
    about = f"{target.of}: {what}" if what else target.of
    reason = (target.open_end or _SHARED) if doubt.reason.startswith(SPREAD) else doubt.reason
    message = f"{target.of}: {reason}" if doubt.is_said else f"{about}; not rewritten: {reason}"
    return _finding(target, change, message, is_manual=doubt.is_said)


def _finding(
    target: ConfigTarget, change: CallChange | Removal, message: str, *, is_manual: bool = False
) -> TextFinding:
    asked = change.asked if isinstance(change, CallChange) else frozenset()
    at = min((pair.at for pair in target.arguments if pair.name in asked), default=target.at)
    return TextFinding(at, at, change.code, message, "manual" if is_manual else "review")


def _code_of(planned: Planned, name: str) -> str:
    """Return the code of the change that is about an argument."""
    for change in planned.applied:
        if name in {row.v1 for row in change.rename} | {row.name for row in change.mapped}:
            return change.code
    return planned.applied[0].code
