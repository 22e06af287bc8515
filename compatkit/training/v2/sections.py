"""The sections of `OrchestratorConfig`, with their defaults and units. Their values are checked by the whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """What is trained.

    Attributes:
        type: "mlp" or "cnn".
        hidden_size: width of each hidden layer: units of "mlp", channels of "cnn".
        layers: number of hidden layers.
        dropout: share of the activations that training drops, 0 to 1.
    """

    type: str = "mlp"
    hidden_size: int = 64
    layers: int = 1
    dropout: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConfig:
    """How the weights are changed.

    Attributes:
        name: "adam", "adamw" or "sgd".
        learning_rate: size of a step.
        weight_decay: L2 penalty ("adamw": decoupled decay), per step.
        momentum: used by "sgd" only, 0 to 1.
    """

    name: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    momentum: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """How the data are fed.

    Attributes:
        batch_size: samples a step.
        validation_fraction: share of the samples that is held back, between 0 and 1.
    """

    batch_size: int = 32
    validation_fraction: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeConfig:
    """What makes a training repeatable.

    Attributes:
        seed: decides split, weights, order and dropout; 0 to 2**32 - 1.
        threads: torch threads. Results are bitwise equal for one number of threads only.
    """

    seed: int = 42
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingConfig:
    """Where the run is logged.

    Attributes:
        experiment_name: MLflow experiment; created if it does not exist.
        uri: MLflow tracking URI; None is MLflow's own choice.
        run_name: name of the run; None lets MLflow invent one.
        log_model: whether the trained model is logged too.
    """

    experiment_name: str = "default"
    uri: str | None = None
    run_name: str | None = None
    log_model: bool = True
