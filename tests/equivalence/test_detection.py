"""The detection benchmark on a few runs: nothing is missed but what is documented, and nothing is invented."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Difference, Policy, compare_snapshots
from compatkit.equivalence import Kind as What
from compatkit.migration import Migration
from tests.benchmarks.bench_detection import detect
from tests.equivalence.plants import KINDS, Kind, generated_run
from tests.equivalence.strategies import snapshots

BY_NAME = {kind.name: kind for kind in KINDS}
MIRRORED = {"missing": "extra", "extra": "missing"}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_planted_kind_is_caught_and_equal_runs_are_not_accused(name: str, migration: Migration) -> None:
    row = detect(BY_NAME[name], 4, Policy.from_migration(migration))

    assert row.false_alarms == 0
    assert row.caught == (0 if BY_NAME[name].documented else row.planted)


def test_the_kinds_are_many_and_named_once() -> None:
    assert len(BY_NAME) == len(KINDS) >= 40


@given(st.integers(0, 2**32), st.sampled_from(KINDS))
def test_the_exact_policy_catches_every_kind(seed: int, kind: Kind) -> None:
    run = generated_run(seed)

    assert not compare_snapshots(run, kind.plant(Random(seed), run), Policy.exact()).is_equivalent


@given(snapshots, snapshots)
def test_every_difference_has_its_mirror_image_in_the_other_direction(one: object, other: object) -> None:
    there = compare_snapshots(one, replace(other, run_id="b"), Policy.exact()).deciding
    back = compare_snapshots(replace(other, run_id="b"), one, Policy.exact()).deciding

    assert [_mirrored(difference) for difference in there] == [replace(difference, hint="") for difference in back]


def _mirrored(difference: Difference) -> Difference:
    """Return the difference as it must be with the sides exchanged; hints and rules are of their own direction."""
    head, _, last = difference.kind.value.rpartition(" ")
    kind = What(f"{head} {MIRRORED[last]}") if last in MIRRORED else difference.kind
    rules = {"must be there": "must not be there", "must not be there": "must be there"}
    rule = rules.get(difference.rule, difference.rule)
    return replace(difference, kind=kind, before=difference.after, after=difference.before, rule=rule, hint="")
