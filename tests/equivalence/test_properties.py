"""Properties that hold for any two runs and any policy."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from compatkit.equivalence import (
    Distance,
    EquivalenceError,
    Point,
    Policy,
    Snapshot,
    Tolerance,
    compare_snapshots,
)
from compatkit.migration import Allowance, find_migration
from tests.equivalence.strategies import numbers, snapshots

EXACT = Policy.exact()
DECLARED = Policy.from_migration(find_migration())
allowances = st.builds(
    Allowance,
    st.sampled_from(["metric", "param", "tag", "artifact", "model", "dataset"]),
    st.sampled_from(["*", "a*", "?", "b"]),
    st.just("because"),
)


@given(snapshots)
def test_a_run_is_equivalent_to_itself(snapshot: Snapshot) -> None:
    for policy in (EXACT, DECLARED):
        verdict = compare_snapshots(snapshot, snapshot, policy)

        assert verdict.is_equivalent
        assert not verdict.allowed


@given(snapshots, snapshots)
def test_the_names_that_differ_do_not_depend_on_the_direction(one: Snapshot, other: Snapshot) -> None:
    there, back = compare_snapshots(one, other, EXACT), compare_snapshots(other, one, EXACT)

    assert [difference.name for difference in there.deciding] == [difference.name for difference in back.deciding]


@given(snapshots, st.data())
def test_a_changed_value_is_found_wherever_it_is(snapshot: Snapshot, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(snapshot.metrics)))
    history = snapshot.metrics[name]
    place = data.draw(st.integers(0, len(history) - 1))
    value = data.draw(numbers)
    assume(not DECLARED.metrics.agree(history[place].value, value))
    changed = (*history[:place], Point(history[place].step, value), *history[place + 1 :])

    verdict = compare_snapshots(snapshot, replace(snapshot, metrics={**snapshot.metrics, name: changed}), DECLARED)

    assert [(difference.name, difference.first_step, difference.count) for difference in verdict.deciding] == [
        (name, history[place].step, 1)
    ]


@given(snapshots, st.data())
def test_a_lost_point_is_found_wherever_it_is(snapshot: Snapshot, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(snapshot.metrics)))
    history = snapshot.metrics[name]
    place = data.draw(st.integers(0, len(history) - 1))
    shorter = (*history[:place], *history[place + 1 :])

    verdict = compare_snapshots(snapshot, replace(snapshot, metrics={**snapshot.metrics, name: shorter}), EXACT)

    assert [difference.name for difference in verdict.deciding] == [name]
    assert verdict.deciding[0].first_step == history[place].step


@given(snapshots, snapshots, st.lists(allowances, max_size=3))
def test_allowing_more_never_decides_more(one: Snapshot, other: Snapshot, more: list[Allowance]) -> None:
    strict = compare_snapshots(one, other, EXACT)
    try:
        lenient = compare_snapshots(one, other, replace(EXACT, ignore=tuple(more)))
    except EquivalenceError:
        # No verdict: then nothing but what is allowed differed.
        return

    assert set(lenient.deciding) <= set(strict.deciding)
    assert len(lenient.deciding) + len(lenient.allowed) == len(strict.deciding)


@given(numbers, numbers, st.floats(0, 1), st.floats(0, 1), st.integers(0, 9))
def test_agreement_is_symmetric(one: float, other: float, rtol: float, atol: float, ulps: int) -> None:
    tolerance = Tolerance(rtol, atol, ulps)

    assert tolerance.agree(one, other) == tolerance.agree(other, one)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_next_double_is_one_ulp_away(value: float) -> None:
    following = math.nextafter(value, math.inf)
    assume(math.isfinite(following))

    for distance in (Distance.between(value, following), Distance.between(following, value)):
        assert distance is not None
        assert distance.ulps == 1
        assert 0 <= distance.relative <= 2


@given(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_what_is_not_finite_lies_at_no_distance(value: float, other: float) -> None:
    assert Distance.between(value, other) is None
