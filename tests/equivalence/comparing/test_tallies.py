"""Metrics, models and files with values that agree only by a tolerance are named, and no others are."""

from __future__ import annotations

import numpy as np
import pytest

from compatkit.equivalence import Content, File, Model, Point, Policy, Snapshot, Tensor, Tolerance
from compatkit.equivalence.comparing.tallies import count_compared, notes_on_near_values

NEAR = 1 + 2**-20
POLICY = Policy(metrics=Tolerance(rtol=1e-5), weights={"float32": Tolerance(rtol=1e-5)})


def said(before: Snapshot, after: Snapshot, policy: Policy = POLICY) -> list[str]:
    return list(notes_on_near_values(before, after, policy))


def run(side: str, *values: float, metric: str = "loss", dtype: str = "float32", own: str = "") -> Snapshot:
    """A run with the same values as a metric, as weights of a model, and in a file of it and of the run."""
    tensors = {"w": Tensor(dtype, np.array(values, dtype=np.float32))} | (
        {own: Tensor(dtype, np.ones(2, dtype=np.float32))} if own else {}
    )
    files = {"w.pt": File(side, 9, Content("tensors", {}, tensors)), "w.bin": File(side, 9)}
    points = tuple(Point(step, value) for step, value in enumerate(values))
    return Snapshot(
        side,
        metrics={metric: points} | ({own: points} if own else {}),
        models={"net": Model(tensors, files=files)},
        artifacts=files,
    )


def test_each_thing_that_agrees_by_the_tolerance_alone_is_said_once() -> None:
    notes = said(run("a", 1.0, 1.0, 1.0), run("b", 1.0, NEAR, NEAR))

    kinds = [
        "points of metrics (loss)",
        "weights of model net",
        "weights in net: w.pt",
        "weights in w.pt",
    ]
    assert [note.partition(" are not equal")[0] for note in notes] == [f"2 of 3 {kind}" for kind in kinds]
    assert all(note.endswith(", all of them up") for note in notes)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (run("a", 1.0), run("b", 1.0)),
        (run("a", 1.0), run("b", 2.0)),
        (run("a", 1.0, 1.0), run("b", NEAR)),
        (run("a", 1.0), run("b", NEAR, metric="accuracy", dtype="float64")),
    ],
)
def test_what_is_equal_apart_or_of_another_shape_name_or_dtype_is_not_near(before: Snapshot, after: Snapshot) -> None:
    assert said(before, after) == []
    assert said(after, before) == []


def test_what_one_side_alone_has_is_not_counted() -> None:
    own, shared = run("a", 1.0, own="more"), run("b", NEAR)

    assert said(own, shared)[0].startswith("1 of 1 points of metrics (loss)")
    assert len(said(own, shared)) == len(said(shared, own)) == 4


def test_a_file_that_is_equal_to_the_byte_is_not_looked_at() -> None:
    assert [note for note in said(run("same", 1.0), run("same", NEAR)) if " in " in note] == []


def test_an_exact_policy_has_nothing_to_say() -> None:
    assert said(run("a", 1.0), run("b", NEAR), Policy.exact()) == []


def test_a_file_that_one_side_alone_could_read_is_not_near() -> None:
    read, unread = run("a", 1.0), Snapshot("b", artifacts={"w.pt": File("b", 9)})

    assert said(read, unread) == said(unread, read) == []


@pytest.mark.parametrize(("params", "counted"), [({}, 0), ({"lr": "1"}, 1)])
def test_a_child_run_counts_only_where_something_of_it_is_compared(params: dict[str, str], counted: int) -> None:
    sides = [Snapshot(side, children={"fold": Snapshot(side, params=params)}) for side in ("a", "b")]

    assert count_compared(sides[0], sides[1], POLICY)["child runs"] == counted
