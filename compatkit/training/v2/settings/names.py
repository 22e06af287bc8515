"""The words that settings of `OrchestratorConfig` may have as values."""

from __future__ import annotations

from math import isnan

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
    """Whether `value` improves on `best` by more than `by`: a loss falls, any other metric rises; NaN never does."""
    if best is None:
        return not isnan(value)
    return value < best - by if metric.endswith("loss") else value > best + by
