"""Ending a training that no longer improves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from compatkit.training.v2.loop.callbacks import Callback, TrainingState
from compatkit.training.v2.settings.names import is_better
from compatkit.training.v2.settings.sections import EarlyStoppingConfig


class EarlyStopping(Callback):
    """Ends the training after `patience` epochs without an improvement; restores the best weights on request."""

    is_everywhere = True  # every process has the same metrics, and weights to restore

    def __init__(self, config: EarlyStoppingConfig) -> None:
        self._config = config
        self._best: float | None = None
        self._waited = 0  # epochs
        self._weights: dict[str, Tensor] = {}

    def on_epoch(self, state: TrainingState) -> None:
        config, value = self._config, float(getattr(state.history[-1], self._config.metric))
        if is_better(config.metric, value, self._best, by=config.min_delta):
            self._best, self._waited = value, 0
            if config.restore_best:
                self._weights = {name: weight.detach().clone() for name, weight in state.model.state_dict().items()}
            return
        self._waited += 1
        if config.patience is not None and self._waited >= config.patience:
            state.stop = state.stop or f"{config.metric} did not improve for {self._waited} epochs"

    def on_end(self, state: TrainingState) -> None:
        if self._weights:
            state.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "waited": self._waited, "weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._best, self._waited, self._weights = state["best"], state["waited"], dict(state["weights"])
