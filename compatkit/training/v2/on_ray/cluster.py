"""The Ray cluster on which a training runs: one that is there, or one of this machine, started for it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from compatkit.training.ending import termination_kept
from compatkit.training.errors import ClusterError
from compatkit.training.v2.settings.config import OrchestratorConfig

_VARIABLE = "RAY_ADDRESS"
FIT_THREAD = "compatkit-ray"  # waits for Ray's part of a training
_OWN, _ANY = "local", "auto"  # words for an address: one that is started here, one that runs on this machine
_SECONDS = 5.0
# What a client says first over HTTP/2, with no settings: a server of gRPC answers at once with its own.
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
# Of a Ray that is started here, unless the user has said otherwise: nothing is sent to its makers, and a process that
# was given no GPU sees none (Ray warns that a later release lets it see all).
_DEFAULTS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1"}


@contextmanager
def connected(config: OrchestratorConfig) -> Iterator[None]:
    """Run the block connected to a Ray cluster; a connection that is there already is used, and stays.

    The connection also stays where Ray's part of a training that was given up has not ended yet: to disconnect while a
    thread waits for it ends the process by a segmentation fault.

    Raises `ClusterError` where Ray is not installed, where no cluster answers at the address that was given, and where
    one that was started here is too small.
    """
    if find_spec("ray") is None:
        raise ClusterError(
            "Ray is not installed.",
            where="OrchestratorConfig, at scale.engine",
            hint="pip install 'compatkit[ray]'",
        )
    import ray

    if ray.is_initialized():
        yield
        return
    # Not Ray's own default, which joins whatever cluster it finds on this machine, another training's too.
    address = config.scale.address or os.environ.get(_VARIABLE) or _OWN
    _connect(address)
    try:
        if address == _OWN and (shortage := shortage_of(config)):
            raise shortage  # it does not grow
        yield
    finally:
        if all(thread.name != FIT_THREAD for thread in threading.enumerate()):
            ray.shutdown()


def needs_of(config: OrchestratorConfig) -> dict[str, float]:
    """Return what each process needs of the cluster: CPUs, and a GPU where it is to train on one.

    "cuda" asks for a GPU, "auto" takes one where the cluster has enough.
    """
    import ray

    runtime = config.runtime
    has_enough = float(ray.cluster_resources().get("GPU", 0)) >= config.scale.processes
    is_on_gpu = runtime.device == "cuda" or (runtime.device == "auto" and has_enough)
    return {"CPU": float(runtime.threads)} | ({"GPU": 1.0} if is_on_gpu else {})


def shortage_of(config: OrchestratorConfig, *, by_free: bool = False) -> ClusterError | None:
    """Return what to tell if the cluster has not all that the processes need, or not now, if asked `by_free`."""
    import ray

    needs = {name: need * config.scale.processes for name, need in needs_of(config).items()}
    there, free = ray.cluster_resources(), ray.available_resources()
    if all((free if by_free else there).get(name, 0) >= need for name, need in needs.items()):
        return None
    asked, whole, left = (_shown(found, needs) for found in (needs, there, free))
    return ClusterError(
        f"The Ray cluster has no room: {asked} are asked for; it has {whole}, of which {left} are free.",
        where="OrchestratorConfig, at scale.processes",
        hint="ask for fewer processes, add machines, or wait longer: scale.patience_seconds",
    )


def _shown(resources: Mapping[str, float], names: Iterable[str]) -> str:
    return ", ".join(f"{resources.get(name, 0):g} {name}s" for name in names)


def _connect(address: str) -> None:
    import ray

    if address not in (_OWN, _ANY):
        _require_answer(address)
    try:
        with _defaults_set(), termination_kept():
            # Its processes' output would come to stdout, where the result goes; Ray keeps it in its logs.
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError.unreachable(address, error) from error


def _require_answer(address: str) -> None:
    """Raise `ClusterError` unless somebody speaks HTTP/2 at `address`: Ray's own tries last minutes."""
    if "://" in address:
        raise ClusterError(
            "A training does not run through Ray Client.",
            where=address,
            hint="start it on a machine of the cluster, by `ray job submit` for one, with scale.address=host:6379",
        )
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0") == "0":
                connection.sendall(_GREETING)
                connection.recv(1)
    except (OSError, ValueError) as error:
        raise ClusterError.unreachable(address, error) from error


@contextmanager
def _defaults_set() -> Iterator[None]:
    added = {name: value for name, value in _DEFAULTS.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
