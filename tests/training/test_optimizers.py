"""v2's optimizers take torch's own steps, and do without torch's compiler."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from compatkit.training import OPTIMIZERS, TrainingError
from compatkit.training.v2.loop.optimizers import build_optimizer

TORCHS = dict(zip(OPTIMIZERS, (Adam, AdamW, SGD), strict=True))
MOMENTUM = 0.9
WITHOUT_COMPILER = """
import sys
import torch
from compatkit.training.v2.loop.optimizers import build_optimizer

model = torch.nn.Linear(3, 2)
optimizer = build_optimizer("adam", model, learning_rate=0.1, weight_decay=0.0, momentum=0.0)
optimizer.zero_grad()
model(torch.ones(4, 3)).sum().backward()
optimizer.step()
print("torch._dynamo" in sys.modules)
"""


def small_model(seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 3))


def weights_after(optimizer: Optimizer, model: nn.Module, batches: list[Tensor]) -> list[Tensor]:
    for batch in batches:
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()
    return [*model.state_dict().values()]


@pytest.mark.parametrize("name", OPTIMIZERS)
@given(
    seed=st.integers(0, 2**32),
    rate=st.floats(1e-6, 10.0),
    decay=st.sampled_from([0.0, 1e-3, 0.5]),
    steps=st.integers(1, 12),
    scale=st.sampled_from([1e-20, 1e-3, 1.0, 1e4]),
)
def test_steps_are_those_of_torch_bitwise(
    name: str, seed: int, rate: float, decay: float, steps: int, scale: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    batches = [scale * torch.randn(6, 5, generator=generator) for _ in range(steps)]
    ours, theirs = small_model(seed), small_model(seed)
    extra = {"momentum": MOMENTUM} if name == "sgd" else {}

    optimizer = build_optimizer(name, ours, learning_rate=rate, weight_decay=decay, momentum=MOMENTUM)
    expected = TORCHS[name](theirs.parameters(), lr=rate, weight_decay=decay, **extra)

    pairs = zip(weights_after(optimizer, ours, batches), weights_after(expected, theirs, batches), strict=True)
    assert all(one.numpy().tobytes() == other.numpy().tobytes() for one, other in pairs)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_torchs_and_survives_pickling(name: str) -> None:
    optimizer = build_optimizer(name, small_model(0), learning_rate=0.1, weight_decay=0.0, momentum=0.5)

    again = pickle.loads(pickle.dumps(optimizer))  # made here

    assert isinstance(again, TORCHS[name])
    assert again.state_dict() == optimizer.state_dict()


def test_gradients_are_on_again_after_a_step() -> None:
    model = small_model(0)
    optimizer = build_optimizer("adam", model, learning_rate=0.1, weight_decay=0.0, momentum=0.0)

    weights_after(optimizer, model, [torch.ones(4, 5)])

    assert torch.is_grad_enabled()
    assert all(weight.requires_grad and weight.grad_fn is None for weight in model.parameters())


def test_hooks_of_a_step_are_called() -> None:
    model, called = small_model(0), []
    optimizer = build_optimizer("sgd", model, learning_rate=0.1, weight_decay=0.0, momentum=0.0)
    optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("after"))

    weights_after(optimizer, model, [torch.ones(4, 5)])

    assert called == ["before", "after"]


def test_a_step_imports_no_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_COMPILER], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_an_unknown_optimizer_is_an_error() -> None:
    with pytest.raises(TrainingError, match="adamm"):
        build_optimizer("adamm", small_model(0), learning_rate=0.1, weight_decay=0.0, momentum=0.0)
