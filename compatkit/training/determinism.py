"""Make two trainings agree: random state, threads and kernels, set for a while and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Run the block from torch's random state of `seed`, on the CPU and on `device`; the caller's is restored."""
    devices = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Run the block; what it draws does not shift what is drawn after it."""
    before = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(before)


@contextmanager
def torch_threads(count: int = 1) -> Iterator[None]:
    """Run the block on `count` torch threads; the caller's number is restored after it.

    Results are bitwise equal for one number of threads only: sums are cut at other places with another.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def deterministic_kernels(is_on: bool) -> Iterator[None]:
    """Run the block with an error for each operation that does not repeat, if `is_on`."""
    before, warned = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    if is_on:
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
