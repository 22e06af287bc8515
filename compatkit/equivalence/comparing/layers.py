"""The layers of two models: paths and torch's classes, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.snapshot import Layer


def compare_layers(name: str, before: Sequence[Layer], after: Sequence[Layer]) -> Iterator[Difference]:
    """Yield the first layer in which two models part.

    A class of the project's own may be any class: a migration renames them, and the operations say what they do. Where
    one side's layers are not known, that side has a note of it.
    """
    if not before or not after:
        return
    for place, (one, other) in enumerate(zip_longest(before, after)):
        if one is None or other is None or not _is_same(one, other):
            yield Difference(Kind.MODEL_LAYERS, f"{name}: layer {place}", _said(one), _said(other))
            return


def layer_at(layers: Sequence[Layer], operation: int) -> str:
    """Return the layer that an operation belongs to, or nothing where that is not known."""
    passed = 0
    for layer in layers:
        passed += layer.operations
        if operation < passed:
            return _said(layer)
    return ""


def _is_same(one: Layer, other: Layer) -> bool:
    return one.path == other.path and (one.kind == other.kind or not (one.kind and other.kind))


def _said(layer: Layer | None) -> str:
    if layer is None:
        return ""
    path = f"layer {layer.path!r}" if layer.path else "the model itself"
    return f"{path} ({layer.kind})" if layer.kind else path
