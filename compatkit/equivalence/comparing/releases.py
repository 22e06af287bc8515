"""MLflow 2's models among the artifacts of a run and MLflow 3's logged models, under one name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from compatkit.equivalence.snapshot import Model, Snapshot

# The name that a logged model was given stands before its step and its number.
_LOGGED = re.compile(r"(?P<name>.*?)(?:@-?\d+)?(?:#\d+)?", re.DOTALL)
# MLflow 3 says these of every model, MLflow 2 of none.
_NEW = {"type": None, "status": "READY"}


def with_models_paired(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Return both, where a model of MLflow 2 has the name of the logged model that it would be since MLflow 3."""
    pairs = dict(_pairs(before.models, after.models))
    back = dict(_pairs(after.models, before.models))
    children = {
        name: with_models_paired(before.children[name], after.children[name])
        for name in before.children.keys() & after.children.keys()
    }
    if not pairs and not back and not children:
        return before, after
    return (
        replace(
            before,
            models=_renamed(before.models, pairs, set(back.values())),
            children={**before.children, **{name: both[0] for name, both in children.items()}},
        ),
        replace(
            after,
            models=_renamed(after.models, back, set(pairs.values())),
            children={**after.children, **{name: both[1] for name, both in children.items()}},
        ),
    )


def _pairs(two: Mapping[str, Model], three: Mapping[str, Model]) -> list[tuple[str, str]]:
    """Pair the models of the one that lie among artifacts with the logged ones of the other, by name.

    MLflow 2 kept the last of those that were logged under one name. Where one of several is equal, it is that one.
    """
    pairs = []
    for name in sorted(two.keys() - three.keys()):
        if "status" in two[name].details or name.startswith("registered "):
            continue
        logged = [
            other
            for other in sorted(three.keys() - two.keys())
            if "status" in three[other].details and _given_name(other) == name
        ]
        equal = [other for other in logged if three[other].files == two[name].files]
        if logged:
            pairs.append((name, (equal or logged)[-1]))
    return pairs


def _given_name(logged: str) -> str:
    match = _LOGGED.fullmatch(logged)
    return match["name"] if match else logged


def _renamed(models: Mapping[str, Model], names: Mapping[str, str], logged: set[str]) -> dict[str, Model]:
    """Return the models under their new names, and without what MLflow 2 says of none of those that were `logged`."""
    found = {}
    for name, model in models.items():
        details = dict(model.details)
        if name in logged:
            details = {key: text for key, text in details.items() if key not in _NEW or _NEW[key] not in {None, text}}
        if (own := details.get("model", "").removeprefix("artifact ")) in names:
            details["model"] = names[own]
        is_paired = name in logged or name in names
        # MLflow 2 does not tell which metrics are a model's; all of them are the run's.
        metrics = None if is_paired else model.metrics
        found[names.get(name, name)] = replace(model, details=details, metrics=metrics)
    return found
