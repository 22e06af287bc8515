"""The spool: what was not sent survives the process, in its order, and is not sent twice."""

from __future__ import annotations

import json
import stat
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient

from compatkit.training.errors import TrackingError
from compatkit.training.sender import (
    POINTS_PER_CALL,
    PointSender,
    Sent,
    Undelivered,
    deliver_spool,
    points_of_run,
    send_points,
)
from compatkit.training.spool import MetricPoint, Spool, read_spool
from compatkit.training.tracked_run import tracked_run
from compatkit.training.tracking import Delivery
from tests.training.full_disk import files_of_at_most

IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
points = st.builds(
    MetricPoint,
    st.sampled_from(["loss", "acc", "größe"]),
    st.floats(allow_nan=False),
    st.integers(0, 2**41),
    st.integers(-9, 2**31),
)
URI = "sqlite:///nowhere.db"


def some(count: int) -> list[MetricPoint]:
    return [MetricPoint("loss", 1.0 / (step + 1), 1_700_000_000_000 + step, step) for step in range(count)]


@IN_ONE_FOLDER
@given(kept=st.lists(points, max_size=20), data=st.data())
def test_what_was_not_sent_is_read_back(kept: list[MetricPoint], data: st.DataObject, tmp_path: Path) -> None:
    sent = data.draw(st.integers(0, len(kept)))
    spool = Spool(tmp_path, "run", URI)
    spool.append(kept)
    spool.mark_sent(sent)

    spool.close(is_empty=False)

    assert list(read_spool(spool.path).points) == kept[sent:]
    spool.path.unlink()


@IN_ONE_FOLDER
@given(kept=st.lists(points, min_size=1, max_size=9), data=st.data())
def test_crash_in_the_middle_of_a_line_costs_that_line_only(
    kept: list[MetricPoint], data: st.DataObject, tmp_path: Path
) -> None:
    folder = Path(mkdtemp(dir=tmp_path))
    spool = Spool(folder, "run", URI)
    spool.append(kept)
    spool.close(is_empty=False)
    whole = spool.path.read_bytes()
    last = len(whole.splitlines()[-1])
    spool.path.write_bytes(whole[: len(whole) - data.draw(st.integers(1, last))])

    again = Spool(folder, "run", URI)
    again.append(some(1))
    again.close(is_empty=False)

    assert list(read_spool(again.path).points) == [*kept[:-1], *some(1)]


def test_spool_that_is_empty_is_removed(tmp_path: Path) -> None:
    Spool(tmp_path, "run", URI).close(is_empty=True)

    assert list(tmp_path.iterdir()) == []


def test_spool_is_held_by_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run", URI)

    with pytest.raises(TrackingError, match="in use by a training"):
        Spool(tmp_path, "run", URI)
    spool.close(is_empty=True)


@pytest.mark.parametrize("content", ["", "{}\n", "text\n", '{"run_id": "a", "tracking_uri": "b"}\n[1]\n'])
def test_file_that_is_no_spool_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text(content)

    with pytest.raises(TrackingError, match="cannot be read"):
        read_spool(tmp_path / "run.jsonl")


class AwayError(Exception):
    """What a server that is away raises."""


