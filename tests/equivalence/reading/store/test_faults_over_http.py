"""A server that goes away, or an answer that is cut, in the middle of one read: an error, never a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.store.tracking.dbmodels.models import SqlMetric
from sqlalchemy import create_engine

from compatkit.equivalence import EquivalenceError, Policy, compare_snapshots, save_snapshot, take_snapshot
from tests.cli.here import compatkit
from tests.equivalence.reading.store.proxy import Answer, Fault, Proxy, proxied

pytestmark = pytest.mark.slow("starts a server")
# One point more than MLflow's client asks for at once: of 25,000 it takes seconds to make and to read an answer.
POINTS = 501
HISTORY = "/metrics/get-history"


@dataclass(frozen=True, slots=True)
class Served:
    """A run of two metrics and an artifact, on a server behind a proxy; `address` is the server's own."""

    address: str
    proxy: Proxy
    run: str


@pytest.fixture(scope="module")
def served(tracking_server: tuple[str, str]) -> Iterator[Served]:
    address, database = tracking_server
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlflow.tracking._tracking_service.client.GET_METRIC_HISTORY_MAX_RESULTS", POINTS - 1)
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        patch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
        with proxied(address) as proxy:
            yield Served(address, proxy, logged(MlflowClient(proxy.address), database))


def logged(client: MlflowClient, database: str) -> str:
    run = str(client.create_run(client.create_experiment("served")).info.run_id)
    client.log_metric(run, "acc", 0.5)
    # The last point, which MLflow itself takes for the latest; the others are written where it would have.
    client.log_metric(run, "loss", 0.25, step=POINTS - 1, timestamp=POINTS)
    rows = [
        {"key": "loss", "run_uuid": run, "value": 1 / (step + 1), "timestamp": step + 1, "step": step, "is_nan": False}
        for step in range(POINTS - 1)
    ]
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(SqlMetric.__table__.insert(), rows)
    engine.dispose()
    client.log_text(run, "a,b\n1,2\n", "table.csv")
    client.set_terminated(run)
    return run


@pytest.fixture(autouse=True)
def _no_fault(served: Served) -> Iterator[None]:
    yield
    served.proxy.fault = lambda _, answer: answer


def of(part: str, change: Fault) -> Fault:
    return lambda path, answer: change(path, answer) if part in path else answer


def cut(_: str, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def cut_unsaid(path: str, answer: Answer) -> Answer:
    return replace(cut(path, answer), length=None)


def emptied(_: str, answer: Answer) -> Answer:
    return replace(answer, body=b"", length=0)


def last_page_lost(_: str, answer: Answer) -> Answer:
    # What MLflow's client takes for the end of the history.
    return replace(answer, body=answer.body.replace(b'"next_page_token"', b'"other"'), length=None)


def page_of_a_gateway(_: str, answer: Answer) -> Answer:
    body = b"<html><body>" + b"The upstream is busy. " * 100 + b"</body></html>"
    return Answer(200, "text/html", body, len(body))


FAULTS = {
    "a history is cut": (of(HISTORY, cut), "cannot be read"),
    "a history is cut, and its length not told": (of(HISTORY, cut_unsaid), "cannot be read"),
    "a history is cut to nothing": (of(HISTORY, emptied), "without its latest point"),
    "the last page of a history is lost": (of(HISTORY, last_page_lost), "'loss' .* without its latest point"),
    "a gateway answers instead": (of(HISTORY, page_of_a_gateway), "cannot be read"),
    "the run is cut to nothing": (of("/runs/get", emptied), "answers with another run"),
    "the experiments are cut to nothing": (of("/experiments/search", emptied), "lists no experiments"),
    "the list of artifacts is cut": (of("/mlflow-artifacts/artifacts?path", cut), "cannot be read"),
    "an artifact is cut": (of("table.csv", cut), "cannot be read"),
    "an artifact is cut, and its length not told": (of("table.csv", cut_unsaid), "in another size than it is listed"),
}


def test_through_the_proxy_and_without_it_a_run_is_the_same(served: Served) -> None:
    served.proxy.asked.clear()

    one, other = (take_snapshot(served.run, tracking_uri=uri) for uri in (served.proxy.address, served.address))

    assert len(one.metrics["loss"]) == POINTS
    assert sum(HISTORY in path for path in served.proxy.asked) == 3
    assert compare_snapshots(one, other, Policy.exact()).is_equivalent


@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_that_is_not_whole_is_an_error(name: str, served: Served) -> None:
    served.proxy.fault, said = FAULTS[name]

    with pytest.raises(EquivalenceError, match=said) as caught:
        take_snapshot(served.run, tracking_uri=served.proxy.address)

    assert len(caught.value.what) < 500


def test_a_server_that_is_gone_after_the_first_page_is_no_verdict(served: Served, tmp_path: Path) -> None:
    pages: list[str] = []

    def first_page_alone(path: str, answer: Answer) -> Answer:
        pages.append(path)
        if len(pages) > 1:
            raise ConnectionAbortedError
        return answer

    served.proxy.fault = of("metric_key=loss", first_page_alone)
    save_snapshot(take_snapshot(served.run, tracking_uri=served.address), tmp_path / "before.json")

    done = compatkit("compare", "before.json", served.run, "--tracking-uri", served.proxy.address, cwd=tmp_path)

    assert len(pages) > 1
    assert done.returncode == 2, done.stderr
    assert "The tracking store cannot be read" in done.stderr
    assert not done.stdout
