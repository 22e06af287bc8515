"""Processes that train together: nothing of one is taken for a loss of another, and a failure hides no other."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from mlflow import MlflowClient

from compatkit.training import OrchestratorConfig
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.errors import LostProcessError
from compatkit.training.v2.engines import engine_started, failure_told
from compatkit.training.v2.loop.distributed import Processes, is_distributed, loss_of_peers_named, rank_of_process

ALONE = Processes(0, 1, torch.device("cpu"))
STARTED = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1", "RANK": "1", "WORLD_SIZE": "2"}


@pytest.fixture
def run_id(client: MlflowClient, tmp_path: Path) -> str:
    return str(client.create_run(client.create_experiment(str(tmp_path))).info.run_id)


@pytest.mark.parametrize("names", [names for size in range(4) for names in combinations(STARTED, size)])
def test_part_of_the_variables_makes_no_process_one_of_several(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in STARTED.items():
        if name in names:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)

    assert not is_distributed()
    assert rank_of_process() == 0
    with engine_started(OrchestratorConfig()) as processes:
        assert (processes.rank, processes.size) == (0, 1)


def test_a_mistake_of_the_model_is_no_lost_process() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as caught, loss_of_peers_named():
        torch.zeros(2, 3) @ torch.zeros(2, 3)

    assert not isinstance(caught.value, LostProcessError)


@pytest.mark.parametrize("said", ["[gloo/pair.cc:534] Connection closed by peer", "Socket timeout", ""])
def test_a_lost_process_is_told_whatever_torch_says(said: str) -> None:
    with pytest.raises(LostProcessError) as caught, loss_of_peers_named():
        raise dist.DistNetworkError(said)

    assert caught.value.where


def test_a_failure_ends_the_run_with_its_reason(run_id: str, tracking_uri: str, client: MlflowClient) -> None:
    with pytest.raises(ValueError, match="no data"), failure_told(Processes(1, 2, ALONE.device), run_id, tracking_uri):
        raise ValueError("no data")

    run = client.get_run(run_id)
    assert run.info.status == "FAILED"
    assert run.data.tags[FAILURE_TAG] == "process 1 of 2: ValueError: no data"


def test_what_only_follows_from_a_failure_leaves_the_first_word(
    run_id: str, tracking_uri: str, client: MlflowClient
) -> None:
    client.set_tag(run_id, FAILURE_TAG, "what went wrong")
    client.set_terminated(run_id, "FAILED")

    with pytest.raises(LostProcessError), failure_told(ALONE, run_id, tracking_uri):
        raise LostProcessError.of("Connection closed by peer")

    assert client.get_run(run_id).data.tags[FAILURE_TAG] == "what went wrong"


def test_a_store_that_fails_as_well_hides_no_failure_and_shows_no_password() -> None:
    uri = "nosuchstore://me:secret@host/runs"

    with pytest.raises(ValueError, match="no data") as caught, failure_told(ALONE, "0" * 32, uri):
        raise ValueError("no data")

    (note,) = caught.value.__notes__
    assert "could not be marked as FAILED" in note
    assert "secret" not in note
