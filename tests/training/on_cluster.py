"""A Ray cluster of two nodes on this machine, with a CPU each, and what the tests train on it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from compatkit.training import OrchestratorConfig
from compatkit.training.ending import termination_kept
from compatkit.training.v2.loop.callbacks import Callback, CallersCallback, Progress, TrainingState

PATIENCE = 600  # seconds
_VARIABLES = {
    "RAY_AUTH_MODE": "disabled",  # else a token is written to the user's home
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    # What no test here needs: fewer processes, and a loss is seen sooner.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
    # A busy machine may take so long. By default a node that has not answered for some 30 s counts as dead, and with
    # it ends every process that trains on it: the one of the tests too.
    **dict.fromkeys(
        [
            "RAY_gcs_server_port_wait_time_s",
            "RAY_raylet_start_wait_time_s",
            "RAY_worker_register_timeout_seconds",
            "RAY_gcs_rpc_server_connect_timeout_s",
            "RAY_gcs_rpc_server_reconnect_timeout_s",
            "RAY_gcs_server_request_timeout_seconds",
        ],
        str(PATIENCE),
    ),
    **dict.fromkeys(
        [
            "RAY_agent_register_timeout_ms",
            "RAY_grpc_client_keepalive_timeout_ms",
            "RAY_grpc_keepalive_timeout_ms",
            "RAY_health_check_initial_delay_ms",
            "RAY_health_check_timeout_ms",
        ],
        str(PATIENCE * 1000),
    ),
}
_NODE = {"num_cpus": 1, "include_log_monitor": False}


@contextmanager
def two_nodes() -> Iterator[str]:
    """Start two nodes, and give the cluster's address; everything ends with the block."""
    with (
        TemporaryDirectory(prefix="ck-ray-", ignore_cleanup_errors=True) as folder,  # of sockets: a short path
        pytest.MonkeyPatch.context() as patch,
    ):
        # By default one folder for all users of a machine, which belongs to the first.
        patch.setenv("RAY_TMPDIR", folder)
        set_variables(patch)
        from ray.cluster_utils import Cluster

        with termination_kept():
            cluster = Cluster(initialize_head=True, head_node_args=_NODE | {"include_dashboard": False})
        try:
            with termination_kept():
                cluster.add_node(**_NODE)
            cluster.wait_for_nodes(timeout=PATIENCE)
            yield cluster.address
        finally:
            cluster.shutdown()


def set_variables(patch: pytest.MonkeyPatch) -> None:
    """Set what the nodes, and each process that trains on them, must find in the environment."""
    for name, value in _VARIABLES.items():
        patch.setenv(name, value)


def on_ray(config: OrchestratorConfig, address: str, **scale: Any) -> OrchestratorConfig:
    """Return `config`, to be trained by two processes on the cluster."""
    # By default five minutes, in which a very busy machine does not start two processes again.
    asked = {"engine": "ray", "processes": 2, "address": address, "patience_seconds": 6.0 * PATIENCE, **scale}
    return config.with_overrides({f"scale.{name}": value for name, value in asked.items()})


class KilledOnce(Callback):
    """Kills the process of a rank after an epoch, the first time."""

    is_everywhere = True

    def __init__(self, rank: int, epoch: int, folder: Path) -> None:
        self._rank, self._epoch, self._mark = rank, epoch, folder / "killed"

    def on_epoch(self, state: TrainingState) -> None:
        if state.epoch == self._epoch and int(os.environ["RANK"]) == self._rank and not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class Told(CallersCallback):
    """Notes, in the caller's process, what it is told."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def on_start(self, state: Progress) -> None:  # noqa: ARG002
        self.calls.append("start")

    def on_epoch(self, state: Progress) -> None:
        self.calls.append(state.epoch)

    def on_end(self, state: Progress) -> None:  # noqa: ARG002
        self.calls.append("end")
