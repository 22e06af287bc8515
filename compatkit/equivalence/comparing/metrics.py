"""Compare the metric histories of two runs: names, steps, then value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from compatkit.equivalence.comparing.histories import have_one_order, suspects
from compatkit.equivalence.difference import Difference, Distance, Kind
from compatkit.equivalence.frameworks import metric_nature
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Model, Point
from compatkit.equivalence.tolerance import Tolerance

_History = Sequence[Point]
_NAMED = 3  # places that a hint names
_TIED = "points of one step and millisecond have no order that the store tells: compared as a set"


def compare_metrics(
    before: Mapping[str, _History], after: Mapping[str, _History], policy: Policy
) -> Iterator[Difference]:
    """Yield the differences between the metrics of two runs, under v2 names."""
    left, conflicts_left = _in_v2(before, policy)
    right, conflicts_right = _in_v2(after, policy)
    yield from conflicts_left
    yield from conflicts_right
    lost = {name: left[name] for name in left.keys() - right.keys()}
    new = {name: right[name] for name in right.keys() - left.keys()}
    for name in sorted(left.keys() | right.keys()):
        if name not in right:
            here, rule, hint = _points(left[name]), "must be there", _renamed(left[name], new)
            yield _one_sided(Kind.METRIC_MISSING, name, left[name], before=here, rule=rule, hint=hint)
        elif name not in left:
            here, rule, hint = _points(right[name]), "must not be there", _renamed(right[name], lost)
            yield _one_sided(Kind.METRIC_EXTRA, name, right[name], after=here, rule=rule, hint=hint)
        else:
            nature = metric_nature(name, policy.natures)
            for found in compare_histories(name, left[name], right[name], policy.metric_tolerance(name)):
                is_known = nature is not None and found.kind is Kind.METRIC_VALUE
                yield replace(found, known=nature.reason, rule="") if nature and is_known else found


def compare_model_metrics(
    before: Mapping[str, Model], after: Mapping[str, Model], policy: Policy, told: Container[str]
) -> Iterator[Difference]:
    """Yield how metrics differ by the model and the data set that they were logged for.

    All of them are among the run's own metrics, too: those that differ there are told already.
    """
    for name in sorted(before.keys() & after.keys()):
        left, right = before[name].metrics, after[name].metrics
        if left is None or right is None:
            continue
        for data in sorted(left.keys() | right.keys()):
            where = f"of model {name}" + (f" on the data set {data}" if data else "")
            for found in compare_metrics(left.get(data, {}), right.get(data, {}), policy):
                if found.name not in told:
                    yield replace(found, hint=f"{where}, {found.hint}" if found.hint else where)


def _one_sided(
    kind: Kind, name: str, history: _History, *, rule: str, before: str = "", after: str = "", hint: str = ""
) -> Difference:
    first, count = history[0].step if history else None, len(history)
    return Difference(kind, name, before, after, first_step=first, count=count, of=count, rule=rule, hint=hint)


def _renamed(history: _History, others: Mapping[str, _History]) -> str:
    """Return a hint where exactly one metric of the other side, which this one lacks, has the same steps and values."""
    same = [name for name, other in others.items() if len(other) == len(history) and _is_same(history, other)]
    return f"renamed? {same[0]!r} has the same values" if len(same) == 1 else ""


def compare_histories(name: str, before: _History, after: _History, tolerance: Tolerance) -> Iterator[Difference]:
    """Yield at most one difference in steps and one in values; values are compared where both sides have them."""
    pairs, of = suspects(before, after, rtol=tolerance.rtol, atol=tolerance.atol), len(before)
    if pairs is None:
        yield _steps(name, before, after, tolerance)
        if _shift(before, after, tolerance) is not None:
            return
        pairs = _common(before, after)
        of = len(pairs)
    apart = [(one, other) for one, other in pairs if not tolerance.agree(one.value, other.value)]
    if apart:
        known = _TIED if have_one_order(before, after, tolerance) else ""
        yield replace(_values(name, apart, of, tolerance), known=known)


def _values(name: str, apart: list[tuple[Point, Point]], of: int, tolerance: Tolerance) -> Difference:
    first, other = apart[0]
    distances = [(Distance.between(one.value, two.value), one.step) for one, two in apart]
    measured = [(distance, step) for distance, step in distances if distance is not None]
    # An infinite distance is the largest; there is no number for it.
    largest, place = max(measured, key=lambda row: row[0].absolute) if len(measured) == len(apart) else (None, None)
    return Difference(
        Kind.METRIC_VALUE,
        name,
        before=repr(first.value),
        after=repr(other.value),
        first_step=first.step,
        count=len(apart),
        of=of,
        distance=distances[0][0],
        largest=largest,
        largest_step=place,
        rule=str(tolerance),
    )


def _in_v2(metrics: Mapping[str, _History], policy: Policy) -> tuple[dict[str, _History], list[Difference]]:
    """Bring names to v2's spelling. A run that logged both spellings must have logged the same under both."""
    renamed: dict[str, _History] = {}
    conflicts: list[Difference] = []
    for original, history in sorted(metrics.items()):
        name = policy.metric_name(original)
        if name in renamed and any(compare_histories(name, renamed[name], history, policy.metric_tolerance(name))):
            rule = "both spellings in one run must agree"
            conflicts.append(Difference(Kind.METRIC_SPELLINGS, name, hint=f"one is {original!r}", rule=rule))
        renamed.setdefault(name, history)
    return renamed, conflicts


