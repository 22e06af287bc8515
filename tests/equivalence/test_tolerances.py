"""Within what numbers agree, which rule decides it, and what a difference says about how far they lie apart."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Difference, Kind, Model, Policy, Snapshot, Tensor, Tolerance, compare_snapshots
from compatkit.migration import Bound, Migration, parse_migration
from tests.equivalence.strategies import RUN, history

LOOSE_FIRST = Policy(bounds=(Bound("val_*", "other hardware", rtol=1e-3), Bound("*", "exact else")))


def differences(values: tuple[float, ...], policy: Policy, name: str = "val_loss") -> tuple[Difference, ...]:
    base = Snapshot("a", metrics={name: history(1.0, 2.0, 3.0)})
    return compare_snapshots(base, Snapshot("b", metrics={name: history(*values)}), policy).deciding


def test_the_bundled_policy_compares_metrics_exactly(migration: Migration) -> None:
    (difference,) = differences((1.0, math.nextafter(2.0, 3.0), 3.0), Policy.from_migration(migration))

    assert (difference.first_step, difference.rule) == (2, "must be equal")
    assert difference.distance is not None
    assert difference.distance.ulps == 1


def test_the_first_pattern_that_fits_decides_and_is_named() -> None:
    assert not differences((1.0, 2.001, 3.0), LOOSE_FIRST)

    (difference,) = differences((1.0, 2.01, 3.0), LOOSE_FIRST)

    assert difference.rule == "beyond rtol 0.001, atol 0 (tolerance of 'val_*': other hardware)"


def test_a_metric_that_no_early_pattern_names_is_left_to_the_later() -> None:
    (difference,) = differences((1.0, 2.001, 3.0), LOOSE_FIRST, name="train_loss")

    assert difference.rule == "must be equal (tolerance of '*': exact else)"


def test_a_pattern_names_the_v2_spelling(migration: Migration) -> None:
    policy = replace(Policy.from_migration(migration), bounds=(Bound("train_accuracy", "other hardware", atol=0.1),))
    changed = replace(RUN, metrics={**RUN.metrics, "train_acc": history(0.5, 0.75, 0.8)})

    assert compare_snapshots(RUN, changed, policy).is_equivalent


@given(st.floats(1e-300, 1e300), st.integers(0, 9), st.integers(0, 9))
def test_ulps_allow_as_many_doubles_and_no_more(value: float, apart: int, ulps: int) -> None:
    other = value
    for _ in range(apart):
        other = math.nextafter(other, math.inf)

    assert Tolerance(ulps=ulps).agree(value, other) is (apart <= ulps)


def test_no_tolerance_lets_a_number_agree_with_nan_or_infinity() -> None:
    lenient = Tolerance(rtol=1e300, atol=1e300, ulps=2**64)

    assert not lenient.agree(1.0, math.nan)
    assert not lenient.agree(math.inf, 1e308)
    assert not lenient.agree(math.inf, -math.inf)


def test_the_largest_distance_is_told_beside_the_first() -> None:
    (difference,) = differences((1.5, 4.0, 3.25), Policy())

    assert (difference.first_step, difference.count, difference.of) == (1, 3, 3)
    assert (difference.before, difference.after) == ("1.0", "1.5")
    assert difference.distance is not None
    assert difference.distance.absolute == 0.5
    assert difference.largest is not None
    assert (difference.largest.absolute, difference.largest_step) == (2.0, 2)


def test_beside_an_infinity_no_finite_distance_is_called_the_largest() -> None:
    (difference,) = differences((1.5, math.inf, 3.0), Policy())

    assert difference.distance is not None
    assert difference.largest is None


def test_a_lost_metric_tells_its_first_step_and_how_many_points() -> None:
    (difference,) = compare_snapshots(
        Snapshot("a", metrics={"loss": history(1.0, 2.0, first=4), "b": history(1.0)}),
        Snapshot("b", metrics={"b": history(1.0)}),
        Policy(),
    ).deciding

    assert (difference.kind, difference.first_step, difference.count) == (Kind.METRIC_MISSING, 4, 2)


def test_params_that_are_numbers_tell_how_far_they_lie_apart() -> None:
    runs = [Snapshot("a", params={"lr": lr, "name": name}) for lr, name in (("0.01", "one"), ("0.02", "two"))]

    lr, name = compare_snapshots(*runs, Policy()).deciding

    assert lr.distance is not None
    assert lr.distance.absolute == pytest.approx(0.01)
    assert name.distance is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_neighbours_in_a_weights_own_type_are_one_ulp_apart(dtype: str) -> None:
    one = np.array([0.0, 1.0], dtype=dtype)
    part = one.real.dtype.type
    other = one + np.array([0, np.spacing(part(1.0))], dtype=dtype)
    runs = [Snapshot("a", models={"net": Model(tensors={"w": Tensor(dtype, values)})}) for values in (one, other)]

    (difference,) = compare_snapshots(*runs, Policy.exact()).deciding

    assert difference.distance is not None
    assert difference.distance.ulps == 1


def test_neighbours_in_bfloat16_are_one_ulp_apart() -> None:
    values = [np.array([1.0], dtype=np.float32), np.array([1.0078125], dtype=np.float32)]
    runs = [Snapshot("a", models={"net": Model(tensors={"w": Tensor("bfloat16", each)})}) for each in values]

    (difference,) = compare_snapshots(*runs, Policy.exact()).deciding

    assert difference.distance is not None
    assert difference.distance.ulps == 1


def test_tolerances_are_read_from_a_migration() -> None:
    migration = parse_migration("""
schema = 1
id = "widgets-v2"
summary = "Move widgets."
versions = { v1 = "1", v2 = "2" }
[equivalence]
rtol = 1e-6
tolerances = [{ metric = "val_*", rtol = 1e-3, ulps = 4, why = "other hardware" }]
""")

    policy = Policy.from_migration(migration)

    assert policy.metric_tolerance("loss") == Tolerance(1e-6)
    assert policy.metric_tolerance("val_loss").ulps == 4
    assert policy.weights["float32"].rtol == 1.3e-6
