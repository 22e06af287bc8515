"""The explanation of where two runs of the reference stack part, on real trainings in a real store."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.cli import cli
from compatkit.equivalence import (
    Dataset,
    Policy,
    Snapshot,
    compare_snapshots,
    load_snapshot,
    save_snapshot,
    take_snapshot,
)
from compatkit.equivalence.explain import Explanation, State, explain, first_divergence, read_trace
from compatkit.equivalence.reading.datasets import digest_notes
from compatkit.migration import find_migration
from compatkit.report.explain_text import explanation_lines
from compatkit.trace import TraceError
from compatkit.training import ModelTrainer, ModelTrainerV2, TrainingOrchestrator, TrainingOrchestratorV2
from tests.equivalence.strategies import history

QUICK = {"epochs": 1, "hidden_size": 8, "batch_size": 64, "log_model": False}
POLICY = Policy.from_migration(find_migration())


@pytest.fixture(scope="module")
def runs(tracking_uri: str) -> dict[str, str]:
    """Run ids: v1 and v2 watched, one of another seed, one of another learning rate, and one not watched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPATKIT_TRACE", "12")

        def trained(**changed: object) -> str:
            given = {**QUICK, **changed, "tracking_uri": tracking_uri}
            return str(TrainingOrchestrator(trainer=ModelTrainer(), **given).train_model("iris")["run_id"])

        found = {"v1": trained(), "seed": trained(seed=1), "lr": trained(lr=0.1)}
        v2 = TrainingOrchestratorV2(trainer=ModelTrainerV2(), tracking_uri=tracking_uri, **QUICK)
        found["v2"] = str(v2.train_model("iris").run_id)
        patch.delenv("COMPATKIT_TRACE")
        return {**found, "plain": trained()}


def explained(tracking_uri: str, before: str, after: str) -> Explanation:
    snapshots = [take_snapshot(run, tracking_uri=tracking_uri) for run in (before, after)]
    return explain(*snapshots, compare_snapshots(*snapshots, POLICY))


def states(explanation: Explanation) -> dict[str, State]:
    return {clue.aspect: clue.state for clue in explanation.clues}


def test_v1_and_v2_do_the_same_in_every_batch_and_layer(tracking_uri: str, runs: dict[str, str]) -> None:
    one, other = (read_trace(take_snapshot(runs[name], tracking_uri=tracking_uri)) for name in ("v1", "v2"))

    assert one is not None
    assert other is not None
    assert len(one.batches) >= 3
    assert first_divergence(one, other) is None


def test_a_watched_run_is_equivalent_to_one_that_is_not(tracking_uri: str, runs: dict[str, str]) -> None:
    snapshots = [take_snapshot(runs[name], tracking_uri=tracking_uri) for name in ("v1", "plain")]

    for policy in (POLICY, replace(Policy.exact(), ignore=POLICY.ignore)):
        assert compare_snapshots(*snapshots, policy).is_equivalent


def test_another_seed_begins_with_the_weights_and_the_data(tracking_uri: str, runs: dict[str, str]) -> None:
    explanation = explained(tracking_uri, runs["v1"], runs["seed"])

    found = states(explanation)
    assert found["params"] is found["weights at the start"] is found["data order"] is State.DIFFERS
    assert found["environment"] is State.SAME
    assert explanation.began == "before batch 0 (training): the weights at the start"


def test_another_learning_rate_begins_with_the_first_step_of_the_optimizer(
    tracking_uri: str, runs: dict[str, str]
) -> None:
    explanation = explained(tracking_uri, runs["v1"], runs["lr"])

    found = states(explanation)
    assert found["weights at the start"] is found["data order"] is State.SAME
    assert "before batch 1" in explanation.began
    assert "the optimizer's step" in explanation.began
    assert any("lr" in line or "learning_rate" in line for line in explanation.clues[0].lines)


def test_without_a_trace_the_inside_is_unknown_and_it_says_how_to_know(tracking_uri: str, runs: dict[str, str]) -> None:
    explanation = explained(tracking_uri, runs["lr"], runs["plain"])

    found = states(explanation)
    assert found["first layer"] is found["data order"] is State.UNKNOWN
    assert explanation.began == "unknown; a candidate: params"
    assert "COMPATKIT_TRACE=1" in explanation.clues[-1].lines[0]


