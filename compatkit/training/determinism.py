"""What makes two trainings agree: the random state and the number of threads, set for a while and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run the block from torch's CPU random state of `seed`; the caller's state is restored after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


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
