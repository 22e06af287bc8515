"""Logged models: weights by name, layers, operations, the signature and other details, and files by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from compatkit.equivalence.comparing.contents import compare_file, describe_file
from compatkit.equivalence.comparing.layers import compare_layers, layer_at
from compatkit.equivalence.comparing.tensors import compare_tensors
from compatkit.equivalence.comparing.texts import compare_texts
from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import File, Model

_T = TypeVar("_T")


def compare_models(before: Mapping[str, Model], after: Mapping[str, Model], policy: Policy) -> Iterator[Difference]:
    """Yield how the models of two runs differ; a tensor is named `model: tensor`."""
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
    """Yield how two sets of files differ by name and by what they say, or by digest where that is not known."""
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
