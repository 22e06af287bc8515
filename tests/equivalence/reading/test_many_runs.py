"""Reading many runs takes as many queries for each as reading one, whatever else the store holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

from compatkit.equivalence import take_snapshots
from compatkit.equivalence.commands.result import pair_runs
from compatkit.equivalence.commands.store import LoggedRun


@contextmanager
def counted() -> Iterator[list[str]]:
    """Give the statements that SQLAlchemy sends to a database in the meantime."""
    said: list[str] = []

    def note(*told: object) -> None:
        said.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def runs(tracking_uri: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    client = MlflowClient(tracking_uri)
    return [logged(client, client.create_experiment(str(tmp_path_factory.mktemp("many")))) for _ in range(9)]


def logged(client: MlflowClient, experiment: str) -> str:
    run = str(client.create_run(experiment).info.run_id)
    client.log_metric(run, "loss", 0.5)
    client.set_terminated(run)
    return run


def test_statements_grow_in_proportion_to_runs(runs: list[str], tracking_uri: str, tmp_path: Path) -> None:
    def statements(number: int) -> int:
        with counted() as said:
            assert len(list(take_snapshots(runs[:number], tracking_uri=tracking_uri))) == number
        return len(said)

    statements(1)
    one, five, nine = statements(1), statements(5), statements(9)
    client = MlflowClient(tracking_uri)
    for number in range(4):
        logged(client, client.create_experiment(f"{tmp_path} {number}"))

    assert nine - five == five - one > 0
    assert statements(9) == nine


def test_runs_are_paired_with_two_looks_at_each() -> None:
    looks = 0

    class Watched(str):
        """A name of an experiment that counts how often it is compared or looked up."""

        __slots__ = ()

        def __hash__(self) -> int:
            nonlocal looks
            looks += 1
            return super().__hash__()

        def __eq__(self, other: object) -> bool:
            nonlocal looks
            looks += 1
            return super().__eq__(other)

    def looked(number: int) -> int:
        nonlocal looks
        sides = [[LoggedRun(f"{side}{n}", Watched(f"e{n}"), "run") for n in range(number)] for side in "ab"]
        looks = 0
        assert len(pair_runs(*sides).pairs) == number
        return looks

    # Twice as many runs, each in an experiment of its own, are at most some collisions of hashes more than twice.
    assert looked(400) < 3 * looked(200)
