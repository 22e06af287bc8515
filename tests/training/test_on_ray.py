"""Ray as an engine, without a Ray: what is refused at the start, and what the caller does for the processes."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient

from compatkit.record import EpochMetrics
from compatkit.training import (
    ConfigError,
    ModelTrainer,
    ModelTrainerV2,
    OrchestratorConfig,
    TrainingError,
    TrainingOrchestratorV2,
    load_dataset,
)
from compatkit.training.errors import ClusterError, LostProcessError
from compatkit.training.tracked_run import tracked_run
from compatkit.training.v2.checkpoints import LAST, Checkpointer
from compatkit.training.v2.on_ray import cluster
from compatkit.training.v2.on_ray.caller import Service
from compatkit.training.v2.on_ray.cluster import _defaults_set
from compatkit.training.v2.on_ray.controller import cause_of, is_rays
from compatkit.training.v2.on_ray.mailbox_actor import (
    Began,
    CheckpointKept,
    Ended,
    EpochDone,
    Lost,
    Mailbox,
    Started,
    _mailbox_class,
)
from compatkit.training.v2.on_ray.worker import TrainingJob, _equipped
from compatkit.training.v2.settings.sections import CheckpointConfig
from tests.training.on_cluster import Told
from tests.training.together import StopAt


def asked(uri: str, **scale: object) -> OrchestratorConfig:
    settings = {"engine": "ray", "processes": 2, **scale}
    return OrchestratorConfig.from_dict(
        {"scale": settings, "tracking": {"uri": uri, "experiment_name": "refused"}, "epochs": 1}
    )


def refused(config: OrchestratorConfig, client: MlflowClient) -> TrainingError:
    """Return the error of a training that begins no run."""
    with pytest.raises((ClusterError, ConfigError)) as caught:
        TrainingOrchestratorV2(config).train_model("iris")
    assert client.get_experiment_by_name("refused") is None
    return caught.value  # type: ignore[return-value]


@pytest.mark.parametrize("setting", [{"processes": 2}, {"restarts": 1}])
def test_engine_that_starts_no_processes_is_not_asked_for_them(setting: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"scale\.\w+ and scale\.engine = 'local' do not go together"):
        OrchestratorConfig.from_dict({"scale": setting})


def test_trainer_of_one_process_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ModelTrainer cannot carry out scale\.engine, scale\.processes"):
        TrainingOrchestratorV2(asked("sqlite:///none.db"), trainer=ModelTrainer())


def test_ray_that_is_not_installed_is_named_with_its_extra(
    tracking_uri: str, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it could not be imported

    error = refused(asked(tracking_uri), client)

    assert (error.what, error.hint) == ("Ray is not installed.", "pip install 'compatkit[ray]'")


def test_two_engines_are_refused(tracking_uri: str, client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1", "RANK": "0", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)

    assert refused(asked(tracking_uri), client).what.startswith("torchrun started this process")


@pytest.fixture
def mute_server() -> Iterator[str]:
    """The address of a server that takes connections, and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_cluster_that_never_answers_is_reported(
    mute_server: str, tracking_uri: str, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS", 0.2)

    error = refused(asked(tracking_uri, address=mute_server), client)

    assert (error.what, error.where) == ("No Ray cluster answers: timed out", mute_server)


@pytest.mark.parametrize("given_by", ["setting", "environment"])
def test_cluster_that_is_not_there_is_reported(
    given_by: str, mute_server: str, tracking_uri: str, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"127.0.0.1:{free.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", mute_server if given_by == "setting" else address)

        error = refused(asked(tracking_uri, address=address if given_by == "setting" else None), client)

    assert "refused" in error.what
    assert error.where == address


@pytest.mark.parametrize(
    ("address", "said"),
    [("ray://head:10001", "does not run through Ray Client"), ("head", "No Ray cluster answers: invalid literal")],
)
def test_address_of_another_kind_is_reported(address: str, said: str, tracking_uri: str, client: MlflowClient) -> None:
    assert said in refused(asked(tracking_uri, address=address), client).what


def record(epoch: int) -> EpochMetrics:
    return EpochMetrics(epoch, *(float(epoch) for _ in range(9)))


def done(epoch: int, stop: str = "") -> EpochDone:
    return EpochDone(record(epoch), stop, has_diverged=False)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def service(told: Told, tracking_uri: str) -> Iterator[Service]:
    """A caller that stops after epoch 4, in a run of its own."""
    with tracked_run("serving", tracking_uri=tracking_uri) as run:
        yield Service(run, [StopAt(4), told])


def test_caller_stops_the_training(service: Service, told: Told) -> None:
    assert service.answer(Started(9, (), "")) == ""
    assert [service.answer(done(epoch)) for epoch in (1, 2, 3, 4)] == ["", "", "", "enough"]
    service.answer(Ended("enough"))

    assert told.calls == ["start", 1, 2, 3, 4, "end"]


def test_why_the_processes_stop_is_told_to_the_caller(service: Service, told: Told) -> None:
    service.answer(Started(9, (), ""))

    assert service.answer(done(1, stop="early stopping")) == "early stopping"


def test_training_that_has_stopped_is_not_begun_again(service: Service) -> None:
    assert service.answer(Started(9, (record(1),), "stopped before")) == "stopped before"


def test_epochs_that_are_trained_again_are_told_once_and_end_alike(service: Service, told: Told) -> None:
    service.answer(Started(9, (), ""))
    first = [service.answer(done(epoch)) for epoch in (1, 2, 3, 4)]

    # The checkpoint of epoch 2 was the last.
    begun = service.answer(Started(9, (record(1), record(2)), ""))
    again = [service.answer(done(epoch)) for epoch in (3, 4)]

    assert (begun, again) == ("", first[2:])
    assert told.calls == ["start", 1, 2, 3, 4]


def test_training_that_was_stopped_at_its_checkpoint_ends_when_it_is_started_again(service: Service) -> None:
    service.answer(Started(9, (), ""))
    for epoch in (1, 2, 3, 4):
        service.answer(done(epoch))

    assert service.answer(Started(9, tuple(map(record, (1, 2, 3, 4))), "")) == "enough"


def test_processes_go_on_from_the_last_checkpoint_only_after_a_loss(service: Service, tmp_path: Path) -> None:
    environment = {"compatkit.env.torch.threads": "1"}
    assert service.answer(Began(environment)) is None
    service.answer(CheckpointKept(str(tmp_path / LAST), b"first"))
    service.answer(CheckpointKept(str(tmp_path / LAST), b"second"))
    service.answer(CheckpointKept(str(tmp_path / "best.pt"), b"best"))
    service.answer(Lost({1: "killed by a signal"}))

    with pytest.warns(UserWarning, match=r"Process 1 of the training ended.*started again\. \(killed by a signal\)"):
        kept = service.answer(Began(environment))

    assert kept == b"second"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {LAST: b"second", "best.pt": b"best"}


def test_a_loss_is_told_once_and_each_loss_is(service: Service) -> None:
    for reason in ("killed by a signal", "out of memory"):
        service.answer(Lost({0: reason}))
        assert service.is_waiting
        with pytest.warns(UserWarning, match=reason):
            service.answer(Began({}))
        assert not service.is_waiting
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            service.answer(Began({}))


def test_checkpoint_that_cannot_be_written_ends_the_training(service: Service, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(TrainingError, match="The checkpoint was not written"):
        service.answer(CheckpointKept(str(tmp_path / "file" / LAST), b""))


@given(st.permutations(range(5)))
def test_each_who_asks_gets_the_answer_to_what_it_asked(order: list[int]) -> None:
    async def talk() -> list[object]:
        desk = _mailbox_class()()
        asked = [asyncio.ensure_future(desk.ask(b"%d" % number)) for number in range(5)]
        taken = [await desk.take(1.0) for _ in asked]
        assert await desk.take(0.0) is None
        for number, request in (taken[at] for at in order):
            await desk.answer(number, request.decode())
        return await asyncio.gather(*asked)

    assert asyncio.run(talk()) == ["0", "1", "2", "3", "4"]


def test_a_request_that_comes_while_nobody_takes_is_kept() -> None:
    async def talk() -> object:
        desk = _mailbox_class()()
        assert await desk.take(0.001) is None
        asked = asyncio.ensure_future(desk.ask(b"late"))
        await asyncio.sleep(0)
        number, request = await desk.take(0.001)
        await desk.answer(number, request)
        return await asked

    assert asyncio.run(talk()) == b"late"


def test_the_environment_is_left_as_it_was_and_what_is_set_there_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.delenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", raising=False)
    before = dict(os.environ)

    with _defaults_set():
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"
        assert os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] == "1"

    assert dict(os.environ) == before


def test_what_a_process_is_given_leaves_the_trainer_that_is_sent_as_it_is(tmp_path: Path) -> None:
    """Started again, a process is given the same job: nothing of the first time may be in it."""
    config = OrchestratorConfig.from_dict({"epochs": 2})
    own = StopAt(1)
    trainer = ModelTrainerV2(OrchestratorConfig(), callbacks=(own,))
    keeper = Checkpointer(CheckpointConfig(folder=str(tmp_path)), {})
    data = load_dataset("iris", validation_fraction=0.2, seed=0)
    job = TrainingJob(config, trainer, keeper, torch.nn.Linear(4, 3), data, None, "")

    for _ in range(2):
        equipped = _equipped(job, Mailbox(None))  # type: ignore[arg-type]  # nothing is asked yet
        assert equipped.config is config
        assert [type(callback) for callback in equipped.callbacks[:1]] == [StopAt]
        assert len(equipped.callbacks) == 3

    assert trainer.callbacks == (own,)
    assert trainer.config == OrchestratorConfig()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["rayon.errors", "xray", "builtins", "array.ray"])
