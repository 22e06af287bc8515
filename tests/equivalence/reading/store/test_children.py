"""Child runs are part of their parent, told by name and order, and never by id."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.equivalence import EquivalenceError, Kind, Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.equivalence.snapshots import snapshot_text
from compatkit.migration import Allowance

EXACT = Policy.exact()
_numbers = count()


# Once a worker, and not a module: a worker may take up a module again, and names of experiments are unique.
@pytest.fixture(scope="session")
def client(tracking_uri: str) -> Iterator[MlflowClient]:
    return MlflowClient(tracking_uri)


@pytest.fixture(scope="session")
def experiment(client: MlflowClient) -> str:
    return str(client.create_experiment("children"))


def run(client: MlflowClient, experiment: str, name: str, parent: str = "", *, lr: str = "1", start: int = 0) -> str:
    """Log a run of a second's length that begins `start` seconds after some moment; MLflow takes 0 for now."""
    tags = {"mlflow.parentRunId": parent} if parent else {}
    made = client.create_run(experiment, start_time=1000 * (start + 1), tags=tags, run_name=name).info.run_id
    client.log_param(made, "lr", lr)
    client.set_terminated(made, end_time=1000 * (start + 2))
    return str(made)


def family(client: MlflowClient, experiment: str, *children: tuple[str, str, int]) -> Snapshot:
    """Log a parent with children, given by name, learning rate and start."""
    parent = run(client, experiment, f"parent {next(_numbers)}")
    for name, lr, start in children:
        run(client, experiment, name, parent, lr=lr, start=start)
    return take_snapshot(parent, tracking_uri=client.tracking_uri)


def test_children_are_paired_by_name_in_whatever_order_they_ran(client: MlflowClient, experiment: str) -> None:
    one = family(client, experiment, ("fold 1", "1", 0), ("fold 2", "2", 1))
    other = family(client, experiment, ("fold 2", "2", 0), ("fold 1", "1", 1))

    assert list(one.children) == ["fold 1#1", "fold 2#1"]
    assert compare_snapshots(one, other, EXACT).is_equivalent
    assert snapshot_text(replace(one, run_id="")) == snapshot_text(replace(other, run_id=""))


def test_a_deleted_child_is_said_and_not_read(client: MlflowClient, experiment: str) -> None:
    parent = run(client, experiment, f"parent {next(_numbers)}")
    for number in range(2):
        child = run(client, experiment, "fold", parent, start=number)
    client.delete_run(child)

    found = take_snapshot(parent, tracking_uri=client.tracking_uri)

    assert list(found.children) == ["fold#1"]
    assert "1 of the child runs is deleted: it is not compared" in found.notes


def test_children_of_one_name_that_ran_in_turn_are_paired_by_turn(client: MlflowClient, experiment: str) -> None:
    one = family(client, experiment, ("trial", "1", 0), ("trial", "2", 1))
    same = family(client, experiment, ("trial", "1", 5), ("trial", "2", 9))
    swapped = family(client, experiment, ("trial", "2", 0), ("trial", "1", 1))

    assert compare_snapshots(one, same, EXACT).is_equivalent
    assert not compare_snapshots(one, swapped, EXACT).is_equivalent


def test_children_that_ran_side_by_side_are_paired_by_their_params(client: MlflowClient, experiment: str) -> None:
    one = family(client, experiment, ("gentle-shrike-1", "1", 0), ("bold-ox-22", "2", 0), ("able-cat-333", "3", 0))
    other = family(client, experiment, ("calm-fox-7", "3", 0), ("wise-elk-8", "1", 0), ("able-hen-9", "2", 0))

    assert list(one.children) == ["unnamed#1", "unnamed#2", "unnamed#3"]
    assert compare_snapshots(one, other, EXACT).is_equivalent


def test_a_name_of_other_words_than_mlflows_own_is_a_name(client: MlflowClient, experiment: str) -> None:
    one = family(client, experiment, ("teacher-net-1", "1", 0), ("student-net-2", "2", 1))
    swapped = family(client, experiment, ("student-net-2", "1", 0), ("teacher-net-1", "2", 1))

    assert list(one.children) == ["student-net-2#1", "teacher-net-1#1"]
    assert not compare_snapshots(one, swapped, EXACT).is_equivalent


def test_children_of_one_name_that_overlap_are_paired_by_what_they_logged(
    client: MlflowClient, experiment: str
) -> None:
    def seeds(*accuracies: float) -> Snapshot:
        parent = run(client, experiment, f"parent {next(_numbers)}")
        for accuracy in accuracies:
            child = run(client, experiment, "seed", parent)
            client.log_metric(child, "acc", accuracy, step=0)
        return take_snapshot(parent, tracking_uri=client.tracking_uri)

    assert compare_snapshots(seeds(0.9, 0.8), seeds(0.8, 0.9), EXACT).is_equivalent
    assert not compare_snapshots(seeds(0.9, 0.8), seeds(0.8, 0.8), EXACT).is_equivalent


