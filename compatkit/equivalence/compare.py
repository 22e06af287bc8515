"""Two snapshots in, a verdict out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from compatkit.equivalence.compare_metrics import compare_metrics
from compatkit.equivalence.compare_models import compare_files, compare_models
from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.verdict import Allowed, Verdict


def compare_snapshots(before: Snapshot, after: Snapshot, policy: Policy) -> Verdict:
    """Compare what two runs logged; `before` is v1, `after` is v2.

    Raises `EquivalenceError` where both are empty: that nothing differs in nothing is no verdict.
    """
    if before.is_empty and after.is_empty:
        raise EquivalenceError.nothing_compared(before.run_id, after.run_id)
    deciding, allowed = [], []
    for difference in _differences(before, after, policy):
        if (allowance := policy.allowance(difference)) is None:
            deciding.append(difference)
        else:
            allowed.append(Allowed(difference, allowance))
    used = {entry.by for entry in allowed}
    return Verdict(
        before=before.run_id,
        after=after.run_id,
        deciding=tuple(deciding),
        allowed=tuple(allowed),
        unused=tuple(entry for entry in policy.allowances if entry not in used),
        compared=_counts(before, after),
        notes=tuple(dict.fromkeys((*before.notes, *after.notes))),
    )


def _differences(before: Snapshot, after: Snapshot, policy: Policy) -> Iterator[Difference]:
    if before.status != after.status:
        yield Difference(Kind.STATUS, "status", before=before.status, after=after.status)
    yield from _compare_params(before.params, after.params, policy)
    yield from compare_metrics(before.metrics, after.metrics, policy)
    yield from _compare_texts(
        before.tags, after.tags, missing=Kind.TAG_MISSING, extra=Kind.TAG_EXTRA, value=Kind.TAG_VALUE
    )
    yield from compare_files(
        before.artifacts,
        after.artifacts,
        missing=Kind.ARTIFACT_MISSING,
        extra=Kind.ARTIFACT_EXTRA,
        content=Kind.ARTIFACT_CONTENT,
    )
    yield from compare_models(before.models, after.models, policy)
    yield from _compare_texts(
        before.datasets,
        after.datasets,
        missing=Kind.DATASET_MISSING,
        extra=Kind.DATASET_EXTRA,
        value=Kind.DATASET_VALUE,
    )


def _compare_params(before: Mapping[str, str], after: Mapping[str, str], policy: Policy) -> Iterator[Difference]:
    left, conflicts_left = _in_v2(before, policy)
    right, conflicts_right = _in_v2(after, policy)
    yield from conflicts_left
    yield from conflicts_right
    lost = {name: left[name] for name in left.keys() - right.keys()}
    found = {name: right[name] for name in right.keys() - left.keys()}
    for difference in _compare_texts(
        left, right, missing=Kind.PARAM_MISSING, extra=Kind.PARAM_EXTRA, value=Kind.PARAM_VALUE, equal=is_same_param
    ):
        yield _with_rename_hint(difference, lost, found)


def _in_v2(params: Mapping[str, str], policy: Policy) -> tuple[dict[str, str], list[Difference]]:
    renamed: dict[str, str] = {}
    conflicts: list[Difference] = []
    for original, value in sorted(params.items()):
        name = policy.param_name(original)
        if name in renamed and not is_same_param(renamed[name], value):
            rule = "both spellings in one run must agree"
            conflicts.append(Difference(Kind.PARAM_SPELLINGS, name, renamed[name], value, rule=rule))
        renamed.setdefault(name, value)
    return renamed, conflicts


def is_same_param(before: str, after: str) -> bool:
    """Tell whether two param texts say the same: equal, or two spellings of one float, such as 0.001 and 1e-3.

    1 and 1.0 differ: the one was logged as an int, the other as a float.
    """
    if before == after:
        return True
    try:
        if before.strip().lstrip("+-").isdigit() or after.strip().lstrip("+-").isdigit():
            return False
        return float(before) == float(after)
    except ValueError:
        return False


def _with_rename_hint(difference: Difference, lost: Mapping[str, str], found: Mapping[str, str]) -> Difference:
    """Say so where a param that is missing has just one counterpart of the same value among the extra ones."""
    if difference.kind is Kind.PARAM_MISSING:
        others, value = found, difference.before
    elif difference.kind is Kind.PARAM_EXTRA:
        others, value = lost, difference.after
    else:
        return difference
    same = [name for name, text in others.items() if text == value]
    return replace(difference, hint=f"renamed? {same[0]!r} has the same value") if len(same) == 1 else difference


def _compare_texts(
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    missing: Kind,
    extra: Kind,
    value: Kind,
    equal: Callable[[str, str], bool] = str.__eq__,
) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Difference(missing, name, before=before[name], rule="must be there")
        elif name not in before:
            yield Difference(extra, name, after=after[name], rule="must not be there")
        elif not equal(before[name], after[name]):
            yield Difference(value, name, before=before[name], after=after[name])


def _counts(before: Snapshot, after: Snapshot) -> dict[str, int]:
    """Count what was looked at, on the side that has more of it."""
    return {
        "params": max(len(before.params), len(after.params)),
        "metrics": max(len(before.metrics), len(after.metrics)),
        "points": max(sum(map(len, before.metrics.values())), sum(map(len, after.metrics.values()))),
        "tags": max(len(before.tags), len(after.tags)),
        "artifacts": max(len(before.artifacts), len(after.artifacts)),
        "tensors": max(
            sum(len(model.tensors) for model in before.models.values()),
            sum(len(model.tensors) for model in after.models.values()),
        ),
        "datasets": max(len(before.datasets), len(after.datasets)),
    }
