"""Sweeps: each combination once, a child run each, and one that fails loses no other."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient

from compatkit.training import ConfigError, OrchestratorConfig
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.v2.loop.callbacks import INTERRUPTED, Callback, TrainingState
from compatkit.training.v2.sweep import Combination, FailedTraining, Trained, combinations, run_sweep

AXES = {
    "optimizer.learning_rate": ["0.1", "0.01", "0.001"],
    "optimizer.name": ["adam", "sgd"],
    "data.batch_size": ["16", "32", "64"],
}


def quick(uri: str, **changes: object) -> OrchestratorConfig:
    tracking = {"uri": uri, "log_model": False}
    return OrchestratorConfig.from_dict({"epochs": 1, "model": {"hidden_size": 4}, "tracking": tracking, **changes})


@given(
    st.dictionaries(st.sampled_from(sorted(AXES)), st.integers(1, 3)),
    st.lists(st.sampled_from(["quick_test", "development"]), unique=True),
    st.integers(1, 3),
)
def test_every_combination_occurs_once(counts: dict[str, int], presets: list[str], seeds: int) -> None:
    axes = {path: AXES[path][:count] for path, count in counts.items()}

    found = combinations([f"{path}={','.join(texts)}" for path, texts in axes.items()], presets=presets, seeds=seeds)

    assert len(found) == max(1, len(presets)) * prod(map(len, axes.values())) * seeds
    assert len({combination.label for combination in found}) == len(found) or not any(
        len(combination.chosen) for combination in found
    )
    for combination in found:
        flat = combination.config.flatten()
        for path, text in combination.chosen.items():
            assert path == "preset" or str(flat[path]) == text


@pytest.mark.parametrize(
    ("assignments", "seeds", "message"),
    [
        (["epochs=1,x"], 1, "epochs is 'x'"),
        (["epoch=1,2"], 1, "no setting 'epoch'"),
        (["optimizer.learning_rate=0.1,1e-1"], 1, "Two combinations are the same training"),
        (["runtime.seed=1,2"], 2, "Seeds were given as a number and as values"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(assignments: list[str], seeds: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        combinations(assignments, seeds=seeds)


def test_comma_in_a_name_is_no_axis() -> None:
    (only,) = combinations(["tracking.experiment_name=a,b", "checkpoints.folder=c,d"])

    assert (only.config.tracking.experiment_name, only.config.checkpoints.folder) == ("a,b", "c,d")


def test_children_belong_to_one_run_and_a_failure_loses_no_other(tracking_uri: str, client: MlflowClient) -> None:
    base = quick(tracking_uri, tracking={"uri": tracking_uri, "log_model": False, "experiment_name": "swept"})
    asked = combinations(["optimizer.learning_rate=0.1,1e30,0.01", "optimizer.name=sgd"], base=base)

    parent, outcomes = run_sweep(asked, "iris")

    assert [type(outcome) for outcome in outcomes] == [Trained, FailedTraining, Trained]
    runs = client.search_runs([client.get_experiment_by_name("swept").experiment_id])
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent]
    assert sorted(run.info.status for run in children) == ["FAILED", "FINISHED", "FINISHED"]
    assert {run.info.run_name for run in children} == {combination.label for combination in asked}
    whole = client.get_run(parent)
    assert whole.info.status == "FAILED"
    assert whole.data.tags[FAILURE_TAG].startswith("1 of 3 trainings failed; the first: The training loss became")
    assert whole.data.params == {"sweep.optimizer.learning_rate": "0.1, 1e30, 0.01"}


class _Interrupting(Callback):
    def on_epoch(self, state: TrainingState) -> None:
        state.stop = INTERRUPTED


def test_interruption_ends_the_sweep(tracking_uri: str, client: MlflowClient) -> None:
    asked = combinations(["data.batch_size=16,32"], base=quick(tracking_uri, epochs=3))

    parent, outcomes = run_sweep(asked, "iris", callbacks=lambda _: [_Interrupting()])

    assert [isinstance(outcome, Trained) and outcome.is_interrupted for outcome in outcomes] == [True]
    assert client.get_run(parent).info.status == "KILLED"


def test_each_training_keeps_checkpoints_of_its_own(
    tracking_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("swept")
    asked = combinations([], seeds=2, base=quick(tracking_uri, checkpoints={"folder": str(folder)}))

    run_sweep(asked, "iris")

    assert sorted(path.name for path in folder.iterdir()) == ["runtime.seed=42", "runtime.seed=43"]


def test_training_of_a_sweep_is_the_one_that_would_be_done_alone(tracking_uri: str) -> None:
    from compatkit.training import TrainingOrchestratorV2

    (only,) = combinations(["optimizer.learning_rate=0.05"], base=quick(tracking_uri))
    assert isinstance(only, Combination)

    _, (swept,) = run_sweep([only], "iris")

    assert isinstance(swept, Trained)
    alone = TrainingOrchestratorV2(only.config).train_model("iris")
    assert swept.result.final_metrics == alone.final_metrics
