"""Decide whether two numbers agree within a tolerance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from compatkit.equivalence.difference import Distance
from compatkit.migration import Bound


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Numbers agree within `atol + rtol * max(|a|, |b|)`, or at most `ulps` apart: the same in both directions.

    `source` is the entry that says so, for whoever reads which rule decided.
    """

    rtol: float = 0.0
    atol: float = 0.0
    ulps: int = 0
    source: str = ""

    @classmethod
    def of(cls, bound: Bound) -> Tolerance:
        pattern = bound.metric or bound.artifact or bound.param
        return cls(bound.rtol, bound.atol, bound.ulps, f"tolerance of {pattern!r}: {bound.why}")

    @property
    def is_exact(self) -> bool:
        return not (self.rtol or self.atol or self.ulps)

    def agree(self, before: float, after: float) -> bool:
        """Tell whether two values agree. NaN agrees with NaN, an infinity with itself alone."""
        if before == after or (math.isnan(before) and math.isnan(after)):
            return True
        if not (math.isfinite(before) and math.isfinite(after)):
            return False
        if abs(before - after) <= self.atol + self.rtol * max(abs(before), abs(after)):
            return True
        return bool(self.ulps) and Distance.ulps_between(before, after) <= self.ulps

    def __str__(self) -> str:
        given = [f"rtol {self.rtol:g}, atol {self.atol:g}"] if self.rtol or self.atol else []
        given += [f"{self.ulps} ulps"] if self.ulps else []
        rule = f"beyond {' and '.join(given)}" if given else "must be equal"
        return f"{rule} ({self.source})" if self.source else rule


EXACT = Tolerance()
# The defaults of torch.testing.assert_close; of other dtypes every value must be equal.
TORCH_WEIGHTS = {
    dtype: Tolerance(rtol, atol, source=f"torch.testing.assert_close for {dtype}")
    for dtype, rtol, atol in (
        ("float16", 1e-3, 1e-5),
        ("bfloat16", 1.6e-2, 1e-5),
        ("float32", 1.3e-6, 1e-5),
        ("float64", 1e-7, 1e-7),
        ("complex64", 1.3e-6, 1e-5),
        ("complex128", 1e-7, 1e-7),
    )
}
