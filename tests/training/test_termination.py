"""SIGTERM ends a training with its run marked as failed; outside of a training it has its usual effect."""

from __future__ import annotations

import os
import signal

import pytest
from mlflow import MlflowClient

from compatkit.training import OrchestratorConfig, TrainingOrchestratorV2
from compatkit.training.ending import FAILURE_TAG, pass_over_termination, termination_raised
from compatkit.training.errors import LostProcessError
from compatkit.training.v2.loop.callbacks import Callback, TrainingState


class Terminating(Callback):
    def on_epoch(self, state: TrainingState) -> None:
        if state.epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)


def test_terminated_training_fails_with_its_reason_and_keeps_its_epochs(
    tracking_uri: str, client: MlflowClient
) -> None:
    tracking = {"uri": tracking_uri, "experiment_name": "terminated"}
    config = OrchestratorConfig.from_preset("quick_test", epochs=5, tracking=tracking)

    with pytest.raises(LostProcessError, match="asked to end"):
        TrainingOrchestratorV2(config, callbacks=[Terminating()]).train_model("iris")

    (run,) = client.search_runs([client.get_experiment_by_name("terminated").experiment_id])
    assert run.info.status == "FAILED"
    assert run.data.tags[FAILURE_TAG].startswith("The training was asked to end (SIGTERM)")
    assert [point.step for point in client.get_metric_history(run.info.run_id, "val_loss")] == [1]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_handler_of_the_caller_is_left_alone() -> None:
    seen = []
    signal.signal(signal.SIGTERM, lambda number, _frame: seen.append(number))
    try:
        with termination_raised():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    assert seen == [signal.SIGTERM]


def test_second_signal_does_not_interrupt_the_ending() -> None:
    with termination_raised():
        with pytest.raises(LostProcessError):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)


def test_signal_while_a_failure_is_told_is_passed_over() -> None:
    with termination_raised():
        pass_over_termination()
        os.kill(os.getpid(), signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
