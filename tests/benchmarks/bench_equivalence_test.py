"""How often the verdict on many runs errs, by simulation: python -m tests.benchmarks.bench_equivalence_test [TRIES].

Each setting draws both sides with means that lie just at the margin of 1, where "equivalent" is wrong and most likely,
and counts how often it is said: in at most 0.05 of the tries, and what chance adds to that. Where statsmodels is
installed, it is also counted how often a p-value that finds "equivalent" lies below that of its `ttost_ind`, which
never may be.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.random import Generator
from scipy.stats import binomtest

from compatkit.equivalence.statistics import Decision, Evidence, Sample
from compatkit.equivalence.statistics.judge import Levels, judge
from compatkit.migration import Margin

TRIES = 2_000
MARGIN = Margin("*", "simulated", absolute=1.0)
Draw = Callable[[Generator, int], np.ndarray]


def normal(random: Generator, count: int) -> np.ndarray:
    return random.normal(0, 0.5, count)


def heavy(random: Generator, count: int) -> np.ndarray:
    """Student's t with three degrees of freedom: now and then a value far off."""
    return 0.3 * random.standard_t(3, count)


def skewed(random: Generator, count: int) -> np.ndarray:
    return 0.5 * (random.exponential(1, count) - 1)


def tied(random: Generator, count: int) -> np.ndarray:
    """Accuracies on few samples: a handful of values."""
    return np.round(random.normal(0, 0.5, count) * 4) / 4


def wide(random: Generator, count: int) -> np.ndarray:
    return random.normal(0, 2.0, count)


SETTINGS: dict[str, tuple[Draw, int, Draw, int]] = {
    "normal, 5 and 5": (normal, 5, normal, 5),
    "normal, 20 and 20": (normal, 20, normal, 20),
    "normal, n = 2": (normal, 2, normal, 2),
    "unequal sizes, 4 and 16": (normal, 4, normal, 16),
    "unequal sizes, 2 and 20": (normal, 2, normal, 20),
    "unequal spreads, 3 and 3": (normal, 3, wide, 3),
    "unequal spreads, 8 and 8": (normal, 8, wide, 8),
    "unequal sizes and spreads, 16 and 4": (normal, 16, wide, 4),
    "heavy tails, 8 and 8": (heavy, 8, heavy, 8),
    "skewed, 8 and 8": (skewed, 8, skewed, 8),
    "skewed, 30 and 30": (skewed, 30, skewed, 30),
    "ties, 5 and 5": (tied, 5, tied, 5),
}


def tried(setting: str, shift: float, tries: int) -> tuple[Counter[Decision], int]:
    """Return the decisions, and how many p-values lie below those of statsmodels."""
    one, ones, other, others = SETTINGS[setting]
    random, found, below = np.random.default_rng(16), Counter[Decision](), 0
    for _ in range(tries):
        before, after = one(random, ones), other(random, others) + shift
        sides = (Sample(tuple(values.tolist()), len(values)) for values in (before, after))
        evidence = judge("m", *sides, MARGIN, Levels.of(0.95, 1))
        found[evidence.decision] += 1
        below += _is_below(evidence, before, after)
    return found, below


def _is_below(evidence: Evidence, before: np.ndarray, after: np.ndarray) -> bool:
    if not find_spec("statsmodels") or evidence.p_equivalent is None or evidence.p_equivalent > 0.5:
        return False
    from statsmodels.stats.weightstats import ttost_ind

    return evidence.p_equivalent < float(ttost_ind(after, before, -1, 1, usevar="unequal")[0]) * (1 - 1e-9)


def main(tries: int = TRIES) -> None:
    print(f"{tries} tries a setting; means at the margin, then equal")
    print(f"{'setting':38} false equivalent  false different  found equivalent  p below statsmodels'")
    beyond = []
    for setting in SETTINGS:
        at, below = tried(setting, 1.0, tries)
        equal, _ = tried(setting, 0.0, tries)
        rates = (at[Decision.EQUIVALENT], equal[Decision.DIFFERENT], equal[Decision.EQUIVALENT])
        shown = "  ".join(f"{rate / tries:15.4f}" for rate in rates)
        print(f"{setting:38} {shown}   {below if find_spec('statsmodels') else 'not there':>20}", flush=True)
        if binomtest(at[Decision.EQUIVALENT], tries, 0.05, alternative="greater").pvalue < 0.01 / len(SETTINGS):
            beyond.append(setting)
    sys.exit(f"more than 0.05, and than chance explains: {', '.join(beyond)}" if beyond else None)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
