"""Mixed precision: the forward pass in a shorter type, the weights in float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

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
