"""Each part of the v2 trainer that v1 lacks agrees with a plain reference, and has no effect when off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from compatkit.record import EpochMetrics
from compatkit.training import ConfigError, DataSplit, ModelTrainerV2, OrchestratorConfig, TrainingError, build_model
from compatkit.training.v2.loop.batches import balanced_weights
from compatkit.training.v2.loop.callbacks import Callback, TrainingState
from compatkit.training.v2.loop.optimizers import factor_of
from compatkit.training.v2.settings.sections import MONITORED, SchedulerConfig, is_better

RUN = {"epochs": 4, "batch_size": 16, "lr": 0.01, "seed": 1}


def fit(
    data: DataSplit, settings: dict[str, Any] | None = None, *, callbacks: tuple[Callback, ...] = (), **changes: Any
) -> tuple[list[EpochMetrics], nn.Module]:
    model = build_model("mlp", features=data.features, classes=data.classes, hidden_size=8, dropout=0.2, seed=3)
    trainer = ModelTrainerV2(OrchestratorConfig.from_dict(settings or {}), callbacks=callbacks)
    return trainer.train(model, data.train, data.validation, **{**RUN, **changes}), model


def weights(model: nn.Module) -> list[bytes]:
    return [weight.numpy().tobytes() for weight in model.state_dict().values()]


def rates(data: DataSplit, scheduler: dict[str, Any], **changes: Any) -> list[float]:
    history, _ = fit(data, {"scheduler": scheduler}, **{"lr": 1.0, "optimizer": "sgd", **changes})
    return [record.learning_rate for record in history]


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ({"name": "constant"}, [1, 1, 1, 1]),
        ({"name": "linear"}, [1, 0.75, 0.5, 0.25]),
        ({"name": "linear", "min_factor": 0.5}, [1, 0.875, 0.75, 0.625]),
        ({"name": "cosine"}, [1, (2 + 2**0.5) / 4, 0.5, (2 - 2**0.5) / 4]),
        ({"name": "exponential", "factor": 0.5}, [1, 0.5, 0.25, 0.125]),
        ({"name": "exponential", "factor": 0.1, "min_factor": 0.05}, [1, 0.1, 0.05, 0.05]),
        ({"name": "step", "factor": 0.5, "step_epochs": 2}, [1, 1, 0.5, 0.5]),
        ({"name": "constant", "warmup_epochs": 4}, [0.25, 0.5, 0.75, 1]),
        ({"name": "linear", "warmup_epochs": 2}, [0.5, 1, 1, 0.5]),
    ],
)
def test_learning_rate_follows_its_schedule(scheduler: dict[str, Any], expected: list[float], iris: DataSplit) -> None:
    assert rates(iris, scheduler, lr=1.0) == pytest.approx(expected)


def test_plateau_lowers_the_rate_where_the_loss_does_not_fall(iris: DataSplit) -> None:
    lowered = rates(iris, {"name": "plateau", "step_epochs": 1, "factor": 0.5}, lr=0.0, epochs=5)
    stuck, _ = fit(iris, {"scheduler": {"name": "plateau", "step_epochs": 1}}, lr=1e-30, epochs=5)

    assert lowered == [0.0] * 5
    assert [record.learning_rate for record in stuck][-1] < 1e-30


@given(
    st.sampled_from(["constant", "cosine", "exponential", "linear", "step"]),
    st.integers(0, 20),
    st.integers(1, 50),
    st.floats(0, 1),
)
def test_factor_stays_between_its_bounds(name: str, warmup: int, epochs: int, lowest: float) -> None:
    config = SchedulerConfig(name=name, warmup_epochs=warmup, min_factor=lowest)

    factors = [factor_of(config, done, epochs) for done in range(epochs)]

    assert all(0 < factor <= 1 + 1e-12 for factor in factors)
    assert all(factor >= lowest - 1e-12 for factor in factors[warmup:])


def test_accumulated_batches_train_as_one_large_batch(iris: DataSplit) -> None:
    settings = {"optimizer": {"accumulate": 3}}
    changes: dict[str, Any] = {"optimizer": "sgd", "lr": 0.5, "seed": 2}
    model = build_model("mlp", features=4, classes=3, hidden_size=8, seed=3)
    reference = build_model("mlp", features=4, classes=3, hidden_size=8, seed=3)

    # 120 samples: the groups are 33 samples, the last one 21, its last batch 10.
    ModelTrainerV2(OrchestratorConfig.from_dict(settings)).train(
        model, iris.train, iris.validation, epochs=2, batch_size=11, **changes
    )
    ModelTrainerV2().train(reference, iris.train, iris.validation, epochs=2, batch_size=33, **changes)

    for one, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_gradients_are_clipped_to_the_norm(iris: DataSplit) -> None:
    changes: dict[str, Any] = {"epochs": 1, "batch_size": 1000, "optimizer": "sgd", "lr": 1.0}
    start = fit(iris, lr=0.0, epochs=1)[1]

    _, clipped = fit(iris, {"optimizer": {"clip_norm": 0.01}}, **changes)

    step = [after - before for after, before in zip(clipped.parameters(), start.parameters(), strict=True)]
    assert float(torch.cat([part.detach().flatten() for part in step]).norm()) == pytest.approx(0.01, rel=1e-3)


def test_norm_that_is_not_reached_changes_nothing(iris: DataSplit) -> None:
    assert weights(fit(iris, {"optimizer": {"clip_norm": 1e9}})[1]) == weights(fit(iris)[1])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60).map(lambda labels: [0, 1, 2, 3, 4, *labels]))
def test_balanced_weights_are_those_of_scikit_learn(labels: list[int]) -> None:
    expected = compute_class_weight("balanced", classes=np.arange(5), y=np.array(labels))

    assert balanced_weights(torch.tensor(labels), 5).tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_balanced_classes_train_on_the_weighted_loss(iris: DataSplit) -> None:
    features, target = iris.train.tensors
    kept = torch.cat([torch.where(target == 0)[0], torch.where(target != 0)[0][:10]])
    data = DataSplit(type(iris.train)(features[kept], target[kept]), iris.validation, 3, 4, "imbalanced")
    model = build_model("mlp", features=4, classes=3, hidden_size=8, seed=3)
    loss = F.cross_entropy(model(features[kept]), target[kept], balanced_weights(target[kept], 3))
    loss.backward()  # type: ignore[no-untyped-call]
    expected = [weight - weight.grad for weight in model.parameters()]

    trained = build_model("mlp", features=4, classes=3, hidden_size=8, seed=3)
    ModelTrainerV2(OrchestratorConfig.from_dict({"data": {"class_weights": "balanced"}})).train(
        trained, data.train, data.validation, epochs=1, batch_size=1000, lr=1.0, optimizer="sgd"
    )

    for one, other in zip(trained.parameters(), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_noise_is_decided_by_the_seed(iris: DataSplit) -> None:
    noisy = {"data": {"noise": 0.1}}

    assert weights(fit(iris, noisy)[1]) == weights(fit(iris, noisy)[1])
    assert weights(fit(iris, noisy)[1]) != weights(fit(iris)[1])


def test_early_stopping_ends_after_its_patience(iris: DataSplit) -> None:
    history, _ = fit(iris, {"early_stopping": {"patience": 2, "metric": "val_loss"}}, lr=0.0, epochs=10)

    assert len(history) == 3  # the first is an improvement, the two after it are none


def test_training_that_improves_goes_on(iris: DataSplit) -> None:
    history, _ = fit(iris, {"early_stopping": {"patience": 1, "metric": "val_loss"}}, lr=1e-3, epochs=6)

    assert len(history) == 6


def test_best_weights_are_restored(iris: DataSplit) -> None:
    settings = {"early_stopping": {"restore_best": True, "metric": "val_loss"}}
    history, model = fit(iris, settings, lr=1.0, optimizer="sgd", epochs=6)

    best = 1 + min(range(6), key=lambda index: history[index].val_loss)
    assert weights(model) == weights(fit(iris, lr=1.0, optimizer="sgd", epochs=best)[1])


@given(st.sampled_from(MONITORED), st.floats(0, 1), st.floats(0, 1))
def test_a_loss_falls_and_a_score_rises(metric: str, value: float, best: float) -> None:
    assert is_better(metric, value, best) == (value < best if metric.endswith("loss") else value > best)


def test_nan_is_no_improvement() -> None:
    assert not is_better("val_loss", float("nan"), 1.0)
    assert not is_better("val_loss", float("nan"), None)


class Recording(Callback):
    """Notes its calls, and draws from the global random state."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_start(self, state: TrainingState) -> None:
        self.calls.append(f"start {state.epoch}")

    def on_epoch(self, state: TrainingState) -> None:
        torch.rand(3)
        self.calls.append(f"epoch {state.history[-1].epoch}")

    def on_end(self, state: TrainingState) -> None:
        self.calls.append(f"end {state.epoch}")


