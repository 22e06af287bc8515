"""Errors that keep two runs from being compared. None of these is ever a verdict."""

from __future__ import annotations

from pathlib import Path

from compatkit.errors import CompatkitError

REFERENCES = "give a run id, its first letters, experiment:latest, experiment@tag=value, or a snapshot file"


class EquivalenceError(CompatkitError):
    """A run that cannot be read, or a comparison that would compare nothing."""

    @classmethod
    def unreadable_run(cls, run_id: str, uri: str, reason: str) -> EquivalenceError:
        return cls(f"Run {run_id!r} cannot be read: {reason}", where=uri, hint="check the run id and --tracking-uri")

    @classmethod
    def same_run(cls, run_id: str) -> EquivalenceError:
        return cls(f"Run {run_id!r} would be compared with itself.", where="the command line", hint="give two run ids")

    @classmethod
    def nothing_compared(cls, before: str, after: str) -> EquivalenceError:
        return cls(
            "Nothing was compared: both runs are empty.", where=f"{before} and {after}", hint="check the two run ids"
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
    def bad_reference(cls, reference: str, reason: str) -> EquivalenceError:
        return cls(
            f"{reference!r} cannot be loaded: {reason}", where="the command line", hint="give package.module:Class"
        )

    @classmethod
    def no_snapshot_file(cls, path: Path) -> EquivalenceError:
        return cls("This file is no snapshot.", where=str(path), hint="write one with `compatkit snapshot RUN -o FILE`")

    @classmethod
    def no_run(cls, reference: str, uri: str, similar: str) -> EquivalenceError:
        return cls(f"Run {reference!r} cannot be read: there is none.", where=uri, hint=similar or REFERENCES)

    @classmethod
    def no_run_in(cls, experiment: str, what: str, uri: str, similar: str) -> EquivalenceError:
        return cls(f"Experiment {experiment!r} has no run {what}.", where=uri, hint=similar or REFERENCES)

    @classmethod
    def replaced_store(cls, uri: str) -> EquivalenceError:
        return cls(
            "The file of the tracking store was replaced or removed since it was opened.",
            where=uri,
            hint="what was read may be of two stores; compare again in a new process",
        )

    @classmethod
    def unreadable_store(cls, uri: str, reason: str) -> EquivalenceError:
        hint = "check that the server or the database is up, that nothing locks it, and --tracking-uri"
        return cls(f"The tracking store cannot be read: {reason}", where=uri, hint=hint)
