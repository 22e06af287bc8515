"""Several processes train as one would: what they log, how a batch is cut, and what becomes of a lost process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient

from compatkit.cli.compare import command as compare_command
from compatkit.training import ConfigError, ModelTrainer, TrainingError
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.v2.checkpoints import LAST, load_checkpoint
from compatkit.training.v2.loop.batches import contribution, part_of, scaled, turns
from compatkit.training.v2.loop.distributed import Processes
from compatkit.training.v2.trainer_choice import require_sharing
from tests.command_line import command_runner
from tests.training.runs import histories
from tests.training.together import (
    KILLED_AFTER,
    Both,
    Killed,
    fit,
    fit_normalised,
    fit_stopped,
    orchestrate,
    orchestrate_differing,
    two_processes,
)

pytestmark = pytest.mark.slow("trains in several processes")
CPU = torch.device("cpu")
# The mean of two halves is rounded otherwise than the mean of the whole: 1e-7 in a gradient, and 3e-7 in a loss after
# three epochs, in 136 trainings of all models and optimizers. Scores were equal, as long as no sample lies on a border.
ROUNDING = 1e-6
PROCESSES = f"""
schema = 1
id = "one-process-to-two"
summary = "Train in two processes instead of one."
versions = {{ v1 = "1", v2 = "2" }}

