"""torch's optimizers by name, in a form that costs less and takes the same steps, to the last bit.

Fused ones are faster still, and 2e-7 off in a weight after a few epochs.
"""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from compatkit.training.errors import TrainingError
from compatkit.training.v2.settings.names import OPTIMIZERS


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
