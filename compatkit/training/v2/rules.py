"""Which values each setting of `OrchestratorConfig` may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from numbers import Integral, Real

from compatkit.training.models import MODEL_TYPES
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.trainer import OPTIMIZERS

_MAX_SEED = 2**32 - 1  # NumPy's limit, which the split inherits


@dataclass(frozen=True, slots=True)
class Rule:
    """A test of a value, and its claim in words."""

    expected: str
    accepts: Callable[[object], bool]
    known: tuple[str, ...] = ()

    def check(self, path: str, value: object) -> None:
        if not self.accepts(value):
            raise ConfigError.invalid(path, value, self.expected, self.known)


def _integer(low: int, high: int | None = None) -> Rule:
    def accepts(value: object) -> bool:
        # bool is an int in Python, and True epochs are a mistake.
        if isinstance(value, bool) or not isinstance(value, Integral):
            return False
        return low <= int(value) and (high is None or int(value) <= high)

    return Rule(f"an integer of at least {low}" + (f" and at most {high}" if high is not None else ""), accepts)


def _number(expected: str, is_inside: Callable[[float], bool]) -> Rule:
    def accepts(value: object) -> bool:
        return not isinstance(value, bool) and isinstance(value, Real) and is_inside(float(value))

    return Rule(expected, accepts)


def _choice(names: tuple[str, ...]) -> Rule:
    return Rule(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names, names)


_AT_LEAST_0 = _number("a finite number of at least 0", lambda value: 0 <= value < inf)
_OPTIONAL_TEXT = Rule("text or None", lambda value: value is None or (isinstance(value, str) and value != ""))

RULES: Mapping[str, Rule] = {
    "epochs": _integer(1),
    "model.type": _choice(MODEL_TYPES),
    "model.hidden_size": _integer(1),
    "model.layers": _integer(0),
    "model.dropout": _number("a number from 0 to 1", lambda value: 0 <= value <= 1),
    "optimizer.name": _choice(OPTIMIZERS),
    "optimizer.learning_rate": _AT_LEAST_0,
    "optimizer.weight_decay": _AT_LEAST_0,
    "optimizer.momentum": _AT_LEAST_0,
    "data.batch_size": _integer(1),
    "data.validation_fraction": _number("a number between 0 and 1", lambda value: 0 < value < 1),
    "runtime.seed": _integer(0, _MAX_SEED),
    "runtime.threads": _integer(1),
    "tracking.experiment_name": Rule("text", lambda value: isinstance(value, str) and value != ""),
    "tracking.uri": _OPTIONAL_TEXT,
    "tracking.run_name": _OPTIONAL_TEXT,
    "tracking.log_model": Rule("True or False", lambda value: isinstance(value, bool)),
}
