"""Errors in a Ray cluster, or between it and the training."""

from __future__ import annotations

from collections.abc import Mapping

from compatkit.training.errors import LostProcessError, TrainingError

_LONGEST = 500  # characters of Ray's messages


class ClusterError(TrainingError):
    """A Ray cluster that is not there, has no room, or cannot take the training."""

    @classmethod
    def not_installed(cls) -> ClusterError:
        return cls(
            "Ray is not installed.",
            where="OrchestratorConfig, at scale.engine",
            hint="pip install 'compatkit[ray]'",
        )

    @classmethod
    def unreachable(cls, address: str, reason: object) -> ClusterError:
        return cls(
            f"No Ray cluster answers: {reason}",
            where=address,
            hint="start it, or set scale.address (or RAY_ADDRESS) to host:port of one that runs",
        )

    @classmethod
    def client_address(cls, address: str) -> ClusterError:
        return cls(
            "A training does not run through Ray Client.",
            where=address,
            hint="start it on a machine of the cluster, by `ray job submit` for one, with scale.address=host:6379",
        )

    @classmethod
    def no_room(cls, asked: str, there: str, free: str) -> ClusterError:
        return cls(
            f"The Ray cluster has no room: {asked} are asked for; it has {there}, of which {free} are free.",
            where="OrchestratorConfig, at scale.processes",
            hint="ask for fewer processes, add machines, or wait longer: scale.patience_seconds",
        )

    @classmethod
    def not_started(cls, seconds: float) -> ClusterError:
        return cls(
            f"The processes did not start within {seconds:g} s, although the Ray cluster has room.",
            where="the Ray cluster",
            hint="see Ray's logs (/tmp/ray/session_latest/logs), or wait longer: scale.patience_seconds",
        )

    @classmethod
    def not_sent(cls, reason: object) -> ClusterError:
        return cls(
            f"The training cannot be sent to other processes: {reason}",
            where="its trainer, model and callbacks",
            hint="let them hold nothing that pickle refuses, or derive the callback from CallersCallback",
        )

    @classmethod
    def refused(cls, reason: object) -> ClusterError:
        return cls(f"Ray Train could not start the processes: {reason}", where="the Ray cluster")


def lost_processes(reasons: Mapping[int, object]) -> LostProcessError:
    """Return the error of processes, by their number, that are gone."""
    which = ", ".join(map(str, sorted(reasons)))
    return LostProcessError(
        f"{'Process' if len(reasons) == 1 else 'Processes'} {which} of the training ended, or cannot be reached.",
        where=_shortened(next(iter(reasons.values()), "")),
        hint="resume from the last checkpoint with --resume, or set scale.restarts",
    )


def _shortened(reason: object) -> str:
    # Ray's first line says that a health check failed, and a later one why.
    text = " ".join(str(reason).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
