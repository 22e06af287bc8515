"""A run is named by its id, the start of it, as the latest or by a tag; whatever else is refused, with what is near."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.equivalence import EquivalenceError, resolve_snapshot, resolve_snapshots, save_snapshot
from compatkit.equivalence.snapshots import snapshot_text
from tests.equivalence.strategies import RUN


# Once a worker, and not a module: a worker may take up a module again, and names of experiments are unique.
@pytest.fixture(scope="session")
def client(tracking_uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri)


@pytest.fixture(scope="session")
def runs(client: MlflowClient) -> list[str]:
    """Three runs of one experiment, one after the other; the second has a child that starts last."""
    experiment = client.create_experiment("references/of @ all")
    ids = []
    for number in range(3):
        run = client.create_run(
            experiment, start_time=1000 + number, tags={"team": "a=b@c", "number": f"it's {number}"}
        )
        client.log_param(run.info.run_id, "number", number)
        client.set_terminated(run.info.run_id)
        ids.append(str(run.info.run_id))
    child = client.create_run(experiment, start_time=5000, tags={"mlflow.parentRunId": ids[1]})
    client.set_terminated(child.info.run_id)
    return ids


@pytest.fixture
def number_of(tracking_uri: str, runs: list[str]) -> object:
    return lambda reference: resolve_snapshot(reference, tracking_uri=tracking_uri).params["number"]


def test_each_way_names_its_run(number_of: object, runs: list[str]) -> None:
    assert callable(number_of)
    assert number_of(runs[0]) == "0"
    assert number_of(runs[1][:12]) == "1"
    assert number_of("references/of @ all:latest") == "2"
    assert number_of("references/of @ all@number=it's 1") == "1"


def test_many_are_read_in_their_order_and_told_one_by_one(runs: list[str], tracking_uri: str, tmp_path: Path) -> None:
    save_snapshot(RUN, tmp_path / "stored.json")
    references = [runs[2], str(tmp_path / "stored.json"), "references/of @ all:all", "references/of @ all:latest"]
    told: list[tuple[int, int]] = []

    found = resolve_snapshots(references, tracking_uri=tracking_uri, tell=lambda done, of: told.append((done, of)))

    # A child is read with its parent, and not by itself.
    assert [reference.run_id for reference in found] == [runs[2], RUN.run_id, *runs, runs[2]]
    assert told == [(number, 6) for number in range(7)]


def test_all_runs_are_no_single_one(runs: list[str], tracking_uri: str) -> None:
    with pytest.raises(EquivalenceError, match="where one is asked for"):
        resolve_snapshot("references/of @ all:all", tracking_uri=tracking_uri)
    with pytest.raises(EquivalenceError, match="did you mean 'references/of @ all'"):
        resolve_snapshots(["references/of @ al:all"], tracking_uri=tracking_uri)


REFUSED = {
    "fffffffffffff": "there is none",
    "no such run": "there is none",
    "references/of @ al:latest": "did you mean 'references/of @ all'",
    "references/of @ all@team=a=b@c": "more than one run",
    "references/of @ all@number=it's 7": "did you mean \"references/of @ all@number=it's",
    "nowhere@a=b": "no experiment 'nowhere'",
    "absent.json": "no such snapshot file",
    "nowhere/absent": "no such snapshot file",
}


@pytest.mark.parametrize("reference", REFUSED)
def test_what_names_no_run_or_several_is_refused(reference: str, tracking_uri: str, runs: list[str]) -> None:
    with pytest.raises(EquivalenceError) as refused:
        resolve_snapshot(reference, tracking_uri=tracking_uri)

    assert REFUSED[reference] in str(refused.value)


def test_a_prefix_of_two_runs_names_both(client: MlflowClient, tracking_uri: str) -> None:
    experiment = client.create_experiment("prefixes")
    found: dict[str, str] = {}
    # Of 17 ids, two begin with the same digit; a prefix has four at least, so the store is asked by the rest.
    from compatkit.equivalence.snapshots import references

    for _ in range(17):
        run = str(client.create_run(experiment).info.run_id)
        if run[0] in found:
            break
        found[run[0]] = run

    with pytest.raises(EquivalenceError, match="more than one run"):
        references._only(client, run[0], sorted([found[run[0]], run]))


def test_a_latest_that_still_runs_or_ties_is_refused(client: MlflowClient, tracking_uri: str) -> None:
    experiment = client.create_experiment("unfinished")
    client.create_run(experiment, start_time=1000)

    with pytest.raises(EquivalenceError, match="RUNNING"):
        resolve_snapshot("unfinished:latest", tracking_uri=tracking_uri)
    client.create_run(experiment, start_time=1000)
    with pytest.raises(EquivalenceError, match="more than one run"):
        resolve_snapshot("unfinished:latest", tracking_uri=tracking_uri)


def test_an_experiment_without_runs_and_a_deleted_run_are_refused(client: MlflowClient, tracking_uri: str) -> None:
    experiment = client.create_experiment("deserted")
    with pytest.raises(EquivalenceError, match="has no run"):
        resolve_snapshot("deserted:latest", tracking_uri=tracking_uri)
    run = client.create_run(experiment).info.run_id
    client.set_terminated(run)
    client.delete_run(run)

    with pytest.raises(EquivalenceError, match="is deleted"):
        resolve_snapshot(run, tracking_uri=tracking_uri)
    with pytest.raises(EquivalenceError, match="has no run"):
        resolve_snapshot("deserted:latest", tracking_uri=tracking_uri)


def test_a_file_is_read_without_a_store(tmp_path: Path) -> None:
    save_snapshot(RUN, tmp_path / "a.json")

    loaded = resolve_snapshot(str(tmp_path / "a.json"), tracking_uri="sqlite:///absent.db")

    assert snapshot_text(loaded) == snapshot_text(RUN)
