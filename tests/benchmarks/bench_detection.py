"""What the comparison finds of planted differences: run `python -m tests.benchmarks.bench_detection [RUNS]`.

A pair of equal runs is generated, as v1 and as v2 log it; one difference is planted into either side.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from random import Random

from compatkit.equivalence import Policy, Snapshot, compare_snapshots
from compatkit.migration import find_migration
from tests.equivalence.plants import KINDS, Kind, generated_run, same_run


@dataclass(frozen=True, slots=True)
class Row:
    """One kind: of how many planted differences how many decided, and how many of as many equal pairs did."""

    kind: Kind
    planted: int
    caught: int
    false_alarms: int


def detect(kind: Kind, runs: int, policy: Policy) -> Row:
    """Plant `kind` into `runs` pairs, in turn into the first and the second run; compare as many equal pairs."""
    caught = alarms = 0
    for number in range(runs):
        seed = number * len(KINDS) + KINDS.index(kind)
        pair = generated_run(seed), same_run(seed)
        alarms += not compare_snapshots(*pair, policy).is_equivalent
        caught += not compare_snapshots(*_planted(kind, pair, number), policy).is_equivalent
    return Row(kind, runs, caught, alarms)


def _planted(kind: Kind, pair: tuple[Snapshot, Snapshot], number: int) -> tuple[Snapshot, Snapshot]:
    random = Random(number)
    if number % 2:
        return kind.plant(random, pair[0]), pair[1]
    return pair[0], kind.plant(random, pair[1])


def main(runs: int = 12) -> None:
    policy = Policy.from_migration(find_migration())
    rows = [detect(kind, runs, policy) for kind in KINDS]
    print(f"{'planted':<36} {'pairs':>5} {'caught':>6} {'missed':>6} {'false alarms':>12}")
    for row in rows:
        why = f"  {row.kind.documented}" if row.kind.documented else ""
        missed = row.planted - row.caught
        print(f"{row.kind.name:<36} {row.planted:>5} {row.caught:>6} {missed:>6} {row.false_alarms:>12}{why}")
    total = sum(row.planted for row in rows), sum(row.caught for row in rows), sum(row.false_alarms for row in rows)
    print(f"{f'all {len(rows)} kinds':<36} {total[0]:>5} {total[1]:>6} {total[0] - total[1]:>6} {total[2]:>12}")
    undocumented = sum(row.planted - row.caught for row in rows if not row.kind.documented)
    print(f"missed without a documented reason: {undocumented}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
