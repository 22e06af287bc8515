"""Two ways to do one thing, timed in turn in one process, so that the ratio holds when the machine's speed drifts."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comparison:
    """Median seconds of ours and of the peer, and the median of the ratios, pair by pair.

    `cpu` is the least CPU time of ours, user and system, and `cpu_ratio` its ratio to the peer's: both hold on a
    machine that others use too.
    """

    ours: float
    peer: float
    ratio: float
    pairs: int
    cpu_ratio: float
    cpu: float = 0.0


def compare(ours: Callable[[], object], peer: Callable[[], object], *, pairs: int = 7) -> Comparison:
    """Time `ours` and `peer` in turn, `pairs` times after one warm-up."""
    ours(), peer()
    rows = [(_seconds(ours), _seconds(peer)) for _ in range(pairs)]
    return Comparison(
        ours=statistics.median(mine for (mine, _), _ in rows),
        peer=statistics.median(theirs for _, (theirs, _) in rows),
        ratio=statistics.median(mine / theirs for (mine, _), (theirs, _) in rows),
        pairs=pairs,
        cpu=(cpu := min(mine for (_, mine), _ in rows)),
        cpu_ratio=cpu / max(min(theirs for _, (_, theirs) in rows), 1e-9),
    )


def report(what: str, found: Comparison, *, target: str, unit: float = 1e-9, name: str = "ns") -> None:
    """Print one line: both figures in `name`s, the ratio, and the target that the ratio is held against."""
    print(
        f"{what:<46} ours {found.ours / unit:>10,.1f} {name}   peer {found.peer / unit:>10,.1f} {name}   "
        f"ratio {found.ratio:>6.2f} (CPU {found.cpu / unit:,.1f} {name}, {found.cpu_ratio:.2f})   "
        f"target {target}   ({found.pairs} pairs)"
    )


def _seconds(function: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the clock and of the CPU, those of finished children among them."""
    start, used = time.perf_counter(), _used()
    function()
    return time.perf_counter() - start, _used() - used


def _used() -> float:
    # Not `os.times`, which counts in ticks of 10 ms.
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
