"""Given one seed, the v1 and the v2 trainer do the same, bit for bit."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given, settings

from compatkit.record import EpochMetrics, read_history
from compatkit.training import DataSplit, ModelTrainer, ModelTrainerV2, Trainer, TrainingError, build_model
from compatkit.training.determinism import seeded
from tests.training.strategies import Setup, setups

PLAIN = Setup("iris", "mlp", 8, 1, 0.5, "adam", 0.01, 0.0, 0.0, batch_size=16, epochs=2, seed=1)
ONLY_V2 = {"val_precision", "val_recall", "val_f1"}
TRAINERS = [ModelTrainer(), ModelTrainerV2()]
REFUSALS = [(ModelTrainer(), ValueError), (ModelTrainerV2(), TrainingError)]


def shared_values(history: object) -> list[dict[str, object]]:
    """Return what both trainers measure, but for the time that it took."""
    return [
        {key: repr(value) for key, value in record.items() if key not in ONLY_V2 and key != "epoch_time"}
        for record in read_history(history)
    ]


def weights(setup: Setup, trainer: Trainer, data: DataSplit) -> tuple[list[dict[str, object]], list[bytes]]:
    model = setup.build(data)
    history = trainer.train(model, data.train, data.validation, **setup.trainer_arguments())
    return shared_values(history), [weight.numpy().tobytes() for weight in model.state_dict().values()]


@settings(max_examples=60)
@given(setups())
@example(Setup("digits", "cnn", 8, 2, 0.5, "adam", 0.01, 0.0, 0.0, batch_size=100, epochs=2, seed=0))
@example(Setup("wine", "mlp", 16, 2, 0.5, "sgd", 1.0, 0.01, 0.9, batch_size=1, epochs=3, seed=2**32 - 1))
def test_trainers_agree_bitwise(setup: Setup) -> None:
    data = setup.load()

    v1 = weights(setup, ModelTrainer(), data)
    v2 = weights(setup, ModelTrainerV2(), data)

    assert v1 == v2


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
@given(setups())
@settings(max_examples=10)
def test_training_repeats_bitwise(trainer: Trainer, setup: Setup) -> None:
    data = setup.load()

    assert weights(setup, trainer, data) == weights(setup, trainer, data)


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_seed_decides_the_order(trainer: Trainer, iris: DataSplit) -> None:
    first, second = (build_model("mlp", features=4, classes=3, seed=0) for _ in range(2))

    one = trainer.train(first, iris.train, iris.validation, epochs=1, batch_size=16, lr=0.1, seed=1)
    two = trainer.train(second, iris.train, iris.validation, epochs=1, batch_size=16, lr=0.1, seed=2)

    assert shared_values(one) != shared_values(two)


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_global_random_state_is_kept(trainer: Trainer, iris: DataSplit) -> None:
    before = torch.random.get_rng_state()

    weights(PLAIN, trainer, iris)

    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_global_random_state_has_no_influence(trainer: Trainer, iris: DataSplit) -> None:
    with seeded(1):
        one = weights(PLAIN, trainer, iris)
    with seeded(2):
        two = weights(PLAIN, trainer, iris)

    assert one == two


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_training_learns(trainer: Trainer, iris: DataSplit) -> None:
    model = build_model("mlp", features=4, classes=3, seed=0)

    history = trainer.train(model, iris.train, iris.validation, epochs=20, batch_size=16, lr=0.01)

    assert read_history(history)[-1].val_accuracy > 0.9


def test_v1_returns_dicts_with_v1_keys(iris: DataSplit) -> None:
    history = ModelTrainer().train(PLAIN.build(iris), iris.train, iris.validation, epochs=1, batch_size=16, lr=0.1)

    assert list(history[0]) == ["epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr", "epoch_time"]


def test_v2_returns_epoch_metrics(iris: DataSplit) -> None:
    history = ModelTrainerV2().train(PLAIN.build(iris), iris.train, iris.validation, epochs=1, batch_size=16, lr=0.1)

    assert [type(record) for record in history] == [EpochMetrics]


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_epochs_count_from_one(trainer: Trainer, iris: DataSplit) -> None:
    history = trainer.train(PLAIN.build(iris), iris.train, iris.validation, epochs=3, batch_size=16, lr=0.1)

    assert [record.epoch for record in read_history(history)] == [1, 2, 3]


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_values_are_plain_numbers(trainer: Trainer, iris: DataSplit) -> None:
    history = trainer.train(PLAIN.build(iris), iris.train, iris.validation, epochs=1, batch_size=16, lr=1)

    assert {type(value) for record in read_history(history) for value in record.values()} == {int, float}


@pytest.mark.parametrize("trainer", TRAINERS, ids=["v1", "v2"])
def test_both_meet_the_protocol(trainer: Trainer) -> None:
    assert isinstance(trainer, Trainer)


@pytest.mark.parametrize(("trainer", "error"), REFUSALS, ids=["v1", "v2"])
def test_no_epochs_are_refused(trainer: Trainer, error: type[Exception], iris: DataSplit) -> None:
    with pytest.raises(error, match="at least 1"):
        trainer.train(PLAIN.build(iris), iris.train, iris.validation, epochs=0, batch_size=16, lr=0.1)


@pytest.mark.parametrize(("trainer", "error"), REFUSALS, ids=["v1", "v2"])
def test_unknown_optimizer_is_named(trainer: Trainer, error: type[Exception], iris: DataSplit) -> None:
    with pytest.raises(error, match="'adamm'"):
        trainer.train(
            PLAIN.build(iris), iris.train, iris.validation, epochs=1, batch_size=16, lr=0.1, optimizer="adamm"
        )
