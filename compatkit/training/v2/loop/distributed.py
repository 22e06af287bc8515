"""Several processes that train one model together, as `torchrun` starts them: DistributedDataParallel, by gloo or NCCL.

Each holds the model and the data, and takes its part of every batch. The first of them logs, writes checkpoints and
calls callbacks. Over NCCL this was never run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from compatkit.training.errors import LostProcessError, TrainingError

_VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE")
_OF_A_LOST_PEER = ("gloo", "nccl", "connection", "socket")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0.
        size: how many they are.
        device: where its model lies.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def broadcast(self, value: _T) -> _T:
        """Return the first process's `value`, in every process; it is pickled."""
        if self.size == 1:
            return value
        told = [value]
        with loss_of_peers_named():
            dist.broadcast_object_list(told, src=0, device=self.device)
        return told[0]

    def collect(self, value: _T) -> list[_T]:
        """Return every process's `value`, in their order; it is pickled."""
        if self.size == 1:
            return [value]
        collected: list[_T | None] = [None] * self.size
        with loss_of_peers_named():
            dist.all_gather_object(collected, value)
        return collected  # type: ignore[return-value]  # torch has put a value of each into its place

    def agree(self, stop: str) -> str:
        """Return why the training ends: the reason of the first process that has one; empty: it goes on."""
        return next(filter(None, self.collect(stop)), "")

    def require_same(self, what: str, value: object) -> None:
        """Raise `TrainingError` unless `value` is the same in every process."""
        if any(other != value for other in self.collect(value)):
            raise TrainingError(
                f"The processes that train together do not have the same {what}.",
                hint="start them with the same command, over the same files",
            )

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sum of every process's `values`, the same in all of them."""
        if self.size > 1:
            values = values.to(self.device)
            with loss_of_peers_named():
                dist.all_reduce(values)
        return values

    def joined(self, model: nn.Module, inner: nn.Module) -> nn.Module:
        """Return `inner`, which is `model` or wraps it, with gradients that are averaged over the processes.

        The first process's weights become everyone's. Raises `TrainingError` for batch norm without a GPU.
        """
        if self.size == 1:
            return inner
        _require_whole_statistics(model, self.device)
        with loss_of_peers_named():
            return DistributedDataParallel(inner, device_ids=[self.device] if self.device.type == "cuda" else None)

    def averaging(self, model: nn.Module, *, is_due: bool) -> AbstractContextManager[object]:
        """Run a batch: its gradients are averaged at once if that is due, else with those of a later batch."""
        return _averaging(model, is_due) if isinstance(model, DistributedDataParallel) else nullcontext()

    def seed_epoch(self, seed: int, epoch: int) -> None:
        """Give each process random numbers of its own for this epoch: else their dropout masks were the same.

        One process alone goes on with the numbers that it has. Nothing of this need be kept in a checkpoint.
        """
        if self.size > 1:
            torch.manual_seed(seed + 2**32 * (1 + epoch * self.size + self.rank))


def is_distributed() -> bool:
    """Tell whether this process was started as one of several, as `torchrun` does."""
    return all(name in os.environ for name in _VARIABLES) and int(os.environ["WORLD_SIZE"]) > 1


def rank_of_process() -> int:
    """Return this process's number among those that were started together; 0 for one alone."""
    return int(os.environ["RANK"]) if is_distributed() else 0


@contextmanager
def _averaging(model: DistributedDataParallel, is_due: bool) -> Iterator[None]:
    with loss_of_peers_named(), nullcontext() if is_due else model.no_sync():
        yield


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that were started with this one; one alone joins nobody. A group that is there is used."""
    if dist.is_available() and dist.is_initialized():
        yield Processes(dist.get_rank(), dist.get_world_size(), _own(device))
        return
    if not is_distributed():
        yield Processes(0, 1, device)
        return
    own = _own(device)
    with loss_of_peers_named():
        _join(own)
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), own)
    finally:
        dist.destroy_process_group()


@contextmanager
def loss_of_peers_named() -> Iterator[None]:
    """Raise `LostProcessError` where torch says that another process does not answer any more."""
    try:
        yield
    except RuntimeError as error:
        # gloo raises a bare RuntimeError: its words are all that there is.
        if isinstance(error, dist.DistError) or any(word in str(error).lower() for word in _OF_A_LOST_PEER):
            raise LostProcessError.of(error) from error
        raise


def _join(own: torch.device) -> None:
    store, rank, size = next(rendezvous("env://"))
    if os.environ.get("GROUP_WORLD_SIZE") == "1":
        # torchrun gives restarted workers the store of those before them, and the addresses of the dead in it: pytorch
        # issue 135712, seen with 2.13. One agent counts restarts alike for all; of several, each counts its own.
        store = PrefixStore(f"compatkit/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    dist.init_process_group("nccl" if own.type == "cuda" else "gloo", store=store, rank=rank, world_size=size)


def _own(device: torch.device) -> torch.device:
    if device.type != "cuda":
        return device
    own = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(own)
    return own


def _require_whole_statistics(model: nn.Module, device: torch.device) -> None:
    """Raise `TrainingError` where batch norm would see a part of each batch only."""
    names = [name for name, module in model.named_modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]  # noqa: SLF001
    if all(isinstance(model.get_submodule(name), nn.SyncBatchNorm) for name in names):
        return
    raise TrainingError(
        f"Batch norm would see a part of each batch only: {', '.join(names)}.",
        where=f"the model, in several processes on {device.type}",
        hint="use LayerNorm or GroupNorm, on GPUs nn.SyncBatchNorm, or train in one process",
    )