def _steps(name: str, before: _History, after: _History, tolerance: Tolerance) -> Difference:
    # The first place where the two lists of steps part, be it that one of them ends there.
    place = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one.step != other.step),
        min(len(before), len(after)),
    )
    first = min(history[place].step for history in (before, after) if place < len(history))
    shift = _shift(before, after, tolerance)
    said = f"the same values, shifted by {shift:+d} steps" if shift is not None else _where(before, after, tolerance)
    return Difference(
        Kind.METRIC_STEPS,
        name,
        before=_points(before),
        after=_points(after),
        first_step=first,
        rule="steps must be equal",
        hint=said or _places(before, after),
    )


def _where(before: _History, after: _History, tolerance: Tolerance) -> str:
    """Say which points one side has more; empty where that is not what differs, or the points are many."""
    if len(before) == len(after):
        return ""
    longer, shorter = (before, after) if len(before) > len(after) else (after, before)
    extra = _extra(list(longer), list(shorter), tolerance)
    if extra is None:
        return ""
    shown = ", ".join(_place_words(longer, number) for number in extra[:_NAMED])
    more = f" and {len(extra) - _NAMED} more" if len(extra) > _NAMED else ""
    return f"{'missing' if longer is before else 'extra'}: {shown}{more}"


def _extra(longer: list[Point], shorter: list[Point], tolerance: Tolerance) -> list[int] | None:
    """Return the places in `longer` that `shorter` leaves out, if the rest is the same."""
    extra, at = [], 0
    for number, point in enumerate(longer):
        other = shorter[at] if at < len(shorter) else None
        if other and point.step == other.step and tolerance.agree(point.value, other.value):
            at += 1
        else:
            extra.append(number)
    return extra if at == len(shorter) else None


def _place_words(history: _History, number: int) -> str:
    """Name a point by its step; where several share that, by which of them it is, and its value."""
    step, value = history[number]
    same = [at for at, point in enumerate(history) if point.step == step]
    if len(same) == 1:
        return f"step {step}"
    return f"the {_ordinal(same.index(number) + 1)} point of step {step} ({value!r})"


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in {11, 12, 13} else ends.get(number % 10, 'th')}"


def _is_same(one: _History, other: _History) -> bool:
    return suspects(one, other, rtol=0.0, atol=0.0) == []


def _places(before: _History, after: _History) -> str:
    """Say which steps one side lacks, or logged more often."""
    left, right = (Counter(point.step for point in history) for history in (before, after))
    times = [
        f"step {step} is logged {_times(left[step])} before and {_times(right[step])} after"
        for step in sorted(left.keys() & right.keys())
        if left[step] != right[step]
    ]
    lost, new = sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())
    lacking = [f"{_some_steps(steps)} only {side}" for steps, side in ((lost, "before"), (new, "after")) if steps]
    more = [f"and {len(times) - _NAMED} more such steps"] if len(times) > _NAMED else []
    return ", ".join([*lacking, *times[:_NAMED], *more])


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _some_steps(steps: list[int]) -> str:
    if len(steps) == 1:
        return f"step {steps[0]} is"
    shown = ", ".join(map(str, steps[:_NAMED])) + (f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else "")
    return f"steps {shown} are"


def _shift(before: _History, after: _History, tolerance: Tolerance) -> int | None:
    """Return by how many steps `after` lies behind `before`, if that is all that differs."""
    if len(before) != len(after) or not before:
        return None
    shift = after[0].step - before[0].step
    same = all(
        other.step - one.step == shift and tolerance.agree(one.value, other.value)
        for one, other in zip(before, after, strict=True)
    )
    return shift if same else None


def _common(before: _History, after: _History) -> list[tuple[Point, Point]]:
    """Pair the points of the steps that both sides have; a step with several values is paired in their order."""
    left, right = _by_step(before), _by_step(after)
    return [pair for step in sorted(left.keys() & right.keys()) for pair in zip(left[step], right[step], strict=False)]


def _by_step(history: _History) -> dict[int, list[Point]]:
    steps: dict[int, list[Point]] = {}
    for point in history:
        steps.setdefault(point.step, []).append(point)
    return steps


def _points(history: _History) -> str:
    if len(history) == 1:
        return f"1 point at step {history[0].step}"
    return f"{len(history)} points, steps {history[0].step} to {history[-1].step}" if history else "no points"