def test_an_error_of_a_package_that_is_called_alike_is_not_rays(module: str) -> None:
    assert not is_rays(type("Error", (Exception,), {"__module__": module})())


class RaysError(Exception):
    """Stands for what Ray says of a process that is gone."""

    __module__ = "ray.exceptions"


class GroupError(Exception):
    """Has what Ray Train's error has."""

    def __init__(self, failures: dict[int, Exception]) -> None:
        self.worker_failures = failures


_raised = st.sampled_from(["raised", "gone", "followed"])


@given(st.dictionaries(st.integers(0, 5), _raised, min_size=1))
def test_cause_is_what_was_raised_then_who_is_gone_then_what_followed(kinds: dict[int, str]) -> None:
    makers = {"raised": RuntimeError, "gone": RaysError, "followed": LostProcessError.of}
    failures = {rank: makers[kind](f"of {rank}") for rank, kind in kinds.items()}

    cause = cause_of(GroupError(failures))

    ranks = {kind: sorted(rank for rank in kinds if kinds[rank] == kind) for kind in makers}
    if ranks["raised"]:
        assert cause is failures[ranks["raised"][0]]
        assert cause.__notes__ == [f"raised in process {ranks['raised'][0]} of the training"]
    elif ranks["gone"]:
        assert isinstance(cause, LostProcessError)
        assert all(str(rank) in cause.what for rank in ranks["gone"])
    else:
        assert cause in failures.values()


def test_processes_that_cannot_be_started_are_reported() -> None:
    error = RuntimeError("wrapped")
    error.controller_failure = ValueError("no such resource")  # type: ignore[attr-defined]

    cause = cause_of(error)

    assert isinstance(cause, ClusterError)
    assert cause.what == "Ray Train could not start the processes: no such resource"


def test_torch_is_not_asked_for_a_gpu_by_the_caller(tracking_uri: str, client: MlflowClient) -> None:
    """The processes may have one where the caller has none: here nobody answers, which is told first."""
    config = asked(tracking_uri, address="ray://head:10001").with_overrides({"runtime.device": "cuda"})

    assert "Ray Client" in refused(config, client).what
