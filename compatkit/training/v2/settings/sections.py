"""The sections of `OrchestratorConfig`, with their defaults and units. Their values are checked by the whole.

The defaults are what v1 did: what only v2 has is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import isnan
from typing import Any

OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULERS = ("constant", "cosine", "exponential", "linear", "plateau", "step")
CLASS_WEIGHTS = ("none", "balanced")
MONITORED = ("train_accuracy", "train_loss", "val_accuracy", "val_f1", "val_loss", "val_precision", "val_recall")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("float32", "bfloat16", "float16")
COMPILERS = ("none", "aot_eager", "cudagraphs", "eager", "inductor")
ENGINES = ("local", "ray")
METRIC_NAMES = ("v1", "v2", "both")


def is_better(metric: str, value: float, best: float | None, *, by: float = 0.0) -> bool:
    """Tell whether `value` is better than `best` by over `by`: a loss falls, any other metric rises; NaN never does."""
    if best is None:
        return not isnan(value)
    return value < best - by if metric.endswith("loss") else value > best + by


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The model that is trained.

    Attributes:
        type: "mlp", "cnn" (of images, or of a row of features) or "transformer".
        hidden_size: width of each hidden layer: units of "mlp", channels of "cnn", width of a token of "transformer",
            which is a feature of a table, or a step of samples of shape (steps, channels).
        layers: number of hidden layers.
        dropout: share of the activations that training drops, 0 to 1.
    """

    type: str = "mlp"
    hidden_size: int = 64
    layers: int = 1
    dropout: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConfig:
    """The optimizer, and the steps that it takes.

    Attributes:
        name: "adam", "adamw" or "sgd".
        learning_rate: size of a step.
        weight_decay: L2 penalty ("adamw": decoupled decay), per step.
        momentum: used by "sgd" only, 0 to 1.
        clip_norm: largest norm of all gradients together, larger ones are scaled down to it; None scales none.
        accumulate: batches whose gradients are added up for one step; the last step of an epoch may have fewer.
    """

    name: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    momentum: float = 0.0
    clip_norm: float | None = None
    accumulate: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerConfig:
    """The learning rate, from epoch to epoch.

    Attributes:
        name: "constant", "cosine" (down to `min_factor`, which would come after the last epoch), "linear" (the same,
            in equal parts), "exponential" (times `factor` each epoch), "step" (times `factor` every
            `step_epochs`) or "plateau" (times `factor` after `step_epochs` epochs without a lower validation loss).
        warmup_epochs: epochs at the beginning in which the rate rises in equal parts to its full size.
        step_epochs: epochs; see "step" and "plateau".
        factor: what the rate is multiplied with, between 0 and 1.
        min_factor: share of the learning rate below which it does not fall, 0 to 1.
    """

    name: str = "constant"
    warmup_epochs: int = 0
    step_epochs: int = 10
    factor: float = 0.1
    min_factor: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """The data, and their batches.

    Attributes:
        batch_size: samples a step.
        validation_fraction: share of the samples that is held back, between 0 and 1.
        class_weights: "none", or "balanced": in training, a class's samples weigh inversely to their number.
        noise: augmentation: standard deviation of the normal noise that is added to the standardised features of
            each training batch; decided by the seed.
    """

    batch_size: int = 32
    validation_fraction: float = 0.2
    class_weights: str = "none"
    noise: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStoppingConfig:
    """When a training ends before its last epoch.

    Attributes:
        patience: epochs without an improvement after which it ends; None never ends it.
        metric: what must improve: a loss falls, any other metric rises.
        min_delta: a smaller improvement is none; in the metric's unit.
        restore_best: whether the model ends with the weights of its best epoch.
    """

    patience: int | None = None
    metric: str = "val_loss"
    min_delta: float = 0.0
    restore_best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointConfig:
    """The files that keep a training, so that it can go on after a crash.

    Attributes:
        folder: where last.pt and best.pt are written; None writes none.
        every_epochs: epochs from one last.pt to the next; the last epoch has one in any case.
        metric: what best.pt is the best of: a loss falls, any other metric rises.
    """

    folder: str | None = None
    every_epochs: int = 1
    metric: str = "val_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeConfig:
    """On what a training runs, and what makes it repeatable.

    Attributes:
        seed: decides split, weights, order, dropout and noise; 0 to 2**32 - 1.
        threads: torch threads. Results are bitwise equal for one number of threads only.
        device: "cpu", "cuda", or "auto": the GPU where there is one.
        precision: of the forward pass: "float32", "bfloat16" or "float16" (on "cuda" only); weights stay float32.
        workers: processes that read a Dataset of the user's own; 0 reads it in this one.
        deterministic: whether an operation without a repeatable implementation is an error.
        compile: backend of `torch.compile`, such as "inductor"; "none" does not compile.
    """

    seed: int = 42
    threads: int = 1
    device: str = "cpu"
    precision: str = "float32"
    workers: int = 0
    deterministic: bool = False
    compile: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleConfig:
    """In how many processes a training runs, and who starts them; the numbers are those of one, but for rounding.

    Attributes:
        engine: "local": this process, or those that `torchrun` started; "ray": Ray Train starts them, on a cluster.
        processes: how many "ray" starts. Each takes its part of every batch, `runtime.threads` CPUs, and a GPU where
            `runtime.device` asks for one.
        address: host:port of a Ray cluster; "auto" for the one that runs on this machine, "local" for one that is
            started here for the training. None is RAY_ADDRESS, which `ray job submit` sets, else "local".
        restarts: how often "ray" starts the processes again after one was lost, from the last checkpoint.
        patience_seconds: seconds that "ray" waits until the cluster has room for the processes.
    """

    engine: str = "local"
    processes: int = 1
    address: str | None = None
    restarts: int = 0
    patience_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingConfig:
    """The store that the run is logged to.

    Attributes:
        experiment_name: MLflow experiment; created if it does not exist.
        uri: MLflow tracking URI; None is MLflow's own choice.
        run_name: name of the run; None lets MLflow invent one.
        log_model: whether the trained model is logged too.
        metric_names: "v2", "v1", or "both": metrics under either generation's name, for dashboards of either.
        system_metrics: whether MLflow samples how busy the machine is, as metrics `system/…`, which no comparison of
            runs counts; needs psutil.
        flush_seconds: seconds for which metrics are gathered before they are sent together.
        patience_seconds: seconds that the end of a run waits for a server that is away; what was not sent then stays
            in the spool.
        spool: folder in which metrics are kept until they are sent; None is compatkit's own, in the user's state.
    """

    experiment_name: str = "default"
    uri: str | None = None
    run_name: str | None = None
    log_model: bool = True
    metric_names: str = "v2"
    system_metrics: bool = False
    flush_seconds: float = 5.0
    patience_seconds: float = 120.0
    spool: str | None = None


SECTIONS: Mapping[str, type[Any]] = {
    "model": ModelConfig,
    "optimizer": OptimizerConfig,
    "scheduler": SchedulerConfig,
    "data": DataConfig,
    "early_stopping": EarlyStoppingConfig,
    "checkpoints": CheckpointConfig,
    "runtime": RuntimeConfig,
    "scale": ScaleConfig,
    "tracking": TrackingConfig,
}


def as_plain(value: Any) -> Any:
    """Return a section as a dict, and any other value as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    return value


def flattened(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each setting under its dotted path."""
    for name, given in settings.items():
        value = as_plain(given) if name in SECTIONS and isinstance(given, SECTIONS[name]) else given
        if name in SECTIONS and isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value
