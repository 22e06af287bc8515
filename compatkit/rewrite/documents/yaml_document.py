"""Rewrite YAML files: values that are exactly an old dotted name. Needs PyYAML, without which it only reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from compatkit.budget import Budget, BudgetError, require_depth
from compatkit.rewrite.documents.configs.changed_keys import find_in_config
from compatkit.rewrite.documents.configs.pairs import Pair, Path, as_literal
from compatkit.rewrite.documents.document_text import DocumentError, Request, TextFound, apply_edits
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars

# Some 30 microseconds each: PyYAML reads in Python where the places of characters are needed.
_MOST_EVENTS = 200_000
_SECONDS = 8.0


# A longer one is no name; as a number to the base of 60, it would take hours.
_LONGEST = 1000
# PyYAML takes seconds for more, and what is larger was not written by hand.
_LARGEST = 1 << 20
_TEMPLATE = re.compile(r"\{\{|\{%")
_KEY = "it is a key, which something else may look up"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the parser, as far as it matters: `start` and `end` are those of a value that is spelled plainly."""

    kind: str
    about: tuple[object, ...]
    value: str
    start: int
    end: int
    anchor: str = ""
    tag: str = ""
    is_plain: bool = False


def yaml_events(text: str) -> list[Event]:
    import yaml

    try:
        return list(_events(yaml.parse(text, Loader=yaml.SafeLoader)))
    except BudgetError as error:
        raise DocumentError.too_large("YAML", error.what) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise DocumentError.broken("YAML", error.problem or "it cannot be parsed", line=line, column=column) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError.broken("YAML", str(error).splitlines()[0]) from error


def _events(parsed: Iterable[Any]) -> Iterator[Event]:
    budget, depth = Budget(values=_MOST_EVENTS, seconds=_SECONDS), 0
    for event in parsed:
        budget.spend()
        read = _event(event)
        depth += read.kind.endswith("StartEvent") - read.kind.endswith("EndEvent")
        require_depth(depth)
        yield read


def _event(event: Any) -> Event:
    kind = type(event).__name__
    style = getattr(event, "style", None)
    quotes = 1 if style in ("'", '"') else 0
    about = (kind, getattr(event, "anchor", None), getattr(event, "tag", None), style, getattr(event, "implicit", None))
    value = getattr(event, "value", None) or ""
    end = event.end_mark.index - quotes
    # The event begins with its anchor and its tag. Where the value is spelled otherwise, this is a wrong place.
    implicit = getattr(event, "implicit", None)
    is_plain = style is None and isinstance(implicit, tuple) and bool(implicit[0])
    place = end - len(value), end
    return Event(kind, about, value, *place, getattr(event, "anchor", None) or "", _tag(event, implicit), is_plain)