[equivalence]
ignore = [{{ metric = "epoch_time", why = "wall-clock time of an epoch" }}]
tolerances = [{{ metric = "*_loss", rtol = {ROUNDING}, why = "the mean of two halves is rounded otherwise" }}]
"""
MLP = {"type": "mlp", "hidden_size": 8}
RUN: dict[str, Any] = {"epochs": 3, "batch_size": 32, "lr": 0.01, "seed": 5}


def everyone(size: int) -> list[Processes]:
    return [Processes(rank, size, CPU) for rank in range(size)]


batches = st.integers(1, 40).flatmap(
    lambda samples: st.tuples(
        st.lists(st.integers(0, 4), min_size=samples, max_size=samples).map(torch.tensor), st.integers(1, 9)
    )
)


@given(batches)
def test_parts_are_the_whole_batch_in_order(given_: tuple[torch.Tensor, int]) -> None:
    target, size = given_
    features = torch.arange(len(target)).unsqueeze(1)

    found = [part_of(features, target, processes, None) for processes in everyone(size)]

    kept = [part for part in found if not part.is_empty]
    assert torch.equal(torch.cat([part.features for part in kept]), features)
    assert torch.equal(torch.cat([part.target for part in kept]), target)
    assert sum(float(part.share) for part in found) == pytest.approx(1.0)


@given(batches)
def test_parts_differ_by_one_sample_at_most(given_: tuple[torch.Tensor, int]) -> None:
    target, size = given_

    found = [part_of(target.unsqueeze(1), target, processes, None) for processes in everyone(size)]

    lengths = [0 if part.is_empty else len(part.target) for part in found]
    assert max(lengths) - min(lengths) <= 1


@given(batches, st.booleans(), st.integers(0, 99))
def test_average_over_all_processes_is_the_mean_over_the_batch(
    given_: tuple[torch.Tensor, int], is_weighted: bool, seed: int
) -> None:
    target, size = given_
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(len(target), 5, generator=generator, dtype=torch.float64)
    weights = torch.rand(5, generator=generator, dtype=torch.float64) + 0.1 if is_weighted else None

    losses, contributions = [], []
    for processes in everyone(size):
        part = part_of(logits, target, processes, weights)
        loss = F.cross_entropy(part.features, part.target, weights)
        losses.append(float(scaled(loss, part, processes, group=len(target))))
        contributions.append(float(contribution(loss, part)))

    whole = float(F.cross_entropy(logits, target, weights))
    assert sum(losses) / size == pytest.approx(whole)
    assert sum(contributions) == pytest.approx(whole)


@given(st.integers(0, 20), st.integers(1, 9))
def test_each_batch_is_evaluated_by_one_process(count: int, size: int) -> None:
    numbered = [(torch.tensor(number), torch.tensor(number)) for number in range(count)]

    found = sorted(int(batch) for processes in everyone(size) for batch, _ in turns(numbered, processes))

    assert found == list(range(count))


@settings(max_examples=8)
@given(
    # Of a batch of 1, the first process has no sample; the last batches leave parts of other sizes.
    type_and_data=st.sampled_from([("mlp", "wine"), ("mlp", "iris"), ("transformer", "iris")]),
    optimizer=st.sampled_from(["adam", "adamw", "sgd"]),
    batch_size=st.sampled_from([1, 7, 16, 33, 60, 1000]),
    accumulate=st.integers(1, 3),
    class_weights=st.sampled_from(["none", "balanced"]),
    noise=st.sampled_from([0.0, 0.1]),
    clip_norm=st.sampled_from([None, 0.5]),
)
def test_two_processes_train_as_one(
    both: Both,
    type_and_data: tuple[str, str],
    optimizer: str,
    batch_size: int,
    accumulate: int,
    class_weights: str,
    noise: float,
    clip_norm: float | None,
) -> None:
    asked = {
        "optimizer": {"accumulate": accumulate, "clip_norm": clip_norm},
        "data": {"class_weights": class_weights, "noise": noise},
    }
    model_type, dataset = type_and_data
    job = (asked, {"type": model_type, "hidden_size": 8}, dataset)
    run = {**RUN, "optimizer": optimizer, "batch_size": batch_size, "epochs": 1 if batch_size == 1 else 2}

    first, second = both.do(fit, *job, run)
    alone, _ = fit(*job, run)

    assert first[0] == _with_times_of(first[0], second[0])
    assert [record.val_accuracy for record in first[0]] == [record.val_accuracy for record in alone]
    for name in ("train_loss", "val_loss"):
        expected = [getattr(record, name) for record in alone]
        assert [getattr(record, name) for record in first[0]] == pytest.approx(expected, rel=ROUNDING)


def _with_times_of(records: list[Any], others: list[Any]) -> list[Any]:
    """Return `others` with the times of `records`: each process measures its own."""
    from dataclasses import replace

    return [replace(other, epoch_time=record.epoch_time) for record, other in zip(records, others, strict=True)]


def is_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_weights_agree_with_those_of_one_process(both: Both) -> None:
    (_, first), (_, second) = both.do(fit, {}, MLP, "digits", RUN)
    _, alone = fit({}, MLP, "digits", RUN)

    assert is_equal(first, second)
    for name, weight in alone.items():
        torch.testing.assert_close(first[name], weight, rtol=0, atol=ROUNDING)


def test_dropout_repeats_but_is_drawn_in_each_process(both: Both) -> None:
    dropping = {**MLP, "dropout": 0.5}

    (_, first), (_, second) = both.do(fit, {}, dropping, "wine", RUN)
    (_, again), _ = both.do(fit, {}, dropping, "wine", RUN)

    assert is_equal(first, second)
    assert is_equal(first, again)
    assert not is_equal(first, fit({}, dropping, "wine", RUN)[1])


def test_early_stopping_ends_all_processes_with_the_best_weights(both: Both) -> None:
    asked = {"early_stopping": {"patience": 1, "restore_best": True}}
    run = {**RUN, "lr": 10.0, "optimizer": "sgd", "epochs": 30}

    (history, first), (_, second) = both.do(fit, asked, MLP, "iris", run)

    assert len(history) < 30
    assert is_equal(first, second)


def test_callback_of_the_first_process_ends_all(both: Both) -> None:
    (history, _), (other, _) = both.do(fit_stopped, 2, MLP, "iris", {**RUN, "epochs": 9})

    assert (len(history), len(other)) == (2, 2)


def test_batch_norm_over_parts_of_batches_is_refused(both: Both) -> None:
    for error in both.do(fit_normalised, "iris", RUN):
        assert isinstance(error, TrainingError)
        assert error.what == "Batch norm would see a part of each batch only: 1."


def test_other_settings_in_one_process_are_refused(both: Both, tmp_path: Path, tracking_uri: str) -> None:
    for error in both.do(orchestrate_differing, str(tmp_path), tracking_uri):
        assert isinstance(error, TrainingError)
        assert "do not have the same settings and data" in error.what


def test_trainer_of_one_process_is_refused_in_two() -> None:
    require_sharing(ModelTrainer(), Processes(0, 1, CPU))
    with pytest.raises(ConfigError, match="ModelTrainer trains in one process, and 2 were started"):
        require_sharing(ModelTrainer(), Processes(0, 2, CPU))


def test_first_process_that_is_killed_leaves_a_failed_run(
    tmp_path: Path, tracking_uri: str, client: MlflowClient, warm_python: str
) -> None:
    with two_processes(warm_python) as processes:
        _, error = processes.do(orchestrate, str(tmp_path), tracking_uri, (Killed(0),))

    saved = load_checkpoint(tmp_path / LAST)
    run = client.get_run(saved["about"]["run_id"])
    assert isinstance(error, TrainingError)
    assert run.info.status == "FAILED"
    assert run.data.tags[FAILURE_TAG] == "Another process of the training ended, or cannot be reached."
    assert len(saved["state"]["history"]) == KILLED_AFTER - 1


def test_torchrun_logs_one_run_through_the_kill_of_a_worker(
    tmp_path: Path, tracking_uri: str, client: MlflowClient, warm_python: str
) -> None:
    command = [warm_python, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["--max-restarts", "1", "-m", "tests.training.together", str(tmp_path / "two"), tracking_uri]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    alone = orchestrate(str(tmp_path / "one"), tracking_uri)

    assert done.returncode == 0, done.stderr
    one, two = (load_checkpoint(tmp_path / name / LAST) for name in ("one", "two"))
    together = two["about"]["run_id"]
    status, tags = json.loads((tmp_path / "two" / "seen.json").read_text())
    assert status == "FAILED"
    assert "process of the training ended" in tags[FAILURE_TAG] or "SIGTERM" in tags[FAILURE_TAG]
    assert FAILURE_TAG not in client.get_run(together).data.tags
    assert client.get_run(together).data.tags["compatkit.env.torch.processes"] == "2 by gloo"
    assert {name: len(points) for name, points in histories(client, together).items()} == {
        name: len(points) for name, points in histories(client, alone).items()
    }
    for name, weight in one["state"]["model"].items():
        torch.testing.assert_close(two["state"]["model"][name], weight, rtol=0, atol=ROUNDING)

    (tmp_path / "migration.toml").write_text(PROCESSES)
    policy = ["--migration", str(tmp_path / "migration.toml"), "--tracking-uri", tracking_uri]
    compared = command_runner().invoke(compare_command, [alone, together, *policy])
    assert (compared.exit_code, "Verdict: equivalent" in compared.output) == (0, True), compared.output
