"""The migration to torch.amp trains the same on the CPU, and torch has nothing left to warn of."""

from __future__ import annotations

import warnings
from typing import Any

from compatkit.migration import available_migrations, load_migration
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.shim import shimmed

TRAINING = b"""
import torch
from torch.cpu.amp import autocast

torch.manual_seed(0)
x, y = torch.randn(64, 8), torch.randint(3, (64,))
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
torch.nn.init.xavier_uniform(model[0].weight, gain=2.0)
optimizer = torch.optim.SGD(model.parameters(), 0.5)


@autocast(dtype=torch.bfloat16)
def loss_of():
    return torch.nn.functional.cross_entropy(model(x), y)


losses = []
for step in range(10):
    optimizer.zero_grad()
    with torch.cpu.amp.autocast(step % 2 == 0, torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm(model.parameters(), 1.0)
    optimizer.step()
    losses.append((loss.item(), loss_of().item()))
weights = [parameter.tolist() for parameter in model.parameters()]
"""


def run(source: bytes) -> tuple[dict[str, Any], set[type[Warning]]]:
    names: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(source, "training", "exec"), names)
    return names, {warning.category for warning in caught}


def test_a_training_on_the_cpu_is_bitwise_the_same_and_no_longer_warned_of() -> None:
    migration = load_migration(available_migrations()["torch-2"])
    outcome = rewrite_source(TRAINING, module="train", is_package=False, moves=(), migrations=[migration])
    assert isinstance(outcome, Rewritten)

    before, warned_before = run(TRAINING)
    after, warned_after = run(outcome.source)
    with shimmed([migration]):
        under_the_shim, warned_under_the_shim = run(TRAINING)

    assert not outcome.findings
    assert after["losses"] == before["losses"]
    assert after["weights"] == before["weights"]
    assert FutureWarning in warned_before
    # This torch still has the old names: there is nothing for the shim to do.
    assert (under_the_shim["losses"], warned_under_the_shim) == (before["losses"], warned_before)
    assert FutureWarning not in warned_after
