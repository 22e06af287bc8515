"""Compare what no seed touches in two samples of runs, as in two single runs.

Which things a seed touches is read off the samples: what varies from run to run within both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from compatkit.equivalence.comparing.compare import find_differences, sort_differences
from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.verdict import Allowed
from compatkit.migration import Allowance

# Left to the statistical test; and the weights, which no margin is declared for.
_TESTED = {Kind.METRIC_VALUE, Kind.MODEL_TENSOR_VALUE}
# Two spellings that disagree within one run are wrong in every run; the status is compared by its counts.
_NEVER_OF_A_SEED = {Kind.METRIC_SPELLINGS, Kind.PARAM_SPELLINGS}
_Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Seedless:
    """The differences in what no seed touches, sorted by the policy; `notes` name what was left out."""

    deciding: tuple[Difference, ...]
    allowed: tuple[Allowed, ...]
    unused: tuple[Allowance, ...]
    notes: tuple[str, ...]


def compare_seedless(before: Sequence[Snapshot], after: Sequence[Snapshot], policy: Policy) -> Seedless:
    """Compare the first run of both sides, but for what varies within both; what varies within one decides."""
    within = [_varying(runs, policy) for runs in (before, after)]
    by_seed = (within[0].keys() & within[1].keys()) - {key for key in within[0] if key[0] in _NEVER_OF_A_SEED}
    across = {(each.kind, each.name): each for each in find_differences(before[0], after[0], policy)}
    found = {**_on_one_side(within, before, after, policy), **across}
    kept = [each for key, each in found.items() if key not in by_seed and _is_seedless(each)]
    deciding, allowed = sort_differences([*_statuses(before, after), *kept], policy)
    # What allows a noise within one side is in use too.
    noise = sort_differences([each for side in within for each in side.values()], policy)[1]
    used = {entry.by for entry in (*allowed, *noise, *sort_differences(found.values(), policy)[1])}
    return Seedless(
        deciding=tuple(deciding),
        allowed=tuple(allowed),
        unused=tuple(entry for entry in policy.allowances if entry not in used),
        notes=tuple(_notes(by_seed, policy)),
    )


def _varying(runs: Sequence[Snapshot], policy: Policy) -> dict[_Key, Difference]:
    """Return in what the runs of one side differ from its first."""
    found = [each for run in runs[1:] for each in find_differences(runs[0], run, policy)]
    return {(each.kind, each.name): each for each in found}


def _on_one_side(
    within: list[dict[_Key, Difference]], before: Sequence[Snapshot], after: Sequence[Snapshot], policy: Policy
) -> dict[_Key, Difference]:
    rule = "varies from run to run on one side only"
    names = [{policy.metric_name(name) for run in runs for name in run.metrics} for runs in (before, after)]
    alone = {key: within[0].get(key) or within[1][key] for key in within[0].keys() ^ within[1].keys()}
    return {
        key: replace(each, rule=rule)
        for key, each in alone.items()
        # A metric that some runs of a side lack is judged with its values.
        if not (key[0] in {Kind.METRIC_MISSING, Kind.METRIC_EXTRA} and key[1] in names[0] & names[1])
        # With one run on the other side, nothing can vary there.
        and min(len(before), len(after)) > 1
    }


def _is_seedless(difference: Difference) -> bool:
    return difference.kind not in _TESTED and difference.kind is not Kind.STATUS


def _statuses(before: Sequence[Snapshot], after: Sequence[Snapshot]) -> Iterator[Difference]:
    """One run that failed may be chance, but then its values are no sample of what training gives."""
    if len({run.status for run in (*before, *after)}) > 1:
        sides = [Counter(run.status for run in runs) for runs in (before, after)]
        one, two = (", ".join(f"{count} {status}" for status, count in sorted(side.items())) for side in sides)
        yield Difference(Kind.STATUS, "status", one, two, rule="must be equal in every run")


def _notes(by_seed: set[_Key], policy: Policy) -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for kind, name in sorted(by_seed, key=lambda key: (key[0].value, key[1])):
        if kind is not Kind.METRIC_VALUE and not policy.ignores(kind.category, name):
            named.setdefault(kind.value, []).append(name)
    for kind_text, names in named.items():
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield f"not compared, since it varies from run to run on both sides: {kind_text} {shown}"
