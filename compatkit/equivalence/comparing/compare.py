"""Compare two snapshots, and return the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from compatkit.equivalence.comparing.metrics import compare_metrics, compare_model_metrics
from compatkit.equivalence.comparing.models import compare_files, compare_models, with_models_paired
from compatkit.equivalence.comparing.tallies import count_compared, notes_on_near_values
from compatkit.equivalence.comparing.texts import compare_params, compare_texts
from compatkit.equivalence.comparing.variables import with_variables_of
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.frameworks import natures_of
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reading.canonical import is_same_tag
from compatkit.equivalence.reading.model_folder import REQUIREMENTS
from compatkit.equivalence.snapshot import Dataset, Snapshot
from compatkit.equivalence.verdict import Allowed, Verdict
from compatkit.migration import Allowance


def compare_snapshots(
    before: Snapshot, after: Snapshot, policy: Policy, *, settled: Sequence[Difference] = ()
) -> Verdict:
    """Compare what two runs logged; `before` is v1, `after` is v2. Differences that were `settled` before are listed.

    Raises `EquivalenceError` where both are empty, or where nothing differs because all is ignored or allowed: that
    nothing differs in nothing is no verdict.
    """
    if before.is_empty and after.is_empty:
        raise EquivalenceError.nothing_compared(before.run_id, after.run_id)
    before, after = with_models_paired(before, after)
    deciding, allowed = sort_differences([*find_differences(before, after, policy), *settled], policy)
    compared = count_compared(before, after, policy)
    if not deciding and not any(compared.values()):
        raise EquivalenceError(
            "Nothing was compared: all that the runs logged is ignored or allowed by the policy.",
            where=f"{before.run_id} and {after.run_id}",
            hint="log something that both runs have in common, or ignore less",
        )
    used = {entry.by for entry in allowed}
    unread, near = _unread_of_both(before, after), notes_on_near_values(before, after, policy)
    return Verdict(
        before=before.run_id,
        after=after.run_id,
        deciding=tuple(deciding),
        allowed=tuple(allowed),
        unused=tuple(entry for entry in policy.allowances if entry not in used),
        compared=compared,
        notes=tuple(dict.fromkeys((*near, *_notes(before, after), *(unread if policy.accepts_unread else ())))),
        unread=() if policy.accepts_unread else unread,
        policy=policy.title,
    )


def unread_of(run: Snapshot) -> list[str]:
    """Return the parts of a run and its children that could not be read."""
    below = [f"child {name}: {said}" for name, child in run.children.items() for said in unread_of(child)]
    return [*run.unread, *below]


def _unread_of_both(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return the parts that could not be read on either side, each once if it is the same on both."""
    sides = {"before": unread_of(before), "after": unread_of(after)}
    both = [said for said in sides["before"] if said in sides["after"]]
    alone = [f"{side}: {said}" for side, all_said in sides.items() for said in all_said if said not in both]
    return (*both, *alone)


