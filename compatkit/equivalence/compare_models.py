"""Logged models: weights by tensor name, the graph's operations, the signature, and other files by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.difference import Difference, Distance, Kind
from compatkit.equivalence.policy import Policy, Tolerance
from compatkit.equivalence.snapshot import File, Model, Tensor


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
    before: Mapping[str, File], after: Mapping[str, File], *, missing: Kind, extra: Kind, content: Kind
) -> Iterator[Difference]:
    """Yield how two sets of files differ by name and content."""
    for name in sorted(before.keys() | after.keys()):
        left, right = before.get(name), after.get(name)
        if left == right:
            continue
        kind = content if left and right else missing if left else extra
        yield Difference(kind, name, before=_describe(left), after=_describe(right))


def _compare_model(name: str, before: Model, after: Model, policy: Policy) -> Iterator[Difference]:
    if before.operations != after.operations:
        yield _operations(name, before.operations, after.operations)
    if before.signature != after.signature:
        yield Difference(Kind.MODEL_SIGNATURE, name, before=before.signature, after=after.signature)
    file, prefix = Kind.MODEL_FILE, f"{name}: "
    left = {prefix + path: content for path, content in before.files.items()}
    right = {prefix + path: content for path, content in after.files.items()}
    yield from compare_files(left, right, missing=file, extra=file, content=file)
    if list(before.tensors) != list(after.tensors) and before.tensors.keys() == after.tensors.keys():
        order = (", ".join(before.tensors), ", ".join(after.tensors))
        yield Difference(Kind.MODEL_OPERATIONS, f"{name}: order of tensors", before=order[0], after=order[1])
    for tensor in sorted(before.tensors.keys() | after.tensors.keys()):
        yield from _compare_tensor(prefix + tensor, before.tensors.get(tensor), after.tensors.get(tensor), policy)


def _compare_tensor(name: str, before: Tensor | None, after: Tensor | None, policy: Policy) -> Iterator[Difference]:
    if before is None or after is None:
        kind = Kind.MODEL_TENSOR_MISSING if after is None else Kind.MODEL_TENSOR_EXTRA
        yield Difference(kind, name, rule="must be on both sides")
    elif before.dtype != after.dtype:
        yield Difference(Kind.MODEL_TENSOR_DTYPE, name, before=before.dtype, after=after.dtype)
    elif before.shape != after.shape:
        yield Difference(Kind.MODEL_TENSOR_SHAPE, name, before=str(before.shape), after=str(after.shape))
    else:
        yield from _compare_values(name, before, after, policy.weights.get(before.dtype, Tolerance()))


def _compare_values(name: str, before: Tensor, after: Tensor, tolerance: Tolerance) -> Iterator[Difference]:
    left, right = before.values.ravel(), after.values.ravel()
    apart = ~np.isclose(left, right, rtol=0, atol=0, equal_nan=True)
    # `agree` in compare_metrics, for arrays: symmetric, and an infinity agrees with itself alone.
    finite = np.isfinite(left) & np.isfinite(right)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(left.astype(_wide(left)) - right.astype(_wide(right)))
        bound = tolerance.atol + tolerance.rtol * np.maximum(np.abs(left), np.abs(right))
    apart &= ~(finite & (distance <= bound))
    if apart.any():
        worst = int(np.argmax(np.where(apart & finite, distance, -1)))
        worst = worst if apart[worst] else int(np.argmax(apart))
        yield Difference(
            Kind.MODEL_TENSOR_VALUE,
            name,
            before=str(left[worst]),
            after=str(right[worst]),
            count=int(apart.sum()),
            of=left.size,
            distance=Distance.between(float(abs(left[worst])), float(abs(right[worst])))
            if np.iscomplexobj(left)
            else Distance.between(float(left[worst]), float(right[worst])),
            rule=str(tolerance),
        )


def _wide(values: NDArray[Any]) -> type:
    return complex if np.iscomplexobj(values) else float


def _operations(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> Difference:
    place = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    left, right = before[place : place + 1], after[place : place + 1]
    return Difference(
        Kind.MODEL_OPERATIONS,
        f"{name}: operation {place}",
        before=left[0] if left else "",
        after=right[0] if right else "",
    )


def _describe(file: File | None) -> str:
    return f"{file.size} bytes, sha256 {file.digest[:12]}" if file else ""
