"""Learning rates, from epoch to epoch: torch's schedulers behind one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import cos, pi
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from compatkit.training.v2.settings.sections import SchedulerConfig


class Scheduler:
    """Sets the learning rate of `optimizer` for each epoch: the first one now, the next ones when stepped."""

    def __init__(self, config: SchedulerConfig, optimizer: Optimizer, *, epochs: int) -> None:
        self._scheduler: LambdaLR | ReduceLROnPlateau | None = None
        if config.name == "plateau":
            floor = [config.min_factor * group["lr"] for group in optimizer.param_groups]
            self._scheduler = ReduceLROnPlateau(
                optimizer, factor=config.factor, patience=config.step_epochs, min_lr=floor, eps=0.0
            )
        elif config.name != "constant" or config.warmup_epochs:
            self._scheduler = LambdaLR(optimizer, lambda done: factor_of(config, done, epochs))

    def step(self, val_loss: float) -> None:
        """Set the rate for the next epoch."""
        if isinstance(self._scheduler, ReduceLROnPlateau):
            self._scheduler.step(val_loss)
        elif self._scheduler is not None:
            self._scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; plain values only."""
        if self._scheduler is None:
            return {}
        return {name: value for name, value in self._scheduler.state_dict().items() if name != "lr_lambdas"}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        if isinstance(self._scheduler, LambdaLR):
            self._scheduler.load_state_dict({**state, "lr_lambdas": [None] * len(self._scheduler.base_lrs)})
        elif self._scheduler is not None:
            self._scheduler.load_state_dict({**state})


def factor_of(config: SchedulerConfig, done: int, epochs: int) -> float:
    """Return the share of the learning rate that holds after `done` of `epochs` epochs.

    >>> [factor_of(SchedulerConfig(warmup_epochs=2), done, 4) for done in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    """
    if done < config.warmup_epochs:
        return (done + 1) / config.warmup_epochs  # the first warm epoch is not at 0, which would learn nothing
    passed = done - config.warmup_epochs
    # 1 would come after the last epoch, which else learned nothing.
    share = min(1.0, passed / max(1, epochs - config.warmup_epochs))
    return max(config.min_factor, _SHAPES[config.name](config, passed, share))


_SHAPES: Mapping[str, Callable[[SchedulerConfig, int, float], float]] = {
    "constant": lambda _config, _passed, _share: 1.0,
    "cosine": lambda config, _passed, share: config.min_factor + (1 - config.min_factor) * (1 + cos(pi * share)) / 2,
    "linear": lambda config, _passed, share: 1.0 - (1 - config.min_factor) * share,
    "exponential": lambda config, passed, _share: config.factor**passed,
    "step": lambda config, passed, _share: config.factor ** (passed // config.step_epochs),
}
