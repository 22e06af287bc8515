"""How often the verdict on many runs errs: run `python -m tests.benchmarks.bench_equivalence_test [TRIES [NAME...]]`.

Each setting draws both sides with means that lie just at the margin, where "equivalent" is wrong and most likely, and
counts how often it is said, with the standard error of that rate and the bound below which the true one lies, with a
confidence of 0.99: "at most 0.05" is shown where this bound is no larger. With 2,000 tries it is for few settings: the
standard error alone is 0.005. Where statsmodels is installed, it is also counted how often a p-value that finds
"equivalent" lies below that of its `ttost_ind`, which never may be, in the first 2,000 tries.
"""

from __future__ import annotations

import math
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
ALPHA = 0.05
_AT_ONCE = 10_000  # tries
ABSOLUTE, RELATIVE = Margin("*", "simulated", absolute=1.0), Margin("*", "simulated", relative=0.1)
Size = int | tuple[int, int]
Draw = Callable[[Generator, Size], np.ndarray]


def normal(random: Generator, count: Size) -> np.ndarray:
    return random.normal(0, 0.5, count)


def heavy(random: Generator, count: Size) -> np.ndarray:
    """Student's t with three degrees of freedom: now and then a value far off."""
    return 0.3 * random.standard_t(3, count)


def skewed(random: Generator, count: Size) -> np.ndarray:
    return 0.5 * (random.exponential(1, count) - 1)


def tied(random: Generator, count: Size) -> np.ndarray:
    """Accuracies on few samples: a handful of values."""
    return np.round(random.normal(0, 0.5, count) * 4) / 4


def wide(random: Generator, count: Size) -> np.ndarray:
    return random.normal(0, 2.0, count)


def far(random: Generator, count: Size) -> np.ndarray:
    """A tenth of the mean is the distance that the others are moved by."""
    return random.normal(10, 0.5, count)


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
    "relative margin, 5 and 5": (far, 5, far, 5),
    "relative margin, 20 and 20": (far, 20, far, 20),
}


def rate_at_margin(setting: str, tries: int) -> tuple[int, int]:
    """Return how many tries find "equivalent", and how many p-values lie below those of statsmodels."""
    one, ones, other, others = SETTINGS[setting]
    random, wrong, below = np.random.default_rng(16), 0, 0
    for start in range(0, tries, _AT_ONCE):
        count = min(_AT_ONCE, tries - start)
        before, after = one(random, (count, ones)), other(random, (count, others)) + 1.0
        may_be = _lies_within(before * 1.1 if one is far else before + 1.0, after)
        for number in range(count):
            is_first = start + number < TRIES
            if is_first or may_be[number]:
                evidence = _judged(setting, before[number], after[number])
                is_wrong = evidence.decision is Decision.EQUIVALENT
                assert may_be[number] or not is_wrong, "a try was left out that finds them equivalent"
                wrong += is_wrong
                below += is_first and one is not far and _is_below(evidence, before[number], after[number])
    return wrong, below


def _lies_within(high: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Tell of each try whether the mean lies so far below the upper bound that the test may find it there.

    No other try can come out as equivalent, nor need it be judged: a quantile of 0.95 of Student's t is no smaller.
    """
    error = np.sqrt(sum(side.var(axis=1, ddof=1) / side.shape[1] for side in (high, after)))
    return high.mean(axis=1) - after.mean(axis=1) > 1.64 * error


def equal_means(setting: str) -> Counter[Decision]:
    one, ones, other, others = SETTINGS[setting]
    random = np.random.default_rng(17)
    return Counter(_judged(setting, one(random, ones), other(random, others)).decision for _ in range(TRIES))


def _judged(setting: str, before: np.ndarray, after: np.ndarray) -> Evidence:
    margin = RELATIVE if SETTINGS[setting][0] is far else ABSOLUTE
    sides = (Sample(tuple(values.tolist()), len(values)) for values in (before, after))
    return judge("m", *sides, margin, Levels.of(1 - ALPHA, 1))


def _is_below(evidence: Evidence, before: np.ndarray, after: np.ndarray) -> bool:
    if not find_spec("statsmodels") or evidence.p_equivalent is None or evidence.p_equivalent > 0.5:
        return False
    from statsmodels.stats.weightstats import ttost_ind

    return evidence.p_equivalent < float(ttost_ind(after, before, -1, 1, usevar="unequal")[0]) * (1 - 1e-9)


def main(tries: int = TRIES, *names: str) -> None:
    """Try all settings, or those whose names begin so."""
    print(f"{tries} tries a setting with means at the margin, {TRIES} with equal ones")
    print(f"{'setting':36} false equivalent  std. error  at most  false different  found  p below statsmodels'")
    beyond, unshown = [], []
    for setting in filter(lambda known: known.startswith(names or ("",)), SETTINGS):
        wrong, below = rate_at_margin(setting, tries)
        equal = equal_means(setting)
        rate = wrong / tries
        most = binomtest(wrong, tries, ALPHA, alternative="less").proportion_ci(0.99).high
        least = binomtest(wrong, tries, ALPHA, alternative="greater").proportion_ci(0.99).low
        shown = f"{rate:16.4f}  {math.sqrt(rate * (1 - rate) / tries):10.5f}  {most:7.4f}"
        others = (equal[decision] / TRIES for decision in (Decision.DIFFERENT, Decision.EQUIVALENT))
        shown += "  {:15.4f}  {:5.3f}".format(*others)
        print(f"{setting:36} {shown}   {below if find_spec('statsmodels') else 'not there':>20}", flush=True)
        beyond += [setting] if least > ALPHA else []
        unshown += [setting] if least <= ALPHA < most else []
    if unshown:
        print(f"at most {ALPHA} is not shown with this many tries: {'; '.join(unshown)}")
    sys.exit(f"more than {ALPHA}, and than chance explains: {'; '.join(beyond)}" if beyond else None)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