class Server:
    """Takes points while it is there."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self.got: list[MetricPoint] = []
        self.calls: list[int] = []
        self.refuses = False

    def send(self, batch: Sequence[MetricPoint]) -> None:
        if self.refuses:
            raise ValueError("no such name")
        if not self.there.is_set():
            raise AwayError
        self.calls.append(len(batch))
        self.got += batch


def sender(server: Server, spool: Spool | None = None, every: float = 0.0) -> PointSender:
    return PointSender(server.send, lambda error: isinstance(error, AwayError), every=every, spool=spool)


def test_points_arrive_in_their_order_and_in_batches() -> None:
    server = Server()
    server.there.set()
    sending = sender(server, every=60.0)

    for point in some(2 * POINTS_PER_CALL + 1):
        sending.put([point])
    sending.drain(60.0)

    assert server.got == some(2 * POINTS_PER_CALL + 1)
    assert max(server.calls) <= POINTS_PER_CALL
    assert sending.close()


def test_server_that_comes_back_gets_everything_once(tmp_path: Path) -> None:
    server = Server()
    spool = Spool(tmp_path, "run", URI)
    sending = sender(server, spool)
    sending.put(some(3))
    with pytest.raises(TrackingError, match="3 values of metrics have not reached"):
        sending.drain(0.05)

    server.there.set()
    sending.put(some(5)[3:])
    sending.drain(60.0)

    assert server.got == some(5)
    assert sending.close()
    spool.close(is_empty=True)


def test_points_that_did_not_arrive_stay_in_the_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run", URI)
    sending = sender(Server(), spool)
    sending.put(some(3))

    with pytest.raises(TrackingError, match="compatkit tracking flush"):
        sending.drain(0.05)

    assert not sending.close()
    assert list(read_spool(spool.path).points) == some(3)
    spool.close(is_empty=True)


def test_refusal_is_raised_at_the_next_call() -> None:
    server = Server()
    server.refuses = True
    sending = sender(server)
    sending.put(some(1))

    with pytest.raises(ValueError, match="no such name"):
        sending.drain(60.0)
    with pytest.raises(ValueError, match="no such name"):
        sending.put(some(1))


@pytest.fixture
def run_id(tracking_uri: str) -> str:
    with tracked_run("spool", tracking_uri=tracking_uri) as run:
        pass
    return run.run_id


def left_behind(folder: Path, run_id: str, uri: str, kept: Sequence[MetricPoint], ending: str = "") -> Path:
    spool = Spool(folder, run_id, uri)
    spool.append(kept)
    if ending:
        spool.mark_ended(ending, 1_700_000_000_999)
    spool.close(is_empty=False)
    return spool.path


def test_spool_is_sent_and_the_run_ended(tmp_path: Path, run_id: str, tracking_uri: str, client: MlflowClient) -> None:
    path = left_behind(tmp_path, run_id, tracking_uri, some(1500), "FAILED")

    outcomes = list(deliver_spool(tmp_path))

    assert outcomes == [Sent(run_id, 1500, "FAILED")]
    assert points_of_run(client, run_id) == some(1500)
    assert client.get_run(run_id).info.status == "FAILED"
    assert not path.exists()


@pytest.mark.parametrize("arrived", [0, 3, 7])
def test_what_arrived_before_the_crash_is_not_sent_again(
    arrived: int, tmp_path: Path, run_id: str, tracking_uri: str, client: MlflowClient
) -> None:
    special = [MetricPoint("loss", value, 1, 9) for value in (float("inf"), float("nan"), -0.0)]
    kept = [*some(4), *special]
    send_points(client, run_id, kept[:arrived])
    left_behind(tmp_path, run_id, tracking_uri, kept)

    assert list(deliver_spool(tmp_path)) == [Sent(run_id, len(kept) - arrived, "")]
    assert len(points_of_run(client, run_id)) == len(kept)


def test_spool_in_use_is_left_alone(tmp_path: Path, run_id: str, tracking_uri: str, client: MlflowClient) -> None:
    spool = Spool(tmp_path, run_id, tracking_uri)
    spool.append(some(2))

    (outcome,) = deliver_spool(tmp_path)

    assert isinstance(outcome, Undelivered)
    assert points_of_run(client, run_id) == []
    spool.close(is_empty=True)


def test_spool_of_a_run_that_is_gone_is_kept(tmp_path: Path, tracking_uri: str) -> None:
    path = left_behind(tmp_path, "0" * 32, tracking_uri, some(2))

    (outcome,) = deliver_spool(tmp_path)

    assert isinstance(outcome, Undelivered)
    assert path.exists()


def test_broken_spool_does_not_stop_the_others(tmp_path: Path, run_id: str, tracking_uri: str) -> None:
    (tmp_path / "-broken.jsonl").write_text("text\n")
    left_behind(tmp_path, run_id, tracking_uri, some(2))

    assert [type(outcome) for outcome in deliver_spool(tmp_path)] == [Undelivered, Sent]


def test_full_disk_costs_the_spool_and_not_the_training(tmp_path: Path) -> None:
    server = Server()
    spool = Spool(tmp_path, "run", URI)
    sending = sender(server, spool)
    sending.put(some(2))

    with files_of_at_most(spool.path.stat().st_size + 5), pytest.warns(UserWarning, match="not spooled any more"):
        sending.put(some(5)[2:])
    server.there.set()
    sending.drain(60.0)

    assert server.got == some(5)
    assert list(read_spool(spool.path).points)[:2] == some(2)
    assert sending.close()
    spool.close(is_empty=True)


def test_others_cannot_read_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run", "postgresql://me:secret@host/db")

    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    spool.close(is_empty=True)


def test_run_leaves_no_spool(tmp_path: Path, tracking_uri: str) -> None:
    with tracked_run("spool", tracking_uri=tracking_uri, delivery=Delivery(spool=str(tmp_path))) as run:
        run.log_metrics({"loss": 1.0})
        run.flush()
        assert [json.loads(line) for line in (tmp_path / f"{run.run_id}.jsonl").read_text().splitlines()][-1] == {
            "sent": 1
        }

    assert list(tmp_path.iterdir()) == []


def test_without_a_place_for_the_spool_training_goes_on_aloud(tmp_path: Path, tracking_uri: str) -> None:
    (tmp_path / "file").touch()
    delivery = Delivery(spool=str(tmp_path / "file" / "spool"))

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with tracked_run("spool", tracking_uri=tracking_uri, delivery=delivery) as run:
            run.log_metrics({"loss": 1.0})

    assert any("not spooled" in str(warning.message) for warning in told)


def test_full_disk_at_the_beginning_leaves_no_file(tmp_path: Path) -> None:
    with files_of_at_most(5), pytest.raises(OSError, match="File too large"):
        Spool(tmp_path, "run", "sqlite:///mlflow.db")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", '{"run_id": "ru'])
def test_file_without_a_whole_line_is_removed_and_fails_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.jsonl").write_text(content)

    assert list(deliver_spool(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_blank_file_of_a_training_that_begins_is_left_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run", "sqlite:///mlflow.db")
    spool._file.truncate(0)

    assert [type(outcome).__name__ for outcome in deliver_spool(tmp_path)] == ["Undelivered"]
    spool.close(is_empty=True)


@pytest.mark.parametrize("run_id", ["../run", "/run", "a/b", "", "a\0b", "a" * 300])
def test_run_id_makes_no_path(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(OSError, match="is not the id of a run"):
        Spool(tmp_path / "spool", run_id, "sqlite:///mlflow.db")

    assert list(tmp_path.iterdir()) == []


def test_spool_of_another_id_than_a_name_is_kept_and_told(tmp_path: Path) -> None:
    head = {"run_id": "../run", "tracking_uri": "sqlite:///mlflow.db"}
    (tmp_path / "run.jsonl").write_text(json.dumps(head) + "\n")

    (kept,) = deliver_spool(tmp_path)

    assert isinstance(kept, Undelivered)
    assert "'../run' is not the id of a run" in kept.reason
    assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]
