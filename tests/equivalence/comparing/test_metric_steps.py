"""Histories with different steps: the report on the steps, and the comparison of the values at common steps."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from compatkit.equivalence import Kind, Model, Policy, Snapshot, compare_snapshots
from compatkit.equivalence.difference import Difference
from compatkit.equivalence.frameworks import Nature
from compatkit.equivalence.history import History

Points = list[tuple[int, float]]


def differences(before: Points, after: Points) -> list[Difference]:
    own = {"acc": History.of([(0, 0.5)])}
    sides = [
        Snapshot(name, metrics={**own, **({"loss": History.of(points)} if points else {})})
        for name, points in (("a", before), ("b", after))
    ]
    return list(compare_snapshots(*sides, Policy.exact()).deciding)


def test_a_shift_of_equal_values_is_all_that_is_reported() -> None:
    (steps,) = differences([(0, 0.9), (1, 0.8), (2, 0.7)], [(1, 0.9), (2, 0.8), (3, 0.7)])

    assert (steps.kind, steps.hint, steps.first_step) == (
        Kind.METRIC_STEPS,
        "the same values, shifted by +1 steps",
        0,
    )


@pytest.mark.parametrize(
    "after",
    [
        [(1, 0.9), (2, 0.8), (3, 0.1)],  # shifted, with another value
        [(1, 0.9), (2, 0.8), (4, 0.7)],  # the same values, but not by one shift
    ],
)
def test_what_is_no_shift_does_not_hide_that_values_differ(after: Points) -> None:
    steps, values = differences([(0, 0.9), (1, 0.8), (2, 0.7)], after)

    assert steps.kind is Kind.METRIC_STEPS
    assert "shifted" not in steps.hint
    assert (values.kind, values.first_step, values.count, values.of) == (Kind.METRIC_VALUE, 1, 2, 2)


def test_values_of_a_step_are_compared_though_one_side_logged_it_more_often() -> None:
    steps, values = differences([(0, 0.9), (1, 0.8), (1, 0.7)], [(0, 0.9), (1, 0.6)])

    assert steps.hint == "step 1 is logged twice before and once after"
    assert (values.kind, values.first_step, values.before, values.after) == (Kind.METRIC_VALUE, 1, "0.8", "0.6")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([(0, 0.9), (1, 0.8)], [(0, 0.9)], "missing: step 1"),
        ([(0, 0.9)], [(0, 0.9), (1, 0.8)], "extra: step 1"),
        ([(0, 0.9), (1, 0.8), (1, 0.7)], [(0, 0.9), (1, 0.8)], "missing: the 2nd point of step 1 (0.7)"),
    ],
)
def test_points_that_one_side_has_more_are_named(before: Points, after: Points, said: str) -> None:
    (steps,) = differences(before, after)

    assert steps.hint == said


def test_both_sides_are_shown_by_their_points_and_steps() -> None:
    (steps,) = differences([(4, 0.9)], [(4, 0.9), (7, 0.8)])

    assert (steps.before, steps.after) == ("1 point at step 4", "2 points, steps 4 to 7")


def test_many_steps_that_one_side_lacks_are_counted() -> None:
    before = [(step, 0.5 + step) for step in range(0, 40, 2)]
    (steps,) = differences(before, [(step + 1, value) for step, value in before[:9]])

    assert steps.hint == "steps 0, 2, 4 and 17 more are only before, steps 1, 3, 5 and 6 more are only after"


def test_three_steps_are_named_each() -> None:
    (steps,) = differences([(0, 0.1), (2, 0.2), (4, 0.3)], [(1, 0.9)])

    assert steps.hint == "steps 0, 2, 4 are only before, step 1 is only after"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [([(3, 0.9), (5, 0.8)], [], Kind.METRIC_MISSING), ([], [(3, 0.9), (5, 0.8)], Kind.METRIC_EXTRA)],
)
def test_a_metric_that_one_side_lacks_is_told_with_its_first_step(before: Points, after: Points, kind: Kind) -> None:
    (found,) = differences(before, after)

    assert (found.kind, found.first_step, found.count) == (kind, 3, 2)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"cost": [(0, 0.9), (1, 0.8)]}, ["renamed? 'cost' has the same values"]),
        ({"cost": [(0, 0.9), (1, 0.8)], "price": [(0, 0.9), (1, 0.8)]}, [""]),
        ({"cost": [(0, 0.9)]}, [""]),
        ({"cost": [(0, 0.9), (1, 1.0)]}, [""]),
        ({"cost": [(0, 0.9), (1, 0.8), (2, 0.7)]}, [""]),
    ],
)
def test_a_metric_is_called_renamed_where_just_one_other_has_all_its_values(
    others: dict[str, Points], said: list[str]
) -> None:
    gone = Snapshot("a", metrics={"loss": History.of([(0, 0.9), (1, 0.8)])})
    new = Snapshot("b", metrics={name: History.of(points) for name, points in others.items()})

    found = compare_snapshots(gone, new, Policy.exact()).deciding

    assert [difference.hint for difference in found if difference.kind is Kind.METRIC_MISSING] == said


@pytest.mark.parametrize("is_before", [True, False])
def test_a_metric_of_a_model_that_one_side_has_is_a_difference(is_before: bool) -> None:
    acc = History.of([(0, 0.5)])
    bare, measured = (Snapshot(name, metrics={"acc": acc}) for name in ("a", "b"))
    bare, measured = (
        replace(run, models={"net": Model(metrics=metrics)})
        for run, metrics in ((bare, {}), (measured, {"d": {"f1": acc}}))
    )

    (found,) = compare_snapshots(*((measured, bare) if is_before else (bare, measured)), Policy.exact()).deciding

    assert found.kind is (Kind.METRIC_MISSING if is_before else Kind.METRIC_EXTRA)
    assert (found.name, found.hint) == ("f1", "of model net on the data set d")


def test_a_difference_of_a_model_says_what_it_would_of_the_run() -> None:
    points = [[(step + shift, value) for step, value in enumerate((0.9, 0.8, 0.7))] for shift in (0, 1)]
    runs = [
        Snapshot(
            name, metrics={"acc": History.of([(0, 0.5)])}, models={"net": Model(metrics={"d": {"f1": History.of(one)}})}
        )
        for name, one in zip("ab", points, strict=True)
    ]

    (found,) = compare_snapshots(*runs, Policy.exact()).deciding

    assert found.hint == "of model net on the data set d, the same values, shifted by +1 steps"


def test_of_a_metric_that_varies_by_nature_the_values_alone_do_not_decide() -> None:
    nature = Nature("a framework", "it is a duration", "", metric=re.compile("loss"))
    policy = replace(Policy.exact(), natures=(nature,))
    steps = [[(0, 0.9), (1, 0.8)], [(0, 0.7), (1, 0.6)], [(0, 0.9), (2, 0.8)]]
    before, slower, shifted = (Snapshot("a", metrics={"loss": History.of(points)}) for points in steps)

    assert not list(compare_snapshots(before, slower, policy).deciding)
    assert Kind.METRIC_STEPS in {found.kind for found in compare_snapshots(before, shifted, policy).deciding}
    assert list(compare_snapshots(before, slower, Policy.exact()).deciding)


def test_a_step_that_lacks_its_first_point_is_said_beside_the_value_that_differs() -> None:
    steps, values = differences([(0, 0.9), (1, 0.7), (1, 0.8)], [(0, 0.9), (1, 0.8)])

    assert (steps.hint, values.kind) == ("missing: the 1st point of step 1 (0.7)", Kind.METRIC_VALUE)


@pytest.mark.parametrize(("again", "kinds"), [(0.5, []), (0.6, [Kind.METRIC_SPELLINGS])])
def test_a_run_may_log_both_spellings_while_they_agree(again: float, kinds: list[Kind]) -> None:
    policy = replace(Policy.exact(), metric_names={"acc": "accuracy"})
    both = Snapshot("a", metrics={"acc": History.of([(0, 0.5)]), "accuracy": History.of([(0, again)])})
    new = Snapshot("b", metrics={"accuracy": History.of([(0, 0.5)])})

    assert [found.kind for found in compare_snapshots(both, new, policy).deciding] == kinds
