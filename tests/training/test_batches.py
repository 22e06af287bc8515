"""Batches that lie on the device: no sample is lost or seen twice, and nobody's data are changed."""

from __future__ import annotations

import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from compatkit.training.v2.loop.batches import (
    Batch,
    balanced_weights,
    in_order,
    on_device,
    shuffled,
    summed,
    with_noise,
)
from compatkit.training.v2.loop.distributed import Processes

CPU = torch.device("cpu")
sizes = st.tuples(st.integers(1, 30), st.integers(1, 9))


def data(samples: int) -> Batch:
    """Return samples that each have their number as feature and as label."""
    numbers = torch.arange(samples)
    return on_device(TensorDataset(numbers.float().unsqueeze(1), numbers), CPU)


@given(sizes, st.integers(0, 2**40))
def test_every_sample_is_in_one_batch_beside_its_label_in_an_order_of_the_seed(
    size: tuple[int, int], seed: int
) -> None:
    samples, batch_size = size
    batches = list(shuffled(data(samples), batch_size, seed))

    seen = torch.cat([target for _, target in batches])
    assert sorted(seen.tolist()) == list(range(samples))
    assert all(
        len(target) <= batch_size and torch.equal(features[:, 0], target.float()) for features, target in batches
    )
    torch.manual_seed(seed + 1)
    assert torch.equal(seen, torch.cat([target for _, target in shuffled(data(samples), batch_size, seed)]))


@given(sizes)
def test_what_is_done_to_a_batch_is_not_done_to_the_data(size: tuple[int, int]) -> None:
    samples, batch_size = size
    features, target = data(samples)

    for batch in (*in_order((features, target), batch_size), *shuffled((features, target), batch_size, 1)):
        batch[0].fill_(-1.0)
        batch[1].fill_(-1)

    assert target.tolist() == features[:, 0].tolist() == list(range(samples))


@given(sizes, st.integers(0, 2**40))
def test_noise_is_that_of_its_seed_and_is_in_no_label_and_not_in_the_data(size: tuple[int, int], seed: int) -> None:
    batches = in_order(data(size[0]), size[1])
    before = [(features.clone(), target.clone()) for features, target in batches]

    noisy, again = (list(with_noise(iter(batches), 0.5, seed)) for _ in range(2))

    for (features, target), (own, label), (one, said), (other, _) in zip(before, batches, noisy, again, strict=True):
        assert torch.equal(features, own)
        assert torch.equal(target, label)
        assert torch.equal(target, said)
        assert torch.equal(one, other)
    # Over all batches: of a single large value, float32 may round what was drawn away.
    assert not torch.equal(torch.cat([one for one, _ in noisy]), torch.cat([features for features, _ in before]))


def test_a_class_without_a_sample_makes_no_weight_infinite() -> None:
    assert balanced_weights(torch.tensor([0, 0, 2]), 4).isfinite().all()


def test_counts_beyond_float32_are_added_up_exactly() -> None:
    """In a group of one: what goes through torch's sum of all comes back as it was."""
    many = 2**24 + 1
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        found = summed(Processes(0, 2, CPU), 0.1, many, torch.tensor([[many, 1], [2, many]]))
    finally:
        dist.destroy_process_group()

    assert (*found[:2], found[2].tolist()) == (0.1, many, [[many, 1], [2, many]])
