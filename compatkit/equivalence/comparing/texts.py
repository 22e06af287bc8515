"""Compare the texts of two runs by name: params, tags, and the details of a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from compatkit.equivalence.difference import Difference, Distance, Kind, excerpts
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reading.contents.flatten_values import is_numeral


def compare_texts(
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    missing: Kind,
    extra: Kind,
    value: Kind,
    equal: Callable[[str, str], bool] = str.__eq__,
) -> Iterator[Difference]:
    """Yield the differences between texts, in the order of their names."""
    for name in sorted(before.keys() | after.keys()):
        left, right = excerpts(before.get(name, ""), after.get(name, ""))
        if name not in after:
            yield Difference(missing, name, before=left, rule="must be there")
        elif name not in before:
            yield Difference(extra, name, after=right, rule="must not be there")
        elif not equal(before[name], after[name]):
            yield Difference(value, name, before=left, after=right)


def compare_params(before: Mapping[str, str], after: Mapping[str, str], policy: Policy) -> Iterator[Difference]:
    """Yield the differences between the params of two runs, under v2 names."""
    left, conflicts_left = _in_v2(before, policy)
    right, conflicts_right = _in_v2(after, policy)
    yield from conflicts_left
    yield from conflicts_right
    lost = {name: left[name] for name in left.keys() - right.keys()}
    found = {name: right[name] for name in right.keys() - left.keys()}
    for difference in compare_texts(
        left, right, missing=Kind.PARAM_MISSING, extra=Kind.PARAM_EXTRA, value=Kind.PARAM_VALUE, equal=is_same_param
    ):
        if difference.kind is Kind.PARAM_VALUE and _agree(difference.name, left, right, policy):
            continue
        if why := policy.default(difference.name, left, right):
            yield replace(difference, default=why)
        elif difference.kind is Kind.PARAM_MISSING:
            yield _with_rename_hint(difference, lost[difference.name], found)
        elif difference.kind is Kind.PARAM_EXTRA:
            yield _with_rename_hint(difference, found[difference.name], lost)
        else:
            yield _with_distance(difference, left[difference.name], right[difference.name])


def _agree(name: str, before: Mapping[str, str], after: Mapping[str, str], policy: Policy) -> bool:
    """Tell whether two texts agree as the numbers that the policy says they are."""
    tolerance = policy.declared_tolerance("param", name)
    try:
        return tolerance is not None and tolerance.agree(float(before[name]), float(after[name]))
    except ValueError:
        return False


def _with_distance(difference: Difference, before: str, after: str) -> Difference:
    distance = _distance(before, after)
    if distance is None or distance.absolute:
        return replace(difference, distance=distance)
    return replace(difference, hint="one number, spelled in two ways? then declare a tolerance of this param")


def _distance(before: str, after: str) -> Distance | None:
    """Return how far two params lie apart that read as numbers; None for other texts."""
    try:
        return Distance.between_integers(int(before), int(after))
    except OverflowError:
        return None
    except ValueError:
        pass
    try:
        return Distance.between(float(before), float(after))
    except ValueError:
        return None


def _in_v2(params: Mapping[str, str], policy: Policy) -> tuple[dict[str, str], list[Difference]]:
    renamed: dict[str, str] = {}
    conflicts: list[Difference] = []
    for original, value in sorted(params.items()):
        name = policy.param_name(original)
        if name in renamed and not is_same_param(renamed[name], value):
            rule = "both spellings in one run must agree"
            conflicts.append(Difference(Kind.PARAM_SPELLINGS, name, *excerpts(renamed[name], value), rule=rule))
        renamed.setdefault(name, value)
    return renamed, conflicts


def _with_rename_hint(difference: Difference, value: str, others: Mapping[str, str]) -> Difference:
    """Add a hint where a param of one side has exactly one counterpart of the same value on the other."""
    same = [name for name, text in others.items() if text == value]
    return replace(difference, hint=f"renamed? {same[0]!r} has the same value") if len(same) == 1 else difference


def is_same_param(before: str, after: str) -> bool:
    """Tell whether two param texts are equal, or are two numerals of one exact and finite value and sign."""
    if before == after:
        return True
    left, right = _exact(before), _exact(after)
    return left is not None and right is not None and left == right and left.is_signed() == right.is_signed()


def _exact(text: str) -> Decimal | None:
    """Return the value of a numeral, not rounded to a double; None where the text is none, or no double holds it."""
    # Decimal compares without rounding; float() overflows to an infinity, in which all large numerals agree.
    return Decimal(text) if is_numeral(text) and math.isfinite(float(text)) else None
