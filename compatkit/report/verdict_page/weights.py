"""The weights of two runs, tensor by tensor in the order of the model: how many differ, and how far at most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.snapshot import Model, Tensor
from compatkit.report.verdict_page.findings import Findings, FindingState


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor.

    Attributes:
        layer: its name up to the last dot; `part` is the rest.
        unequal: how many elements are not equal, or None where the two have no common shape and dtype.
        beyond: how many the verdict counts, beyond its tolerance.
        largest: the largest distance of two elements; inf where only one of two is finite.
        bar: `largest` on a log scale over all tensors of the comparison, 0 to 1.
    """

    model: str
    layer: str
    part: str
    dtype: str
    shape: str
    elements: int
    unequal: int | None
    beyond: int
    largest: float | None
    state: FindingState
    bar: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.model}: {self.layer}.{self.part}" if self.layer else f"{self.model}: {self.part}"


def weigh(before: Mapping[str, Model], after: Mapping[str, Model], findings: Findings) -> Iterator[Weight]:
    """Yield a row for every tensor of either run."""
    nothing: Mapping[str, Tensor] = {}
    for model in dict.fromkeys((*before, *after)):
        left = before[model].tensors if model in before else nothing
        right = after[model].tensors if model in after else nothing
        for name in dict.fromkeys((*left, *right)):
            yield _weight(model, name, left.get(name), right.get(name), findings)


def _weight(model: str, name: str, before: Tensor | None, after: Tensor | None, findings: Findings) -> Weight:
    subject = f"{model}: {name}"
    layer, _, part = name.rpartition(".")
    some = before or after
    assert some is not None, "a tensor of neither run"
    comparable = before is not None and after is not None and _form(before) == _form(after)
    unequal, largest = _measure(before, after) if comparable and before and after else (None, None)
    reasons = findings.about("model", subject)
    # A model that only one side has is one difference, of the model.
    whole = findings.state("model", model) if not comparable and not reasons else None
    return Weight(
        model,
        layer,
        part,
        _either(*(tensor.dtype if tensor else None for tensor in (before, after))),
        _either(*(_shape(tensor) if tensor else None for tensor in (before, after))),
        int(some.values.size),
        unequal,
        sum(reason.count for reason in reasons if unequal is not None),
        largest,
        whole or findings.state("model", subject, is_equal=not unequal),
    )


def _form(tensor: Tensor) -> tuple[str, tuple[int, ...]]:
    return tensor.dtype, tensor.shape


def _shape(tensor: Tensor) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(map(str, tensor.shape)) or "scalar"


def _either(before: str | None, after: str | None) -> str:
    if before == after:
        return before or ""
    return f"{before or 'none'} | {after or 'none'}"


def _measure(before: Tensor, after: Tensor) -> tuple[int, float]:
    """Count the elements that are not equal, NaN being equal to NaN, and find the largest distance."""
    left, right = before.values.ravel(), after.values.ravel()
    if left.dtype.kind in "biu":
        # As Python's integers: those of 64 bits have distances that no 64 bits hold.
        places = np.flatnonzero(left != right)
        return len(places), float(max((abs(int(left[at]) - int(right[at])) for at in places), default=0))
    equal = _equal(left, right)
    wide = np.complex128 if np.iscomplexobj(left) else np.float64
    one, other = left[~equal].astype(wide), right[~equal].astype(wide)
    if not one.size:
        return 0, 0.0
    finite = np.isfinite(one) & np.isfinite(other)
    if not finite.all():
        return int(one.size), math.inf
    with np.errstate(over="ignore"):
        return int(one.size), float(min(np.abs(one - other).max(), np.finfo(np.float64).max))


def _equal(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    if np.iscomplexobj(one):
        both: NDArray[Any] = _equal(one.real, other.real) & _equal(one.imag, other.imag)
        return both
    equal: NDArray[Any] = (one == other) | (np.isnan(one) & np.isnan(other))
    return equal