def _notes(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return the notes of both, but for the requirements of models that are the same."""
    shared = {note for note in before.notes if note in after.notes and REQUIREMENTS in note}
    return tuple(note for note in (*before.notes, *after.notes) if note not in shared)


def sort_differences(differences: Iterable[Difference], policy: Policy) -> tuple[list[Difference], list[Allowed]]:
    """Separate the differences that decide from those that the policy allows."""
    deciding, allowed = [], []
    for difference in differences:
        if why := difference.known or difference.default:
            category: Any = difference.kind.category
            own = Allowance(category, difference.name, why, optional=True)
            allowed.append(Allowed(difference, own))
        elif (allowance := policy.allowance(difference)) is None:
            deciding.append(_with_expiry(difference, policy))
        else:
            allowed.append(Allowed(difference, allowance))
    return deciding, allowed


def _with_expiry(difference: Difference, policy: Policy) -> Difference:
    """Add a hint where an entry of the policy that allowed this has expired."""
    if (entry := policy.expired(difference)) is None:
        return difference
    expiry = f"allowed until {entry.until} ({entry.why}), which is over"
    return replace(difference, hint=f"{difference.hint}, {expiry}" if difference.hint else expiry)


def _may_be_there(difference: Difference, before: Snapshot, after: Snapshot) -> bool:
    """Tell whether a tag, a file or a model that one side lacks may be among what could not be looked at there."""
    match difference.kind:
        case Kind.TAG_MISSING | Kind.TAG_EXTRA:
            lacking = after if difference.kind is Kind.TAG_MISSING else before
            return bool(lacking.unread) and not lacking.tags
        case Kind.ARTIFACT_MISSING | Kind.ARTIFACT_EXTRA:
            lacking = after if difference.kind is Kind.ARTIFACT_MISSING else before
            return bool(lacking.unread) and not lacking.artifacts
        case Kind.MODEL_MISSING | Kind.MODEL_EXTRA:
            return bool((after if difference.kind is Kind.MODEL_MISSING else before).unread)
    return False


def find_differences(before: Snapshot, after: Snapshot, policy: Policy) -> Iterator[Difference]:
    """Yield every difference beyond the policy's tolerances, whether it is allowed or not."""
    doubts: dict[str, str] = {}
    if policy.knows_frameworks:
        policy = replace(policy, natures=natures_of(before, after))
        after, renamed, doubts = with_variables_of(before, after)
        yield from renamed
    if before.status != after.status:
        yield Difference(Kind.STATUS, "status", before=before.status, after=after.status)
    yield from compare_params(before.params, after.params, policy)
    metrics = list(compare_metrics(before.metrics, after.metrics, policy))
    yield from (replace(metric, hint=doubts[metric.name]) if metric.name in doubts else metric for metric in metrics)
    told = {difference.name for difference in metrics}
    yield from compare_model_metrics(before.models, after.models, policy, told)
    tags = compare_texts(
        before.tags, after.tags, missing=Kind.TAG_MISSING, extra=Kind.TAG_EXTRA, value=Kind.TAG_VALUE, equal=is_same_tag
    )
    files = compare_files(
        before.artifacts,
        after.artifacts,
        policy,
        missing=Kind.ARTIFACT_MISSING,
        extra=Kind.ARTIFACT_EXTRA,
        content=Kind.ARTIFACT_CONTENT,
    )
    models = compare_models(before.models, after.models, policy)
    yield from (found for found in chain(tags, files, models) if not _may_be_there(found, before, after))
    yield from _compare_datasets(before.datasets, after.datasets)
    yield from _compare_children(before, after, policy)


def _compare_datasets(before: Mapping[str, Dataset], after: Mapping[str, Dataset]) -> Iterator[Difference]:
    """Yield the differences between the data sets of two runs, one for each part that differs."""
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Difference(Kind.DATASET_MISSING, name, before=before[name].digest, rule="must be there")
        elif name not in before:
            yield Difference(Kind.DATASET_EXTRA, name, after=after[name].digest, rule="must not be there")
        else:
            yield from _compare_parts(name, before[name], after[name])


def _compare_parts(name: str, before: Dataset, after: Dataset) -> Iterator[Difference]:
    left, right = _parts(before), _parts(after)
    for part in sorted(left.keys() | right.keys()):
        if left.get(part) != right.get(part):
            texts = excerpts(left.get(part, ""), right.get(part, ""))
            yield Difference(Kind.DATASET_VALUE, name, *texts, rule=f"{part} must be equal")


def _parts(dataset: Dataset) -> dict[str, str]:
    tags = {f"tag {name!r}": text for name, text in dataset.tags.items()}
    return {"digest": dataset.digest, "schema": dataset.schema, "profile": dataset.profile, **tags}


def _compare_children(before: Snapshot, after: Snapshot, policy: Policy) -> Iterator[Difference]:
    """Yield how the children differ. Names are those in the child, so that the policy says the same of it."""
    for name in sorted(before.children.keys() | after.children.keys()):
        if name not in after.children:
            yield Difference(Kind.CHILD_MISSING, name, before=_size(before.children[name]), rule="must be there")
        elif name not in before.children:
            yield Difference(Kind.CHILD_EXTRA, name, after=_size(after.children[name]), rule="must not be there")
        else:
            for found in find_differences(before.children[name], after.children[name], policy):
                yield replace(found, child=f"{name} / {found.child}" if found.child else name)


def _size(child: Snapshot) -> str:
    return f"{child.status}, {len(child.params)} params, {len(child.metrics)} metrics"
