"""Generated trainings, and histories as trainers of all kinds return them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from torch import nn
from torch.utils.data import TensorDataset

from compatkit.record import EpochMetrics
from compatkit.training import DATASETS, MODEL_TYPES, OPTIMIZERS, DataSplit, build_model, load_dataset

# A transformer's cost grows with the square of the features.
_FITTING = {"transformer": ("iris", "wine")}


@dataclass(frozen=True)
class Setup:
    """One training: what is trained, on what, and how."""

    dataset: str
    model_type: str
    hidden_size: int
    layers: int
    dropout: float
    optimizer: str
    learning_rate: float
    weight_decay: float
    momentum: float
    batch_size: int
    epochs: int
    seed: int

    def load(self) -> DataSplit:
        """Return the data, cut to 70 samples a part: the largest batches are larger, and the last is partial."""
        data = load_dataset(self.dataset, seed=self.seed)
        return DataSplit(_first(data.train), _first(data.validation), data.classes, data.features, data.name)

    def build(self, data: DataSplit) -> nn.Module:
        return build_model(
            self.model_type,
            features=data.features,
            classes=data.classes,
            hidden_size=self.hidden_size,
            layers=self.layers,
            dropout=self.dropout,
            seed=self.seed,
        )

    def v1_arguments(self) -> dict[str, object]:
        return {
            "model_type": self.model_type,
            "hidden_size": self.hidden_size,
            "num_layers": self.layers,
            "dropout": self.dropout,
            "val_split": 0.2,
            "num_threads": 1,
            **self.trainer_arguments(),
        }

    def trainer_arguments(self) -> dict[str, object]:
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "lr": self.learning_rate,
            "optimizer": self.optimizer,
            "weight_decay": self.weight_decay,
            "momentum": self.momentum,
            "seed": self.seed,
        }


def _first(data: TensorDataset) -> TensorDataset:
    return TensorDataset(*data[:70])


def setups(datasets: tuple[str, ...] = DATASETS) -> st.SearchStrategy[Setup]:
    return st.builds(
        Setup,
        dataset=st.sampled_from(datasets),
        model_type=st.sampled_from(MODEL_TYPES),
        hidden_size=st.integers(1, 24),
        layers=st.integers(0, 3),
        dropout=st.sampled_from([0.0, 0.1, 0.5]),
        optimizer=st.sampled_from(OPTIMIZERS),
        learning_rate=st.floats(1e-5, 1.0),
        weight_decay=st.sampled_from([0.0, 1e-2]),
        momentum=st.sampled_from([0.0, 0.9]),
        batch_size=st.integers(1, 100),
        epochs=st.integers(1, 3),
        seed=st.integers(0, 2**32 - 1),
    ).filter(lambda setup: setup.dataset in _FITTING.get(setup.model_type, DATASETS))


scores = st.floats(0, 1)


def v1_record(epoch: int, value: float) -> dict[str, object]:
    return {
        "epoch": epoch,
        "train_loss": 2 - value,
        "val_loss": 2 - value,
        "train_acc": value,
        "val_acc": value,
        "lr": 0.1,
        "epoch_time": 0.5,
    }


def v2_record(epoch: int, value: float) -> EpochMetrics:
    return EpochMetrics(epoch, 2 - value, 2 - value, value, value, value, value, value, 0.1, 0.5)


mixed_histories = st.lists(st.tuples(scores, st.sampled_from([v1_record, v2_record])), min_size=1, max_size=6).map(
    lambda rows: [build(epoch, value) for epoch, (value, build) in enumerate(rows, start=1)]
)
