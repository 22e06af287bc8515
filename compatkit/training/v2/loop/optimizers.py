"""Build the optimizer, the schedule of its learning rate, and mixed precision.

torch's optimizers come in a form that costs less and takes the same steps, to the last bit. Fused ones are faster
still, and 2e-7 off in a weight after a few epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from inspect import unwrap
from math import cos, pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from compatkit.training.errors import TrainingError
from compatkit.training.v2.settings.sections import OPTIMIZERS, SchedulerConfig


def _quick(optimizer: type[Optimizer]) -> type[Optimizer]:
    """Return a subclass that does the same without torch's compiler.

    torch wraps some methods for the compiler, and imports it when the first of them is called: 2 s before the first
    batch. A method that is not wrapped, as of another release, is taken as it is.
    """
    methods = {
        "add_param_group": unwrap(optimizer.add_param_group),
        "zero_grad": unwrap(optimizer.zero_grad),
        "step": torch.no_grad()(unwrap(optimizer.step)),  # the wrapper switched gradients off, too
    }
    return type(f"Quick{optimizer.__name__}", (optimizer,), {**methods, "__module__": __name__})


# By names of this module, so that they can be pickled.
QuickAdam, QuickAdamW, QuickSGD = map(_quick, (Adam, AdamW, SGD))
_CLASSES = dict(zip(OPTIMIZERS, (QuickAdam, QuickAdamW, QuickSGD), strict=True))


def build_optimizer(
    name: str, model: nn.Module, *, learning_rate: float, weight_decay: float, momentum: float
) -> Optimizer:
    """Return the optimizer called `name`, one of `OPTIMIZERS`; raises `TrainingError` for another.

    `momentum` is used by "sgd" only. A step takes memory for one more copy of the weights.
    """
    if name not in _CLASSES:
        raise TrainingError.unknown("optimizer", name, OPTIMIZERS)
    settings: dict[str, Any] = {"lr": learning_rate, "weight_decay": weight_decay}
    if name == "sgd":
        settings["momentum"] = momentum
    # All weights in one call: on the CPU torch goes through them one by one, unless it is told.
    return _CLASSES[name](model.parameters(), foreach=True, **settings)  # type: ignore[call-arg]  # each of them has it


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


_SHORT = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Precision:
    """Runs the forward pass in the named type; scales losses where its range is too small for gradients."""

    def __init__(self, name: str, device: torch.device) -> None:
        self._type = _SHORT.get(name)
        self.device = device
        self._scaler = torch.amp.GradScaler(device.type) if name == "float16" else None

    def autocast(self) -> AbstractContextManager[Any]:
        return nullcontext() if self._type is None else torch.autocast(self.device.type, dtype=self._type)

    def backward(self, loss: Tensor) -> None:
        scaled = loss if self._scaler is None else self._scaler.scale(loss)
        scaled.backward()  # type: ignore[no-untyped-call]  # torch has no annotation here

    def unscale(self, optimizer: Optimizer) -> None:
        if self._scaler is not None:
            self._scaler.unscale_(optimizer)

    def step(self, optimizer: Optimizer) -> None:
        if self._scaler is None:
            optimizer.step()
            return
        self._scaler.step(optimizer)
        self._scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; plain values only."""
        return {} if self._scaler is None else self._scaler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        if self._scaler is not None:
            self._scaler.load_state_dict(state)
