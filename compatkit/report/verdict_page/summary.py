"""A comparison in one sentence and a few numbers, before all detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.verdict import HOW_TO_READ, Verdict, parted
from compatkit.report.verdict_page.findings import PARTING, FindingState
from compatkit.report.verdict_page.metrics import Metric

_NAMED = 3  # metrics that the sentence names; the table has them all


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of compared things of one kind, and of the differences in it that decide."""

    what: str
    compared: int
    deciding: int


def tallies(verdict: Verdict) -> tuple[Tally, ...]:
    """Return a tally for everything that was compared, or in which something decides."""
    deciding: dict[str, int] = {}
    for difference in verdict.deciding:
        name = _plural(difference.kind.category)
        deciding[name] = deciding.get(name, 0) + 1
    names = dict.fromkeys((*verdict.compared, *deciding))
    all_of_them = (Tally(name, verdict.compared.get(name, 0), deciding.get(name, 0)) for name in names)
    return tuple(tally for tally in all_of_them if tally.compared or tally.deciding)


def earliest(verdict: Verdict) -> tuple[Difference, ...]:
    """Return the deciding differences with the first step of all.

    A metric that only one run has, or with one point, such as a final one that is logged at step 0, says nothing of
    when the runs parted: it counts only where nothing else has a step.
    """
    known = [difference for difference in verdict.deciding if difference.first_step is not None]
    curves = [
        difference
        for difference in known
        if difference.kind in PARTING and (difference.of > 1 or difference.kind is Kind.METRIC_STEPS)
    ]
    curves = curves or known
    first = min((curve.first_step for curve in curves if curve.first_step is not None), default=None)
    return tuple(curve for curve in curves if curve.first_step == first)


def sentences(verdict: Verdict, metrics: Sequence[Metric]) -> Iterator[str]:
    """Yield what decided it, where it began, what is allowed, and what agrees only within the tolerance."""
    count = len(verdict.deciding)
    if count:
        yield f"{counted(count, 'difference')} {'decides' if count == 1 else 'decide'}."
    elif verdict.is_open:
        yield "Nothing differs in what could be read."
    elif verdict.is_equivalent:
        yield "No difference decides against it."
    else:
        yield "Nothing was compared, so this proves nothing."
    if verdict.unread:
        yield f"Not read: {'; '.join(verdict.unread)}. To do: {HOW_TO_READ}."
    if first := earliest(verdict):
        names = [difference.name for difference in first]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"It begins at step {first[0].first_step}: {', '.join(names[:_NAMED])}{more}."
    allowed, settled = map(len, parted(verdict.allowed))
    if allowed:
        yield f"{counted(allowed, 'difference')} {'is' if allowed == 1 else 'are'} allowed."
    if settled:
        yield f"{counted(settled, 'difference')} {'is' if settled == 1 else 'are'} settled, as known to vary."
    if verdict.compared.get("child runs"):
        yield "The counts hold what child runs logged; the tables show the run itself, and every difference."
    if near := sum(metric.state is FindingState.NEAR for metric in metrics):
        yield f"{counted(near, 'metric')} {'is' if near == 1 else 'are'} not equal, but within the tolerance."


def counted(count: int, what: str) -> str:
    """Return `1 difference` or `2 differences`."""
    return f"{count:,} {what if count == 1 else _plural(what)}"


def _plural(word: str) -> str:
    return "status" if word == "status" else f"{word}s"
