"""The pairs of a YAML text, from the events of its parser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compatkit.rewrite.documents.configs.pairs import Pair, Path, as_literal
from compatkit.rewrite.documents.yaml_events import Event

# A longer one is no name; as a number to the base of 60, it would take hours.
_LONGEST = 1000


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
