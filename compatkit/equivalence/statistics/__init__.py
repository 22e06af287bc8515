"""Compare many runs with many, where no two are bitwise equal: an equivalence test, and three verdicts.

SciPy, which the tests come from, is imported when samples are compared.
"""

from __future__ import annotations

from compatkit.equivalence.statistics.compare_samples import compare_samples
from compatkit.equivalence.statistics.evidence import Decision, Evidence, Sample, SampleVerdict

__all__ = ["Decision", "Evidence", "Sample", "SampleVerdict", "compare_samples"]
