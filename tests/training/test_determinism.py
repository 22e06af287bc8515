"""Random state and threads are set for a block, and restored after it."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
import torch

from compatkit.training.determinism import seeded, torch_threads


def fail(block: AbstractContextManager[None]) -> None:
    with block:
        torch.rand(3)
        raise RuntimeError("inside")


def test_threads_are_set_in_the_block() -> None:
    with torch_threads(3):
        assert torch.get_num_threads() == 3


def test_thread_count_is_restored_after_an_error() -> None:
    before = torch.get_num_threads()

    with pytest.raises(RuntimeError, match="inside"):
        fail(torch_threads(before + 1))

    assert torch.get_num_threads() == before


def test_seeded_block_draws_the_same_numbers() -> None:
    draws = []
    for _ in range(2):
        with seeded(7):
            draws.append(torch.rand(3).tolist())

    assert draws[0] == draws[1]


def test_random_state_is_restored_after_an_error() -> None:
    before = torch.random.get_rng_state()

    with pytest.raises(RuntimeError, match="inside"):
        fail(seeded(7))

    assert torch.equal(before, torch.random.get_rng_state())
