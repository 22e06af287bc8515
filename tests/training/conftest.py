"""Short trainings, and the reading of what they logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from mlflow import MlflowClient
from mlflow.entities import Run

from compatkit.training import DataSplit, load_dataset
from tests.training.together import Both, two_processes

# As the README says of results: one thread, and two busy workers on two cores do not slow each other down.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def iris() -> DataSplit:
    return load_dataset("iris", validation_fraction=0.2, seed=0)


@pytest.fixture(scope="session")
def both(warm_python: str) -> Iterator[Both]:
    """Two processes of one group, which no test may kill."""
    with two_processes(warm_python) as processes:
        yield processes


@pytest.fixture(scope="session")
def client(tracking_uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri)


@pytest.fixture(scope="session")
def read_run(client: MlflowClient) -> Callable[[str], Run]:
    return client.get_run
