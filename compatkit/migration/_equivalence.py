"""The table `[equivalence]` in, a checked `Equivalence` out."""

from __future__ import annotations

from typing import TypeVar, get_args

from compatkit.migration._entry import Entry, each
from compatkit.migration.equivalence import (
    NOTHING_DECLARED,
    Allowance,
    AllowanceKind,
    Bound,
    Equivalence,
    Margin,
    MarginValue,
)
from compatkit.migration.errors import MigrationError

_KINDS: tuple[AllowanceKind, ...] = get_args(AllowanceKind)
_VALUES: tuple[MarginValue, ...] = get_args(MarginValue)
_Row = TypeVar("_Row")


def parse_equivalence(table: object, *, where: str) -> Equivalence:
    """Read a table of the form of a migration's `[equivalence]`; `where` names it in errors.

    Raises `MigrationError`, naming the entry and the nearest known word.
    """
    if table == {}:
        return NOTHING_DECLARED
    entry = Entry(table, where)
    equivalence = Equivalence(
        rtol=entry.number("rtol", 0.0),
        atol=entry.number("atol", 0.0),
        metric_prefixes=entry.texts("metric_prefixes"),
        tolerances=each(entry, "tolerances", _bound),
        margins=each(entry, "margins", _margin),
        ignore=each(entry, "ignore", _allowance),
        added_in_v2=each(entry, "added_in_v2", _allowance),
        removed_in_v2=each(entry, "removed_in_v2", _allowance),
    )
    entry.close()
    return equivalence


def _bound(entry: Entry) -> Bound:
    bound = Bound(
        metric=entry.text("metric"),
        why=entry.text("why"),
        rtol=entry.number("rtol", 0.0),
        atol=entry.number("atol", 0.0),
        ulps=entry.position("ulps") or 0,
    )
    if not any(entry.has(key) for key in ("rtol", "atol", "ulps")):
        expected = "one of rtol, atol, ulps, or several (rtol = 0 is exact)"
        raise MigrationError.wrong_value("tolerance", sorted(entry.keys()), expected, where=entry.where)
    return bound


def _margin(entry: Entry) -> Margin:
    margin = Margin(
        metric=entry.text("metric"),
        why=entry.text("why"),
        absolute=entry.number("absolute", 0.0) if entry.has("absolute") else None,
        relative=entry.number("relative", 0.0) if entry.has("relative") else None,
        value=entry.choice("value", _VALUES, "final"),
    )
    if (margin.absolute is None) == (margin.relative is None):
        expected = "exactly one of absolute, relative"
        raise MigrationError.wrong_value("margin", sorted(entry.keys()), expected, where=entry.where)
    if margin.relative is not None and not 0 < margin.relative < 1:
        raise MigrationError.wrong_value("relative", margin.relative, "a share between 0 and 1", where=entry.where)
    return margin


def _allowance(entry: Entry) -> Allowance:
    kinds = [kind for kind in _KINDS if entry.has(kind)]
    if len(kinds) != 1:
        # A misspelt kind reads better as "unknown key, did you mean".
        for key in sorted(entry.keys() - {"why", "until", "optional", *_KINDS}):
            error = MigrationError.unknown_key(key, [*_KINDS, "why", "until", "optional"], where=entry.where)
            if error.hint.startswith("did you mean"):
                raise error
        expected = f"exactly one of {', '.join(_KINDS)}"
        raise MigrationError.wrong_value("allowance", sorted(entry.keys()), expected, where=entry.where)
    # Without a reason an allowed difference cannot be judged a year later.
    return Allowance(
        kinds[0], entry.text(kinds[0]), entry.text("why"), until=entry.day("until"), optional=entry.switch("optional")
    )