def test_callbacks_are_called_in_order_and_shift_nothing(iris: DataSplit) -> None:
    callback = Recording()

    _, model = fit(iris, callbacks=(callback,), epochs=2)

    assert callback.calls == ["start 0", "epoch 1", "epoch 2", "end 2"]
    assert weights(model) == weights(fit(iris, epochs=2)[1])


class Stopping(Callback):
    def on_epoch(self, state: TrainingState) -> None:
        state.stop = "enough"


def test_callback_may_end_the_training(iris: DataSplit) -> None:
    assert len(fit(iris, callbacks=(Stopping(),))[0]) == 1


def test_bfloat16_trains_and_keeps_float32_weights(iris: DataSplit) -> None:
    history, model = fit(iris, {"runtime": {"precision": "bfloat16"}}, epochs=20)

    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert history[-1].val_accuracy > 0.8
    assert weights(model) != weights(fit(iris, epochs=20)[1])


def test_compiled_by_eager_is_the_same(iris: DataSplit) -> None:
    assert weights(fit(iris, {"runtime": {"compile": "eager"}})[1]) == weights(fit(iris)[1])


def test_deterministic_kernels_are_asked_for_during_the_training_only(iris: DataSplit) -> None:
    seen: list[bool] = []

    class Asking(Callback):
        def on_epoch(self, state: TrainingState) -> None:  # noqa: ARG002
            seen.append(torch.are_deterministic_algorithms_enabled())

    fit(iris, {"runtime": {"deterministic": True}}, callbacks=(Asking(),), epochs=1)

    assert (seen, torch.are_deterministic_algorithms_enabled()) == ([True], False)


def test_device_that_is_not_there_is_named(iris: DataSplit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(TrainingError, match="no device 'cuda'"):
        fit(iris, {"runtime": {"device": "cuda"}})


def test_training_that_diverges_ends_there(iris: DataSplit) -> None:
    history, _ = fit(iris, lr=1e30, optimizer="sgd", epochs=9)

    assert len(history) < 9
    assert not np.isfinite(history[-1].train_loss)


def test_settings_of_a_trainer_that_cannot_carry_them_out_are_refused() -> None:
    from compatkit.training import ModelTrainer, TrainingOrchestratorV2

    config = OrchestratorConfig.from_dict({"optimizer": {"clip_norm": 1.0}, "scheduler": {"name": "cosine"}})

    with pytest.raises(ConfigError, match=r"ModelTrainer cannot carry out optimizer\.clip_norm, scheduler\.name"):
        TrainingOrchestratorV2(config, trainer=ModelTrainer())
