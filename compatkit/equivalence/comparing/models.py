"""Compare the models of two runs: pair MLflow 2's with MLflow 3's, then compare files, layers and weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

from compatkit.equivalence.comparing.contents import compare_file, describe_file
from compatkit.equivalence.comparing.tensors import compare_tensors
from compatkit.equivalence.comparing.texts import compare_texts
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import File, Layer, Model, Snapshot

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


def compare_layers(name: str, before: Sequence[Layer], after: Sequence[Layer]) -> Iterator[Difference]:
    """Yield the first layer in which two models part.

    A class of the project's own may be any class: a migration renames them, and the operations say what they do. Where
    one side's layers are not known, that side has a note of it.
    """
    if not before or not after:
        return
    for place, (one, other) in enumerate(zip_longest(before, after)):
        if one is None or other is None or not _is_same(one, other):
            yield Difference(Kind.MODEL_LAYERS, f"{name}: layer {place}", _layer_text(one), _layer_text(other))
            return


def layer_at(layers: Sequence[Layer], operation: int) -> str:
    """Return the layer that an operation belongs to, or nothing where that is not known."""
    passed = 0
    for layer in layers:
        passed += layer.operations
        if operation < passed:
            return _layer_text(layer)
    return ""


def _is_same(one: Layer, other: Layer) -> bool:
    return one.path == other.path and (one.kind == other.kind or not (one.kind and other.kind))


def _layer_text(layer: Layer | None) -> str:
    if layer is None:
        return ""
    path = f"layer {layer.path!r}" if layer.path else "the model itself"
    return f"{path} ({layer.kind})" if layer.kind else path


_T = TypeVar("_T")


def compare_models(before: Mapping[str, Model], after: Mapping[str, Model], policy: Policy) -> Iterator[Difference]:
    """Yield the differences between the models of two runs; a tensor is named `model: tensor`."""
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Difference(Kind.MODEL_MISSING, name, rule="must be there")
        elif name not in before:
            yield Difference(Kind.MODEL_EXTRA, name, rule="must not be there")
        else:
            yield from _compare_model(name, before[name], after[name], policy)


def compare_files(
    before: Mapping[str, File],
    after: Mapping[str, File],
    policy: Policy,
    *,
    missing: Kind,
    extra: Kind,
    content: Kind,
) -> Iterator[Difference]:
    """Yield the differences between two sets of files: in names, and in content or else in digest."""
    for name in sorted(before.keys() | after.keys()):
        left, right = before.get(name), after.get(name)
        if left and right:
            yield from compare_file(name, left, right, content, policy)
        else:
            yield Difference(missing if left else extra, name, before=describe_file(left), after=describe_file(right))


def _compare_model(name: str, before: Model, after: Model, policy: Policy) -> Iterator[Difference]:
    yield from compare_layers(name, before.layers, after.layers)
    if before.operations != after.operations:
        yield _operations(name, before, after)
    if before.signature != after.signature:
        yield Difference(Kind.MODEL_SIGNATURE, name, *excerpts(before.signature, after.signature))
    file, detail = Kind.MODEL_FILE, Kind.MODEL_DETAIL
    files = (_named(name, before.files), _named(name, after.files))
    yield from compare_files(*files, policy, missing=file, extra=file, content=file)
    details = (_named(name, before.details), _named(name, after.details))
    yield from compare_texts(*details, missing=detail, extra=detail, value=detail)
    if list(before.tensors) != list(after.tensors) and before.tensors.keys() == after.tensors.keys():
        order = excerpts(", ".join(before.tensors), ", ".join(after.tensors))
        yield Difference(Kind.MODEL_OPERATIONS, f"{name}: order of tensors", *order)
    for tensor in sorted(before.tensors.keys() | after.tensors.keys()):
        sides = before.tensors.get(tensor), after.tensors.get(tensor)
        yield from compare_tensors(f"{name}: {tensor}", *sides, policy.weights)


def _named(name: str, parts: Mapping[str, _T]) -> dict[str, _T]:
    return {f"{name}: {part}": value for part, value in parts.items()}


def _operations(name: str, before: Model, after: Model) -> Difference:
    one, other = before.operations, after.operations
    place = next(
        (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
        min(len(one), len(other)),
    )
    shown = excerpts(*(next(iter(side[place : place + 1]), "") for side in (one, other)))
    where = layer_at(before.layers, place)
    hint = f"in {where}" if where and where == layer_at(after.layers, place) else ""
    return Difference(Kind.MODEL_OPERATIONS, f"{name}: operation {place}", *shown, hint=hint)
