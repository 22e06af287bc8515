"""Compare two weights of one name: dtype, shape, then value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.difference import Difference, Distance, Kind
from compatkit.equivalence.snapshot import Tensor
from compatkit.equivalence.tolerance import Tolerance

_Values = NDArray[Any]


def compare_tensors(
    name: str, before: Tensor | None, after: Tensor | None, tolerances: Mapping[str, Tolerance]
) -> Iterator[Difference]:
    """Yield the differences of two tensors beyond the tolerances by dtype. Integers, bools and texts must be equal."""
    if before is None or after is None:
        kind = Kind.MODEL_TENSOR_MISSING if after is None else Kind.MODEL_TENSOR_EXTRA
        yield Difference(kind, name, rule="must be on both sides")
    elif before.dtype != after.dtype:
        yield Difference(Kind.MODEL_TENSOR_DTYPE, name, before=before.dtype, after=after.dtype)
    elif before.shape != after.shape:
        yield Difference(Kind.MODEL_TENSOR_SHAPE, name, before=str(before.shape), after=str(after.shape))
    elif before.values.dtype.kind in "mM":
        # Times by their ticks: of those, "not a time" equals itself.
        yield from _compare_integers(name, before.values.view(np.int64).ravel(), after.values.view(np.int64).ravel())
    elif before.values.dtype.kind in "SU":
        yield from _compare_texts(name, before.values.ravel(), after.values.ravel())
    elif before.values.dtype.kind in "biu":
        yield from _compare_integers(name, before.values.ravel(), after.values.ravel())
    else:
        tolerance = tolerances.get(before.dtype, Tolerance())
        yield from _compare_numbers(name, before.dtype, before.values.ravel(), after.values.ravel(), tolerance)


def _compare_integers(name: str, left: _Values, right: _Values) -> Iterator[Difference]:
    apart = left != right
    if apart.any():
        # Modulo 2**64, which the difference of the larger and the smaller never reaches, this cannot overflow.
        distance = np.maximum(left, right).astype(np.uint64) - np.minimum(left, right).astype(np.uint64)
        worst = int(np.argmax(distance))
        far = Distance.between_integers(int(left[worst]), int(right[worst]))
        yield _difference(name, left, right, apart, worst, far, Tolerance())


def _compare_texts(name: str, left: _Values, right: _Values) -> Iterator[Difference]:
    apart = left != right
    if apart.any():
        yield _difference(name, left, right, apart, int(np.argmax(apart)), None, Tolerance())


def _compare_numbers(
    name: str, dtype: str, left: _Values, right: _Values, tolerance: Tolerance
) -> Iterator[Difference]:
    apart = ~agreeing(left, right, tolerance)[1]
    if apart.any():
        one, other = _wide(left), _wide(right)
        finite = np.isfinite(one) & np.isfinite(other)
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.abs(one - other)
        worst = int(np.argmax(np.where(apart & finite, distance, -1)))
        worst = worst if apart[worst] else int(np.argmax(apart))
        yield _difference(
            name, left, right, apart, worst, distance_between(left[worst], right[worst], dtype), tolerance
        )


def agreeing(left: _Values, right: _Values, tolerance: Tolerance) -> tuple[_Values, _Values]:
    """Tell which numbers are equal, and which agree as `Tolerance.agree` says: symmetric, NaN with NaN alone."""
    one, other = _wide(left), _wide(right)
    equal = _equal(one, other)
    finite = np.isfinite(one) & np.isfinite(other)
    with np.errstate(invalid="ignore", over="ignore"):
        bound = tolerance.atol + tolerance.rtol * np.maximum(np.abs(one), np.abs(other))
        near = finite & (np.abs(one - other) <= bound)
    if tolerance.ulps and not np.iscomplexobj(one):
        for place in np.flatnonzero(finite & ~near):
            near[place] = Distance.ulps_between(float(one[place]), float(other[place])) <= tolerance.ulps
    return equal, equal | near


def _wide(values: _Values) -> _Values:
    # A signalling NaN becomes a quiet one, of which NumPy warns.
    with np.errstate(invalid="ignore"):
        return values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)


def _equal(one: _Values, other: _Values) -> _Values:
    if np.iscomplexobj(one):
        # Part by part: NumPy calls a complex NaN whatever has a NaN in either.
        return _equal(one.real, other.real) & _equal(one.imag, other.imag)
    equal: _Values = (one == other) | (np.isnan(one) & np.isnan(other))
    return equal


def distance_between(one: Any, other: Any, dtype: str) -> Distance | None:
    """Return the distance; of complex numbers, that of the parts that lie farther apart."""
    if not np.iscomplexobj(one):
        return _of_parts(float(one), float(other), dtype)
    parts = [_of_parts(float(one.real), float(other.real), dtype), _of_parts(float(one.imag), float(other.imag), dtype)]
    return max((part for part in parts if part), key=lambda part: part.absolute, default=None)


# In which type the neighbours of a number of a dtype are counted; else in doubles.
_PARTS = {"float16": np.float16, "bfloat16": np.float32, "float32": np.float32, "complex64": np.float32}


def _of_parts(one: float, other: float, dtype: str) -> Distance | None:
    distance = Distance.between(one, other)
    if distance is None or dtype not in _PARTS:
        return distance
    ordinals = [_ordinal(np.array(value, dtype=_PARTS[dtype])) for value in (one, other)]
    # A bfloat16 is the upper half of a float32.
    return replace(distance, ulps=abs(ordinals[0] - ordinals[1]) >> (16 if dtype == "bfloat16" else 0))


def _ordinal(value: _Values) -> int:
    """Map the numbers of a dtype to integers, such that neighbours differ by one."""
    bits = int(value.view(f"i{value.itemsize}"))
    return bits if bits >= 0 else -(bits & (2 ** (8 * value.itemsize - 1) - 1))


def _difference(
    name: str,
    left: _Values,
    right: _Values,
    apart: _Values,
    worst: int,
    distance: Distance | None,
    tolerance: Tolerance,
) -> Difference:
    return Difference(
        Kind.MODEL_TENSOR_VALUE,
        name,
        before=str(left[worst]),
        after=str(right[worst]),
        count=int(apart.sum()),
        of=left.size,
        distance=distance,
        rule=str(tolerance),
        hint=f"first at {int(np.argmax(apart))}, farthest at {worst}, counted in row order" if left.size > 1 else "",
    )