def test_another_environment_is_named() -> None:
    tags = {"compatkit.env.torch.threads": "1", "compatkit.env.packages": "numpy==1 torch==2"}
    other = {"compatkit.env.torch.threads": "2", "compatkit.env.packages": "numpy==2 torch==2 scipy==1"}
    one, two = (Snapshot(name, params={"k": "1"}, tags=given) for name, given in (("a", tags), ("b", other)))

    environment = explain(one, two, compare_snapshots(one, two, POLICY)).clues[1]

    assert environment.state is State.DIFFERS
    assert environment.lines == ("torch.threads: 1 | 2", "numpy: 1 | 2", "scipy: nothing | 1")


def test_an_environment_that_one_side_did_not_log_is_unknown_and_not_the_same() -> None:
    one = Snapshot("a", params={"k": "1"}, tags={"compatkit.env.python": "3.11"})
    two = Snapshot("b", params={"k": "1"})

    assert explain(one, two, compare_snapshots(one, two, POLICY)).clues[1].state is State.UNKNOWN


def test_the_environment_fits_into_tags(tracking_uri: str, runs: dict[str, str]) -> None:
    tags = MlflowClient(tracking_uri).get_run(runs["plain"]).data.tags

    assert tags["compatkit.env.torch.threads"]
    assert "torch==" in tags["compatkit.env.packages"]
    assert all(len(text) < 8000 for text in tags.values())


def test_a_stored_snapshot_explains_as_its_run_does(
    tracking_uri: str, runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("v1", "lr"):
        save_snapshot(take_snapshot(runs[name], tracking_uri=tracking_uri), tmp_path / f"{name}.json")
    stored = [load_snapshot(tmp_path / f"{name}.json") for name in ("v1", "lr")]

    explanation = explain(*stored, compare_snapshots(*stored, POLICY))

    assert explanation == explained(tracking_uri, runs["v1"], runs["lr"])
    assert states(explanation)["first layer"] is State.DIFFERS
    page = tmp_path / "verdict.html"
    files = [str(tmp_path / f"{name}.json") for name in ("v1", "lr")]
    assert cli.main(["compare", *files, "--explain", "--html", str(page)], standalone_mode=False) == 1
    assert explanation.began in html.unescape(page.read_text())


def test_data_of_which_the_digest_leaves_some_out_is_not_called_the_same() -> None:
    data = {
        "bc [train]#1": Dataset(
            "422d9c8c", profile='{"num_rows": 20000}', schema='{"mlflow_colspec": [{"type": "long"}]}'
        )
    }
    before, after = (
        Snapshot(name, metrics={"loss": history(loss)}, datasets=data, notes=tuple(digest_notes(data)))
        for name, loss in (("a", 0.5), ("b", 0.6))
    )
    whole = [replace(run, notes=()) for run in (before, after)]

    found = [states(explain(*runs, compare_snapshots(*runs, POLICY)))["data"] for runs in ((before, after), whole)]

    assert found == [State.UNKNOWN, State.SAME]


def test_data_sets_that_differ_are_named_without_a_trace() -> None:
    one, two = (
        Snapshot(name, metrics={"loss": history(0.5)}, datasets={"bc [train]#1": Dataset(digest)})
        for name, digest in (("a", "422d9c8c"), ("b", "57ab5867"))
    )

    explanation = explain(one, two, compare_snapshots(one, two, POLICY))
    text = list(explanation_lines(explanation))

    assert states(explanation)["data"] is State.DIFFERS
    assert "    bc [train]#1: 422d9c8c | 57ab5867" in text
    assert explanation.began == "unknown; a candidate: data"
    # Nothing is said of what is unknown, and could not be said.
    assert not any(line.strip() == "data order: unknown" for line in text)


def test_a_trace_that_cannot_be_read_is_an_error_and_none_is_unknown() -> None:
    broken = Snapshot("a", params={"k": "1"}, trace='{"schema": 99}')

    assert read_trace(replace(broken, trace="")) is None
    with pytest.raises(TraceError, match="schema"):
        explain(broken, replace(broken, run_id="b", params={"k": "2"}), compare_snapshots(broken, broken, POLICY))


@pytest.mark.parametrize("form", ["text", "json", "markdown", "junit"])
def test_compare_explains(
    capsys: pytest.CaptureFixture[str], tracking_uri: str, runs: dict[str, str], form: str
) -> None:
    arguments = [runs["v1"], runs["lr"], "--tracking-uri", tracking_uri, "--explain", "--format", form]

    status = cli.main(["compare", *arguments], standalone_mode=False)

    output = capsys.readouterr()
    assert status == 1
    if form == "json":
        assert "batch 1" in json.loads(output.out)["explanation"]["began"]
    else:
        assert "Where they part" in (output.err if form == "junit" else output.out)
