"""The events of a YAML text, as far as they matter, with their places. Needs PyYAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from compatkit.budget import Budget, BudgetError, require_depth
from compatkit.rewrite.documents.errors import DocumentError

# Some 30 microseconds each: PyYAML reads in Python where the places of characters are needed.
_MOST_EVENTS = 200_000
_SECONDS = 8.0


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


def read_events(text: str) -> list[Event]:
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
