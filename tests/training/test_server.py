"""A real tracking server over HTTP that is stopped and started: nothing is lost, nothing comes twice."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.training import OrchestratorConfig, TrainingOrchestratorV2, TrainingResult
from compatkit.training.errors import TrackingError
from compatkit.training.sender import points_of_run
from compatkit.training.spool import MetricPoint, Spooled, read_spool, spool_files
from compatkit.training.tracked_run import tracked_run
from compatkit.training.tracking import Delivery
from compatkit.training.v2.loop.callbacks import Callback, TrainingState
from tests.conftest import NewStore
from tests.equivalence.reading.store.servers import start_server, stop

pytestmark = pytest.mark.slow("starts a server twice")


class Server:
    """An `mlflow server` over a SQLite store, at a port of its own."""

    def __init__(self, folder: Path, store: str = "", python: str = sys.executable) -> None:
        self._folder = folder
        self._store = store
        self._python = python
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = start_server(self._store, self._folder, self._port, self._python)

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None


class Outage(Callback):
    """Stops the server after one epoch, and starts it again after another."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.seen_away = 0  # epochs

    def on_epoch(self, state: TrainingState) -> None:
        if state.epoch == 2:
            self._server.stop()
        self.seen_away += 2 <= state.epoch < 8
        if state.epoch == 8:
            self._server.start()


@dataclass(frozen=True)
class Story:
    """What is left when a training met an outage, and another one a server that stayed away."""

    result: TrainingResult
    points: list[MetricPoint]
    status: str
    seen_away: int
    spool: list[Path]
    error: TrackingError
    left: Spooled


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, new_store: NewStore, warm_python: str) -> Story:
    """Play both on one server: to start one takes longer than all that it does here."""
    spool, other = tmp_path_factory.mktemp("spool"), tmp_path_factory.mktemp("spool")
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder, new_store(folder), warm_python)
    server.start()
    try:
        outage = Outage(server)
        tracking = {"uri": server.uri, "flush_seconds": 0.0, "spool": str(spool)}
        config = OrchestratorConfig.from_preset("quick_test", epochs=12, tracking=tracking)
        result = TrainingOrchestratorV2(config, callbacks=[outage]).train_model("iris")
        client = MlflowClient(server.uri)
        points, status = points_of_run(client, result.run_id), client.get_run(result.run_id).info.status
        error = stay_away(server, Delivery(every=0.0, patience=0.5, spool=str(other)))
    finally:
        server.stop()
    (left,) = map(read_spool, spool_files(other))
    return Story(result, points, status, outage.seen_away, list(spool.iterdir()), error, left)


def stay_away(server: Server, delivery: Delivery) -> TrackingError:
    try:
        with tracked_run("away", tracking_uri=server.uri, delivery=delivery) as run:
            server.stop()
            for step in range(3):
                run.log_metrics({"loss": 1.0 / (step + 1)}, step=step)
    except TrackingError as error:
        return error
    pytest.fail("the run ended as if the server were there")


def test_outage_costs_no_epoch_and_no_point(story: Story) -> None:
    counts = Counter((point.name, point.step) for point in story.points)

    assert story.seen_away == 6
    assert set(counts.values()) == {1}
    # Nine metrics an epoch, and the seven final ones.
    assert len(story.points) == 12 * 9 + 7
    assert story.status == "FINISHED"


def test_outage_changes_no_value_and_no_order(story: Story) -> None:
    losses = [(point.step, point.value) for point in story.points if point.name == "val_loss"]

    assert losses == [(record.epoch, record.val_loss) for record in story.result.history]


def test_after_an_outage_the_spool_is_empty(story: Story) -> None:
    assert story.spool == []


def test_server_that_stays_away_is_named(story: Story) -> None:
    assert story.error.what.startswith("3 values of metrics have not reached the tracking server")
    assert "compatkit tracking flush" in story.error.hint


def test_server_that_stays_away_leaves_points_and_end_in_the_spool(story: Story) -> None:
    assert [(point.step, point.value) for point in story.left.points] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert story.left.ending == "FINISHED"


def test_server_that_never_answers_is_named_at_the_start(tmp_path: Path) -> None:
    uri = Server(tmp_path).uri

    with pytest.raises(TrackingError, match="No tracking server answers") as caught:
        TrainingOrchestratorV2(preset="quick_test", tracking_uri=uri).train_model("iris")

    assert caught.value.where == uri
