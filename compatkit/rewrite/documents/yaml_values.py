"""YAML: values that are exactly an old dotted name, such as Hydra's `_target_`. Needs PyYAML, else it only reports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compatkit.rewrite.documents.configs.find import find_in_config
from compatkit.rewrite.documents.configs.yaml_pairs import yaml_documents
from compatkit.rewrite.documents.errors import DocumentError
from compatkit.rewrite.documents.scalars import Scalar, judge_scalars
from compatkit.rewrite.documents.sheet import Request, Sheet, apply
from compatkit.rewrite.documents.yaml_events import Event, read_events

# PyYAML takes seconds for more, and what is larger was not written by hand.
_LARGEST = 1 << 20
_TEMPLATE = re.compile(r"\{\{|\{%")
_KEY = "it is a key, which something else may look up"


def find_in_yaml(text: str, request: Request) -> Sheet:
    """Find the scalars of a YAML text that name old code. Raises `DocumentError` for what is no YAML."""
    if len(text) > _LARGEST:
        return Sheet()
    try:
        events = read_events(text)
    except ImportError:
        return Sheet()
    except DocumentError:
        if _TEMPLATE.search(text):
            # A template of YAML need not be YAML itself; a mention is still reported.
            return Sheet()
        raise
    scalars = list(_scalars(text, events))
    sheet = judge_scalars(scalars, request)
    if request.calling:
        for pairs in yaml_documents(text, events):
            sheet.add_beside(find_in_config(text, pairs, request))
    if sheet.drafts:
        changes = {draft.start: draft.text for draft in sheet.drafts}
        after = apply(text, sheet.drafts)
        if [_meaning(event, changes) for event in events] != [_meaning(event, {}) for event in read_events(after)]:
            raise DocumentError.changed_more("YAML")
    return sheet


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
