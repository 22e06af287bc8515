"""The tolerance within which numbers agree, the rule that decides it, and the distance that a difference states."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import (
    Content,
    Difference,
    File,
    Kind,
    Model,
    Policy,
    Snapshot,
    Tensor,
    Tolerance,
    compare_snapshots,
)
from compatkit.equivalence.tolerance import TORCH_WEIGHTS
from compatkit.migration import Bound, Migration, MigrationError, parse_equivalence, parse_migration
from tests.equivalence.strategies import RUN, history, weights

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


def test_params_that_are_integers_are_counted_in_integers() -> None:
    (difference,) = compare_snapshots(
        Snapshot("a", params={"k": "1"}), Snapshot("b", params={"k": str(10**400)}), Policy()
    ).deciding

    assert difference.distance is None

    (difference,) = compare_snapshots(
        Snapshot("a", params={"k": "1"}), Snapshot("b", params={"k": "3"}), Policy()
    ).deciding

    assert difference.distance is not None
    assert difference.distance.ulps == 2


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
    runs = [Snapshot("a", models={"net": Model(tensors={"w": Tensor("bfloat16", array)})}) for array in values]

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


@pytest.mark.parametrize(
    ("place", "is_weight"),
    [
        ("$.net.weight", True),
        ('$["model_state_dict"]["0.weight"]', True),
        ("$.optimizer.state{0}.exp_avg", False),
        ("$.state{0}.momentum_buffer", False),
        ("$.lr_scheduler.base_lrs", False),
        ("$.amp_scaler.scale", False),
        ("$.weight_ih_l0", True),
        ("embeddings.weight", True),
        ("$", False),
        ("$[0]", False),
        ("$.losses", False),
        ("$.history.loss", False),
    ],
)
def test_of_a_checkpoint_the_weights_alone_have_the_tolerance_of_weights(place: str, is_weight: bool) -> None:
    policy = Policy(weights=TORCH_WEIGHTS)

    assert bool(policy.tensor_tolerances("last.pt", "tensors", place)) is is_weight
    assert not policy.tensor_tolerances("last.npz", "array", place)
    for file in ("out/optimizer.pt", "scheduler.pt", "embeddings.pt", "test_predictions.safetensors"):
        assert not policy.tensor_tolerances(file, "tensors", place)


def test_what_is_declared_of_files_and_params_makes_them_numbers() -> None:
    policy = Policy(
        bounds=(
            Bound("", "resampled", rtol=0.01, artifact="*.csv"),
            Bound("", "drawn", atol=0.5, artifact="plan.npy"),
            Bound("", "spelled by hand", param="lr"),
        )
    )
    before, after = (
        Snapshot(
            name,
            params={"lr": rate, "python": "3.1"},
            artifacts={
                "a.csv": File(name, 1, Content("csv", {"row 1": row})),
                "plan.npy": File(name, 1, Content("array", tensors={"array": weights(*plan)})),
            },
        )
        for name, rate, row, plan in (
            ("a", "3.10", '["x", "1.0"]', (1.0, 2.0)),
            ("b", "3.1", '["x", "1.001"]', (1.25, 2.0)),
        )
    )

    verdict = compare_snapshots(before, after, policy)

    assert verdict.is_equivalent
    assert not compare_snapshots(before, replace(after, params={"lr": "3.2", "python": "3.1"}), policy).is_equivalent
    assert [difference.name for difference in compare_snapshots(before, after, Policy.exact()).deciding] == [
        "lr",
        "a.csv",
        "plan.npy",
    ]


def test_one_thing_has_one_tolerance() -> None:
    row = {"metric": "loss", "param": "lr", "rtol": 0.1, "why": "both"}

    with pytest.raises(MigrationError, match="exactly one of metric, param, artifact"):
        parse_equivalence({"tolerances": [row]}, where="here")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            (0.5, -0.25, 1.000001),
            "1 of 3 weights of model net@0 are not equal, but within the tolerance, by up to 9.54e-07",
        ),
        ((0.5000001, -0.2500001, 1.000001), "3 of 3 weights of model net@0"),
        ((0.5000001, -0.2500001, 1.000001), "all of them away from zero"),
        ((0.5000001, -0.2499999, 1.000001), "all of them up"),
    ],
)
def test_what_a_tolerance_decides_is_counted_and_its_direction_told(changed: tuple[float, ...], said: str) -> None:
    base = Snapshot("a", models={"net@0": Model({"0.weight": weights(0.5, -0.25, 1.0)})})
    other = Snapshot("b", models={"net@0": Model({"0.weight": weights(*changed)})})

    verdict = compare_snapshots(base, other, Policy(weights=TORCH_WEIGHTS))

    assert verdict.is_equivalent
    assert said in " ".join(verdict.notes)


def test_points_within_a_tolerance_are_counted_and_equal_ones_are_not_mentioned() -> None:
    base = Snapshot("a", metrics={"val_loss": history(1.0, 2.0, 3.0)})

    near = compare_snapshots(base, Snapshot("b", metrics={"val_loss": history(1.0, 2.001, 3.0)}), LOOSE_FIRST)
    equal = compare_snapshots(base, replace(base, run_id="b"), LOOSE_FIRST)

    assert near.notes[0].startswith("1 of 3 points of metrics (val_loss) are not equal, but within the tolerance")
    assert equal.notes == ()


@pytest.mark.parametrize(
    ("name", "is_mlflows"),
    [
        ("system/cpu_utilization_percentage", True),
        ("system/node-1/gpu_0_utilization_percentage", True),
        ("system/detection_accuracy", False),
        ("system/gpu_count", False),
    ],
)
def test_of_metrics_below_system_only_mlflows_own_samples_are_left_out(name: str, is_mlflows: bool) -> None:
    base = Snapshot("a", metrics={"loss": history(1.0)})
    other = Snapshot("b", metrics={"loss": history(1.0), name: history(2.0)})

    assert compare_snapshots(base, other, Policy.exact()).is_equivalent is is_mlflows
