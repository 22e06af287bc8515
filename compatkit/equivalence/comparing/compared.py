"""Count how much of two runs was compared: the names that both have, and that the policy does not ignore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Model, Snapshot


def count_compared(before: Snapshot, after: Snapshot, policy: Policy) -> dict[str, int]:
    """Count by what it is. A name of one side alone is a difference, or allowed; neither compares anything."""

    def common(kind: str, left: Iterable[str], right: Iterable[str]) -> list[str]:
        return [name for name in sorted({*left} & {*right}) if not policy.ignores(kind, name)]

    left, right = _points(before, policy), _points(after, policy)
    metrics = common("metric", left, right)
    tensors = _tensors(before.models)
    params = common("param", map(policy.param_name, before.params), map(policy.param_name, after.params))
    parts = [part for part in _common_parts(before.models, after.models) if not policy.ignores("model", part[1])]
    own = {
        "params": len(params),
        "metrics": len(metrics),
        "points": sum(max(left[name], right[name]) for name in metrics),
        "tags": len(common("tag", before.tags, after.tags)),
        "artifacts": len(common("artifact", before.artifacts, after.artifacts)),
        "models": len({model for model, _ in parts}),
        "tensors": sum(part in tensors for _, part in parts),
        "datasets": len(common("dataset", before.datasets, after.datasets)),
    }
    children = before.children.keys() & after.children.keys()
    below = [count_compared(before.children[name], after.children[name], policy) for name in children]
    total = {what: count + sum(each[what] for each in below) for what, count in own.items()}
    # A child in which nothing is compared proves nothing.
    counted = [sum(each.values()) > 0 for each in below]
    return {**total, "child runs": sum(counted) + sum(each["child runs"] for each in below)}


def _points(snapshot: Snapshot, policy: Policy) -> dict[str, int]:
    return {policy.metric_name(name): len(points) for name, points in snapshot.metrics.items()}


def _tensors(models: Mapping[str, Model]) -> set[str]:
    return {f"{name}: {tensor}" for name, model in models.items() for tensor in model.tensors}


def _common_parts(before: Mapping[str, Model], after: Mapping[str, Model]) -> list[tuple[str, str]]:
    """Return model and part for all that both sides have, under the name that a difference in it would bear."""
    names = sorted(before.keys() & after.keys())
    return [(name, part) for name in names for part in sorted(_parts(name, before[name]) & _parts(name, after[name]))]


def _parts(name: str, model: Model) -> set[str]:
    named = {f"{name}: {part}" for part in (*model.tensors, *model.files, *model.details)}
    operations = {f"{name}: operation {place}" for place in range(len(model.operations))}
    return named | operations | ({name} if model.signature else set())
