"""Carry messages between the processes that train and their caller, through a small actor beside the caller.

The first process asks, and waits for the answer; what it asks is one of the classes below.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from compatkit.record import EpochMetrics

if TYPE_CHECKING:
    from ray.actor import ActorHandle


@dataclass(frozen=True, slots=True)
class Began:
    """The processes are there; `environment` says where. Answered with the last checkpoint's bytes, after a loss."""

    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Started:
    """The training goes on after the epochs in `history`. Answered, as `EpochDone`, with why it shall stop, or ""."""

    epochs: int
    history: tuple[EpochMetrics, ...]
    stop: str


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch was trained."""

    record: EpochMetrics
    stop: str
    has_diverged: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The last epoch was trained."""

    stop: str


@dataclass(frozen=True, slots=True)
class CheckpointKept:
    """A checkpoint, to be written by the caller."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Traced:
    """The model's layers as `compatkit.trace` recorded them, as JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Processes failed, by their number; told by Ray's controller, which may start all of them again."""

    reasons: dict[int, str]


Request: TypeAlias = Began | Started | EpochDone | Ended | CheckpointKept | Traced | Lost


class Mailbox:
    """The actor, seen from either side; picklable."""

    def __init__(self, actor: ActorHandle) -> None:
        self._actor = actor

    def ask(self, request: Request) -> Any:
        """Return the caller's answer. Raises Ray's error if the caller is gone."""
        import ray

        return ray.get(self._actor.ask.remote(_pickled(request)))

    def note(self, request: Request) -> None:
        """Say something that needs no answer."""
        self._actor.ask.remote(_pickled(request))

    def take(self, seconds: float) -> tuple[int, Request] | None:
        """Return the next request with its number, or None if there is none in `seconds`."""
        import ray.cloudpickle

        # Not by ray.get, which makes a KeyboardInterrupt of whatever a signal's handler raises.
        taken = self._actor.take.remote(seconds).future().result()
        return None if taken is None else (taken[0], ray.cloudpickle.loads(taken[1]))

    def answer(self, number: int, reply: object) -> None:
        """Answer the request of this number."""
        self._actor.answer.remote(number, reply)

    def wait(self) -> None:
        """Return when the mailbox is closed, or its machine is gone."""
        import ray
        from ray.exceptions import RayError

        with suppress(RayError):
            ray.get(self._actor.wait.remote())

    def close(self) -> None:
        """End the actor, and with it whatever still asks or waits."""
        import ray

        ray.kill(self._actor)


def open_mailbox() -> Mailbox:
    """Start a mailbox on this machine; it takes no CPU of the cluster's."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(num_cpus=0, scheduling_strategy=here)(_mailbox_class()).remote()
    return Mailbox(actor)


def _pickled(request: Request) -> bytes:
    """Return `request` as the mailbox's process passes it on: it need not import what the request is made of."""
    import ray.cloudpickle

    return bytes(ray.cloudpickle.dumps(request))


def _mailbox_class() -> type[Any]:
    """Return the actor's class; made here, it is pickled by value, and its process need not import torch."""
    # Only the actor's own process needs it.
    import asyncio

    class CompatkitDesk:
        def __init__(self) -> None:
            self._requests: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
            self._answers: dict[int, asyncio.Future[object]] = {}
            self._asked = 0

        async def ask(self, request: bytes) -> object:
            self._asked += 1
            number, answer = self._asked, asyncio.get_running_loop().create_future()
            self._answers[number] = answer
            await self._requests.put((number, request))
            return await answer

        async def take(self, seconds: float) -> tuple[int, bytes] | None:
            try:
                return await asyncio.wait_for(self._requests.get(), seconds)
            except TimeoutError:
                return None

        async def answer(self, number: int, reply: object) -> None:
            self._answers.pop(number).set_result(reply)

        async def wait(self) -> None:
            await asyncio.get_running_loop().create_future()

    return CompatkitDesk
