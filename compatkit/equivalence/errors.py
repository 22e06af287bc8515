"""What keeps two runs from being compared. None of these is ever a verdict."""

from __future__ import annotations

from compatkit.errors import CompatkitError


class EquivalenceError(CompatkitError):
    """A run that cannot be read, or a comparison that would compare nothing."""

    @classmethod
    def no_store(cls, uri: str) -> EquivalenceError:
        return cls(
            "There is no MLflow store at this address.", where=uri, hint="check --tracking-uri; nothing was made"
        )

    @classmethod
    def unreadable_run(cls, run_id: str, uri: str, reason: str) -> EquivalenceError:
        return cls(f"Run {run_id!r} cannot be read: {reason}", where=uri, hint="check the run id and --tracking-uri")

    @classmethod
    def old_run(cls, run_id: str, uri: str) -> EquivalenceError:
        return cls(
            f"Run {run_id!r} was started before the training that returned it.",
            where=uri,
            hint="return the id of the run that train_model logged",
        )

    @classmethod
    def still_running(cls, run_id: str, status: str, uri: str) -> EquivalenceError:
        return cls(f"Run {run_id!r} is {status}: what it logs may still change.", where=uri, hint="wait for its end")

    @classmethod
    def active_run(cls, run_id: str) -> EquivalenceError:
        return cls(
            f"Run {run_id!r} is active: it would take what the sandbox is meant for.",
            where="mlflow.active_run()",
            hint="end it before, with mlflow.end_run()",
        )

    @classmethod
    def no_run(cls, given: object) -> EquivalenceError:
        return cls(f"{given!r} is no run.", where="assert_runs_equivalent", hint="give a run, its id or a snapshot")

    @classmethod
    def same_run(cls, run_id: str) -> EquivalenceError:
        return cls(f"Run {run_id!r} would be compared with itself.", where="the command line", hint="give two run ids")

    @classmethod
    def nothing_compared(cls, before: str, after: str) -> EquivalenceError:
        return cls(
            "Nothing was compared: both runs are empty.", where=f"{before} and {after}", hint="check the two run ids"
        )

    @classmethod
    def only_allowed(cls, before: str, after: str) -> EquivalenceError:
        return cls(
            "Nothing was compared: all that the runs logged is ignored or allowed by the policy.",
            where=f"{before} and {after}",
            hint="log something that both runs have in common, or ignore less",
        )

    @classmethod
    def no_samples(cls, reason: str) -> EquivalenceError:
        return cls(
            f"These runs are no two samples: {reason}.",
            where="the runs before and after",
            hint="give each side runs of its own, one a seed",
        )

    @classmethod
    def unreadable_artifact(cls, name: str, uri: str, reason: str) -> EquivalenceError:
        return cls(f"{name!r} cannot be read: {reason}.", where=uri, hint="compare where the artifacts are")

    @classmethod
    def unreadable_number(cls, metric: str, step: object) -> EquivalenceError:
        return cls(f"Metric {metric!r} has a step that is no integer: {step!r}.", where="the tracking store")

    @classmethod
    def bad_reference(cls, reference: str, reason: str) -> EquivalenceError:
        return cls(
            f"{reference!r} cannot be loaded: {reason}", where="the command line", hint="give package.module:Class"
        )
