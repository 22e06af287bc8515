"""YAML: values that are exactly an old dotted name, such as Hydra's `_target_`. Needs PyYAML, else it only reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compatkit.rewrite.documents.errors import DocumentError
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars
from compatkit.rewrite.documents.sheet import Request, Sheet, apply

# PyYAML takes seconds for more, and what is larger was not written by hand.
_LARGEST = 1 << 20
_TEMPLATE = re.compile(r"\{\{|\{%")
_KEY = "it is a key, which something else may look up"


def find_in_yaml(text: str, request: Request) -> Sheet:
    """Find the scalars of a YAML text that name old code. Raises `DocumentError` for what is no YAML."""
    if len(text) > _LARGEST:
        return Sheet()
    try:
        events = _events(text)
    except ImportError:
        return Sheet()
    except DocumentError:
        if _TEMPLATE.search(text):
            # A template of YAML need not be YAML itself; a mention is still reported.
            return Sheet()
        raise
    scalars = list(_scalars(text, events))
    sheet = judge_scalars(scalars, request)
    if sheet.drafts:
        changes = {draft.start: draft.text for draft in sheet.drafts}
        after = apply(text, sheet.drafts)
        if [_meaning(event, changes) for event in events] != [_meaning(event, {}) for event in _events(after)]:
            raise DocumentError.changed_more("YAML")
    return sheet


@dataclass(frozen=True, slots=True)
class _Event:
    """An event of the parser, as far as it matters: `start` and `end` are those of a value that is spelled plainly."""

    kind: str
    about: tuple[object, ...]
    value: str
    start: int
    end: int


def _events(text: str) -> list[_Event]:
    import yaml

    try:
        return [_event(event) for event in yaml.parse(text, Loader=yaml.SafeLoader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise DocumentError.broken("YAML", error.problem or "it cannot be parsed", line=line, column=column) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError.broken("YAML", str(error).splitlines()[0]) from error


def _event(event: Any) -> _Event:
    kind = type(event).__name__
    style = getattr(event, "style", None)
    quotes = 1 if style in ("'", '"') else 0
    about = (kind, getattr(event, "anchor", None), getattr(event, "tag", None), style, getattr(event, "implicit", None))
    value = getattr(event, "value", None) or ""
    end = event.end_mark.index - quotes
    # The event begins with its anchor and its tag. Where the value is spelled otherwise, this is a wrong place.
    return _Event(kind, about, value, end - len(value), end)


def _meaning(event: _Event, changes: dict[int, str]) -> tuple[object, ...]:
    value = changes.get(event.start, event.value) if event.kind == "ScalarEvent" else event.value
    return (*event.about, value)


def _scalars(text: str, events: list[_Event]) -> Iterator[Scalar]:
    # For each open collection: the key of the value that comes next in a mapping, None before a key; False in a list.
    open_: list[str | bool | None] = []
    for event in events:
        if event.kind in ("MappingEndEvent", "SequenceEndEvent"):
            open_.pop()
            continue
        if event.kind not in ("ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"):
            continue
        is_key = bool(open_) and open_[-1] is None
        if event.kind == "ScalarEvent":
            path = tuple(key for key in open_ if isinstance(key, str))
            plain = text[event.start : event.end] == event.value
            fixed = _KEY if is_key else "" if plain else "it is spelled with escapes or over several lines"
            yield Scalar(event.start, event.end, event.value, path, fixed)
        if open_ and open_[-1] is not False:
            open_[-1] = event.value if is_key else None
        if event.kind in ("MappingStartEvent", "SequenceStartEvent"):
            open_.append(None if event.kind == "MappingStartEvent" else False)
