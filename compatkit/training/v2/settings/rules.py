"""Define the values that each setting of `OrchestratorConfig` may have, and their form as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from numbers import Integral, Real

from compatkit.training.errors import ConfigError
from compatkit.training.models import MODEL_TYPES
from compatkit.training.v2.settings.sections import (
    CLASS_WEIGHTS,
    COMPILERS,
    DEVICES,
    ENGINES,
    METRIC_NAMES,
    MONITORED,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULERS,
)

_MAX_SEED = 2**32 - 1  # NumPy's limit, which the split inherits
_BOOLEANS = {"true": True, "false": False}
_NONE = "none"


@dataclass(frozen=True, slots=True)
class SettingRule:
    """A test of a value, its claim in words, and the reading of its text. `read` may raise `ValueError`."""

    expected: str
    accepts: Callable[[object], bool]
    known: tuple[str, ...] = ()
    read: Callable[[str], object] = str

    def check(self, path: str, value: object) -> None:
        if not self.accepts(value):
            raise ConfigError.invalid(path, value, self.expected, self.known)

    def parse(self, path: str, text: str) -> object:
        """Return the value that `text` stands for, as on the command line. Raises `ConfigError` if there is none."""
        try:
            value = self.read(text)
        except ValueError:
            raise ConfigError.invalid(path, text, self.expected, self.known) from None
        self.check(path, value)
        return value


def _integer(low: int, high: int | None = None) -> SettingRule:
    def accepts(value: object) -> bool:
        # bool is an int in Python, and True epochs are a mistake.
        if isinstance(value, bool) or not isinstance(value, Integral):
            return False
        return low <= int(value) and (high is None or int(value) <= high)

    expected = f"an integer of at least {low}" + (f" and at most {high}" if high is not None else "")
    return SettingRule(expected, accepts, read=int)


def _number(expected: str, is_inside: Callable[[float], bool]) -> SettingRule:
    def accepts(value: object) -> bool:
        return not isinstance(value, bool) and isinstance(value, Real) and is_inside(float(value))

    return SettingRule(expected, accepts, read=float)


def _choice(names: tuple[str, ...]) -> SettingRule:
    return SettingRule(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names, names)


def _optional(rule: SettingRule) -> SettingRule:
    return replace(
        rule,
        expected=f"{rule.expected}, or None",
        accepts=lambda value: value is None or rule.accepts(value),
        read=lambda text: None if text.lower() == _NONE else rule.read(text),
    )


def _read_boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.lower()]


_TEXT = SettingRule("text", lambda value: isinstance(value, str) and value != "")
_BOOLEAN = SettingRule("True or False", lambda value: isinstance(value, bool), read=_read_boolean)
_AT_LEAST_0 = _number("a finite number of at least 0", lambda value: 0 <= value < inf)
_ABOVE_0 = _number("a finite number above 0", lambda value: 0 < value < inf)
_SHARE = _number("a number from 0 to 1", lambda value: 0 <= value <= 1)
_BETWEEN = _number("a number between 0 and 1", lambda value: 0 < value < 1)

RULES: Mapping[str, SettingRule] = {
    "epochs": _integer(1),
    "model.type": _choice(MODEL_TYPES),
    "model.hidden_size": _integer(1),
    "model.layers": _integer(0),
    "model.dropout": _SHARE,
    "optimizer.name": _choice(OPTIMIZERS),
    "optimizer.learning_rate": _AT_LEAST_0,
    "optimizer.weight_decay": _AT_LEAST_0,
    "optimizer.momentum": _AT_LEAST_0,
    "optimizer.clip_norm": _optional(_ABOVE_0),
    "optimizer.accumulate": _integer(1),
    "scheduler.name": _choice(SCHEDULERS),
    "scheduler.warmup_epochs": _integer(0),
    "scheduler.step_epochs": _integer(1),
    "scheduler.factor": _BETWEEN,
    "scheduler.min_factor": _SHARE,
    "data.batch_size": _integer(1),
    "data.validation_fraction": _BETWEEN,
    "data.class_weights": _choice(CLASS_WEIGHTS),
    "data.noise": _AT_LEAST_0,
    "early_stopping.patience": _optional(_integer(1)),
    "early_stopping.metric": _choice(MONITORED),
    "early_stopping.min_delta": _AT_LEAST_0,
    "early_stopping.restore_best": _BOOLEAN,
    "checkpoints.folder": _optional(_TEXT),
    "checkpoints.every_epochs": _integer(1),
    "checkpoints.metric": _choice(MONITORED),
    "runtime.seed": _integer(0, _MAX_SEED),
    "runtime.threads": _integer(1),
    "runtime.device": _choice(DEVICES),
    "runtime.precision": _choice(PRECISIONS),
    "runtime.workers": _integer(0),
    "runtime.deterministic": _BOOLEAN,
    "runtime.compile": _choice(COMPILERS),
    "scale.engine": _choice(ENGINES),
    "scale.processes": _integer(1),
    "scale.address": _optional(_TEXT),
    "scale.restarts": _integer(0),
    "scale.patience_seconds": _AT_LEAST_0,
    "tracking.experiment_name": _TEXT,
    "tracking.uri": _optional(_TEXT),
    "tracking.run_name": _optional(_TEXT),
    "tracking.log_model": _BOOLEAN,
    "tracking.metric_names": _choice(METRIC_NAMES),
    "tracking.system_metrics": _BOOLEAN,
    "tracking.flush_seconds": _AT_LEAST_0,
    "tracking.patience_seconds": _AT_LEAST_0,
    "tracking.spool": _optional(_TEXT),
}