def _tag(event: Any, implicit: object) -> str:
    """Return the tag that is written out."""
    return "" if isinstance(implicit, tuple) and any(implicit) else str(getattr(event, "tag", None) or "")


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; `key` is the event of the key whose value comes next."""

    path: Path
    is_mapping: bool
    is_shared: bool
    key: Event | None = None
    count: int = 0


def yaml_documents(text: str, events: Iterable[Event]) -> Iterator[list[Pair]]:
    """Yield the pairs of each document of a text."""
    pairs: list[Pair] = []
    opened: list[_Open] = []
    for event in events:
        match event.kind:
            case "DocumentStartEvent":
                pairs, opened = [], []
            case "DocumentEndEvent":
                yield pairs
            case "MappingEndEvent" | "SequenceEndEvent":
                opened.pop()
            case "ScalarEvent" | "AliasEvent" | "MappingStartEvent" | "SequenceStartEvent":
                _take(text, event, opened, pairs)


def _take(text: str, event: Event, opened: list[_Open], pairs: list[Pair]) -> None:
    within = opened[-1] if opened else None
    path: Path = ()
    if within is not None:
        if within.is_mapping and within.key is None:
            within.key = event
            path = (*within.path, f"<{event.kind}>")
        else:
            path = (*within.path, within.key.value if within.key else within.count)
            if within.key:
                pairs.append(_pair(text, within.key, event, path, is_shared=within.is_shared))
            within.key, within.count = None, within.count + 1
    if event.kind in ("MappingStartEvent", "SequenceStartEvent"):
        is_shared = bool(event.anchor) or (within is not None and within.is_shared)
        opened.append(_Open(path, event.kind == "MappingStartEvent", is_shared))


def _pair(text: str, key: Event, value: Event, path: Path, *, is_shared: bool) -> Pair:
    is_scalar = value.kind == "ScalarEvent"
    literal = as_literal(_read(value)) if is_scalar else None
    # Another place may take in the scalar alone.
    is_text = literal is not None and isinstance(literal[0], str) and not value.anchor
    return Pair(
        path,
        _place(text, key) if key.kind == "ScalarEvent" and not key.anchor else None,
        _place(text, value) if is_text else None,
        literal,
        is_shared=is_shared,
        at=key.start,
    )


def _place(text: str, event: Event) -> tuple[int, int] | None:
    return (event.start, event.end) if text[event.start : event.end] == event.value else None


def _read(event: Event) -> object:
    """Return what a scalar means, as any reader of YAML would take it."""
    import yaml

    if event.tag or not event.is_plain:
        return event.value if not event.tag else ...
    if len(event.value) > _LONGEST:
        return ...
    try:
        return yaml.safe_load(event.value)
    except (yaml.YAMLError, ValueError):
        return ...


def find_in_yaml(text: str, request: Request) -> TextFound:
    """Find the scalars of a YAML text that name old code. Raises `DocumentError` for what is no YAML."""
    if len(text) > _LARGEST:
        return TextFound()
    try:
        events = yaml_events(text)
    except ImportError:
        return TextFound()
    except DocumentError:
        if _TEMPLATE.search(text):
            # A template of YAML need not be YAML itself; a mention is still reported.
            return TextFound()
        raise
    scalars = list(_scalars(text, events))
    noted = judge_scalars(scalars, request)
    if request.calling:
        for pairs in yaml_documents(text, events):
            noted.add_beside(find_in_config(text, pairs, request))
    if noted.edits:
        changes = {edit.start: edit.text for edit in noted.edits}
        after = apply_edits(text, noted.edits)
        if [_meaning(event, changes) for event in events] != [_meaning(event, {}) for event in yaml_events(after)]:
            raise DocumentError.changed_more("YAML")
    return noted


def _meaning(event: Event, changes: dict[int, str]) -> tuple[object, ...]:
    value = changes.get(event.start, event.value) if event.kind == "ScalarEvent" else event.value
    return (*event.about, value)


def _scalars(text: str, events: list[Event]) -> Iterator[Scalar]:
    # For each open collection: the key of the value that comes next in a mapping, None before a key; False in a list.
    open_: list[str | bool | None] = []
    for event in events:
        if event.kind in ("MappingEndEvent", "SequenceEndEvent"):
            open_.pop()
            if open_ and open_[-1] is not False:
                # What was opened as a key is one now; what was a value is done.
                open_[-1] = "" if open_[-1] is None else None
            continue
        if event.kind not in ("ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"):
            continue
        is_key = bool(open_) and open_[-1] is None
        if event.kind == "ScalarEvent":
            path = tuple(key for key in open_ if isinstance(key, str))
            plain = text[event.start : event.end] == event.value
            fixed = _KEY if is_key else "" if plain else "it is spelled with escapes or over several lines"
            yield Scalar(event.start, event.end, event.value, path, fixed)
        if event.kind in ("MappingStartEvent", "SequenceStartEvent"):
            open_.append(None if event.kind == "MappingStartEvent" else False)
        elif open_ and open_[-1] is not False:
            open_[-1] = event.value if is_key else None