def test_children_that_overlap_are_paired_by_their_artifacts(client: MlflowClient, experiment: str) -> None:
    def shards(*texts: str) -> Snapshot:
        parent = run(client, experiment, f"parent {next(_numbers)}")
        for text in texts:
            client.log_text(run(client, experiment, "shard", parent), text, "out.txt")
        return take_snapshot(parent, tracking_uri=client.tracking_uri)

    assert compare_snapshots(shards("one", "two"), shards("two", "one"), EXACT).is_equivalent
    assert not compare_snapshots(shards("one", "two"), shards("two", "two"), EXACT).is_equivalent


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_lost_child_is_a_difference_in_both_directions(lost: int, client: MlflowClient, experiment: str) -> None:
    children = [("fold 1", "1", 0), ("fold 2", "2", 1), ("wise-owl-5", "3", 2)]
    whole = family(client, experiment, *children)
    less = family(client, experiment, *children[:lost], *children[lost + 1 :])

    assert [difference.kind for difference in compare_snapshots(whole, less, EXACT).deciding] == [Kind.CHILD_MISSING]
    assert [difference.kind for difference in compare_snapshots(less, whole, EXACT).deciding] == [Kind.CHILD_EXTRA]


def test_a_difference_in_a_childs_child_says_where_it_is(client: MlflowClient, experiment: str) -> None:
    snapshots = []
    for lr in ("1", "2"):
        parent = run(client, experiment, "grandparent")
        child = run(client, experiment, "fold", parent)
        run(client, experiment, "step", child, lr=lr)
        snapshots.append(take_snapshot(parent, tracking_uri=client.tracking_uri))

    (difference,) = compare_snapshots(*snapshots, EXACT).deciding

    assert (difference.kind, difference.name, difference.child) == (Kind.PARAM_VALUE, "lr", "fold#1 / step#1")
    assert "in child run fold#1 / step#1" in str(difference)


def test_the_policy_says_the_same_of_a_child(client: MlflowClient, experiment: str) -> None:
    one = family(client, experiment, ("fold", "1", 0))
    other = family(client, experiment, ("fold", "2", 0))
    lenient = Policy(ignore=(Allowance("param", "lr", "tuned"),))

    # Then nothing but ignored params is left.
    with pytest.raises(EquivalenceError, match="Nothing was compared"):
        compare_snapshots(one, other, lenient)
    assert not compare_snapshots(one, other, EXACT).is_equivalent


def test_a_child_in_another_experiment_is_found(client: MlflowClient, experiment: str) -> None:
    elsewhere = str(client.create_experiment("children elsewhere"))
    parent = run(client, experiment, "parent")
    run(client, elsewhere, "fold", parent)

    assert list(take_snapshot(parent, tracking_uri=client.tracking_uri).children) == ["fold#1"]


def test_a_child_that_still_runs_is_refused_with_its_parent(client: MlflowClient, experiment: str) -> None:
    parent = run(client, experiment, "parent")
    child = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id

    with pytest.raises(EquivalenceError, match=f"{child}.*RUNNING"):
        take_snapshot(parent, tracking_uri=client.tracking_uri)


def test_a_parent_whose_children_alone_logged_is_not_empty() -> None:
    before = Snapshot("a", children={"fold#1": Snapshot("fold#1", params={"lr": "1"})})
    after = Snapshot("b", children={"fold#1": Snapshot("fold#1", params={"lr": "2"})})

    assert compare_snapshots(before, before, EXACT).compared["child runs"] == 1
    assert not compare_snapshots(before, after, EXACT).is_equivalent
    for childless in (Snapshot("c"), Snapshot("c", children={"fold#1": Snapshot("fold#1")})):
        assert not compare_snapshots(before, childless, EXACT).is_equivalent


def test_families_in_which_nobody_logged_are_no_verdict() -> None:
    empty = Snapshot("a", children={"fold#1": Snapshot("fold#1")})

    with pytest.raises(EquivalenceError, match="Nothing was compared"):
        compare_snapshots(empty, empty, EXACT)


@pytest.mark.parametrize("folder", ["store", "a store"])
def test_a_child_whose_tags_are_gone_on_both_sides_is_unread(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = MlflowClient((tmp_path / folder).as_uri())
    parents = [run(client, "0", "parent", start=start) for start in (0, 10, 20)]
    for parent, start in zip(parents[:2], (0, 10), strict=True):
        child = run(client, "0", "fold", parent, start=start, lr=str(start))
        shutil.rmtree(tmp_path / folder / "0" / child / "tags")

    *lost, whole = (take_snapshot(parent, tracking_uri=client.tracking_uri) for parent in parents)

    assert ["is it a child" in "".join(snapshot.unread) for snapshot in (*lost, whole)] == [True, True, False]
    assert compare_snapshots(*lost, Policy()).is_open
    assert not compare_snapshots(*lost, Policy()).is_equivalent
