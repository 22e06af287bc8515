"""Define the errors of training, of its configuration, of the tracking server and of a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compatkit.errors import CompatkitError, nearest
from compatkit.migration import find_migration
from compatkit.safe_text import without_password


class TrainingError(CompatkitError):
    """A data set, model or optimizer that cannot be used."""

    @classmethod
    def unknown(cls, kind: str, name: object, known: Iterable[str]) -> TrainingError:
        return cls(f"There is no {kind} {name!r}.", hint=nearest(str(name), known))

    @classmethod
    def bad_arrays(cls, problem: str) -> TrainingError:
        return cls(
            f"The arrays are not a data set: {problem}.",
            hint="pass (X, y) with X of shape (samples, features) and y of shape (samples,)",
        )

    @classmethod
    def not_finite(cls, part: str, count: int) -> TrainingError:
        return cls(f"{count} values of the {part} are NaN or infinite.", hint="fill them in, or leave the samples out")

    @classmethod
    def bad_checkpoint(cls, path: object, problem: object) -> TrainingError:
        return cls(
            f"The checkpoint cannot be used: {problem}",
            where=str(path),
            hint="train without resuming, in another folder",
        )


class LostProcessError(TrainingError):
    """A training that ends because of another process, which may report the first error."""

    @classmethod
    def of(cls, error: object) -> LostProcessError:
        return cls(
            "Another process of the training ended, or cannot be reached.",
            where=next(iter(str(error).splitlines()), type(error).__name__),
            hint="resume from the last checkpoint with --resume, in as many processes",
        )


class TrackingError(CompatkitError):
    """A tracking server, or a spool of unsent points, that cannot be used. No password is shown."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        # MLflow's own messages have the address in them, too.
        super().__init__(without_password(what), where=without_password(where), hint=hint)

    @classmethod
    def not_kept(cls, kind: str, name: str, reason: str) -> TrackingError:
        return cls(f"The {kind} {name!r} cannot be logged as it is: {reason}.", hint="give it a shorter text, in UTF-8")

    @classmethod
    def refused(cls, path: object, reason: object) -> TrackingError:
        return cls(f"The tracking server refused the spool: {reason}", where=str(path))

    @classmethod
    def no_run(cls, run_id: str, uri: str, reason: object) -> TrackingError:
        return cls(f"There is no run {run_id}: {reason}", where=uri, hint="train without resuming")


class ConfigError(CompatkitError):
    """A configuration that names something unknown, or holds an invalid value."""

    @classmethod
    def invalid(cls, path: str, value: object, expected: str, known: Iterable[str] = ()) -> ConfigError:
        where = f"OrchestratorConfig, at {path}"
        hint = nearest(value, known) if isinstance(value, str) else ""
        return cls(f"{path} is {value!r}; it must be {expected}.", where=where, hint=hint)

    @classmethod
    def unknown_key(cls, path: str, value: object, known: Iterable[str]) -> ConfigError:
        return cls(
            f"There is no setting {path!r} (given: {value!r}).",
            where="OrchestratorConfig",
            hint=_v2_spelling(path) or nearest(path, known),
        )

    @classmethod
    def contradiction(cls, path: str, other: str, value: str, allowed: str) -> ConfigError:
        return cls(
            f"{path} and {other} = {value!r} do not go together.",
            where=f"OrchestratorConfig, at {path}",
            hint=f"set {path} to {allowed}, or choose another {other}",
        )

    @classmethod
    def bad_file(cls, path: object, problem: object) -> ConfigError:
        return cls(
            f"The configuration cannot be read: {problem}",
            where=str(path),
            hint="see `compatkit presets --format toml NAME`",
        )

    @classmethod
    def unwritable(cls, path: object, name: str, value: str) -> ConfigError:
        return cls(
            f"{name} is {value!r}, which holds a byte or half a character that is not text.",
            where=f"{path}, which was not written",
            hint="give it a value in UTF-8",
        )

    @classmethod
    def bad_preset(cls, name: str, where: str, problem: object) -> ConfigError:
        return cls(f"The preset {name!r} cannot be used: {problem}", where=where)

    @classmethod
    def unknown_preset(cls, name: object, known: Iterable[str]) -> ConfigError:
        return cls(f"There is no preset {name!r}.", hint=nearest(str(name), known))

    @classmethod
    def argument_twice(cls, name: str) -> ConfigError:
        return cls(
            f"The argument {name!r} was given by position and by name.", where="the v1 arguments", hint="give it once"
        )


def _v2_spelling(path: str) -> str:
    """Return a hint for a setting that is spelled as v1's argument was: the migration knows where v2 keeps it."""
    spelled = {row.v1: row.v2 for row in find_migration().arguments}
    found = spelled.get(path.rpartition(".")[2], path)
    return f"did you mean {found!r}?" if found != path else ""


_LONGEST = 500  # characters of Ray's messages


class ClusterError(TrainingError):
    """A Ray cluster that does not exist, has no room, or cannot run the training."""

    @classmethod
    def unreachable(cls, address: str, reason: object) -> ClusterError:
        return cls(
            f"No Ray cluster answers: {reason}",
            where=address,
            hint="start it, or set scale.address (or RAY_ADDRESS) to host:port of one that runs",
        )

    @classmethod
    def not_started(cls, seconds: float) -> ClusterError:
        return cls(
            f"The processes did not start within {seconds:g} s, although the Ray cluster has room.",
            where="the Ray cluster",
            hint="see Ray's logs (/tmp/ray/session_latest/logs), or wait longer: scale.patience_seconds",
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
