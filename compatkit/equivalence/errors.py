"""Errors that keep two runs from being compared. None of these is ever a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compatkit.errors import CompatkitError

_REFERENCES = "give a run id, its first letters, experiment:latest, experiment@tag=value, or a snapshot file"

# Where the name to import is not the one to install.
_PACKAGES = {
    "azure": "azure-storage-blob azure-identity",
    "botocore": "boto3",
    "google": "google-cloud-storage",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2-binary",
}


class EquivalenceError(CompatkitError):
    """A run that cannot be read, or a comparison that would compare nothing."""

    @classmethod
    def no_tables(cls, uri: str) -> EquivalenceError:
        return cls(
            "There is no MLflow store in this database: it has none of MLflow's tables.",
            where=uri,
            hint="check --tracking-uri; nothing was made",
        )

    @classmethod
    def other_tables(cls, uri: str, found: str, own: str, release: str) -> EquivalenceError:
        return cls(
            f"The tables of this database are of another release than MLflow {release}, which is installed here: their "
            f"revision is {found}, not {own}.",
            where=uri,
            hint="nothing was changed; run compatkit beside the MLflow that writes there, or give the address of its "
            "server; snapshots that `compatkit snapshot` writes there can be compared here",
        )

    @classmethod
    def missing_module(cls, where: str, error: ImportError) -> EquivalenceError:
        if not isinstance(error, ModuleNotFoundError):
            what = f"What is needed to read it does not fit what else is installed: {error}."
            older = (error.name or "").startswith("sqlalchemy")
            return cls(what, where=where, hint="run: pip install 'sqlalchemy<2.1'" if older else "see: pip check")
        name = (error.name or "").partition(".")[0]
        hint = f"run: pip install {_PACKAGES.get(name, name)}"
        return cls(f"What is needed to read it is not installed: {error}.", where=where, hint=hint)

    @classmethod
    def unreadable_run(cls, run_id: str, uri: str, reason: str) -> EquivalenceError:
        return cls(f"Run {run_id!r} cannot be read: {reason}", where=uri, hint="check the run id and --tracking-uri")

    @classmethod
    def unable_trainer(cls, trainer: str, asked: Sequence[str]) -> EquivalenceError:
        return cls(
            f"The trainer {trainer} trains without {', '.join(asked)}.",
            where="the scenario",
            hint="leave them at their defaults, or derive it from ModelTrainerV2",
        )

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
    def no_text(cls, text: str) -> EquivalenceError:
        what = f"A snapshot cannot hold {text!r}: two halves of a character are no text."
        return cls(what, where="what the run logged", hint="log it in UTF-8")

    @classmethod
    def no_run(cls, reference: str, uri: str, similar: str) -> EquivalenceError:
        return cls(f"Run {reference!r} cannot be read: there is none.", where=uri, hint=similar or _REFERENCES)

    @classmethod
    def no_experiment(cls, name: str, uri: str, similar: str) -> EquivalenceError:
        return cls(f"There is no experiment {name!r}.", where=uri, hint=similar or _REFERENCES)

    @classmethod
    def no_run_in(cls, experiment: str, what: str, uri: str, similar: str) -> EquivalenceError:
        return cls(f"Experiment {experiment!r} has no run {what}.", where=uri, hint=similar or _REFERENCES)

    @classmethod
    def ambiguous(cls, reference: str, uri: str, runs: Sequence[str]) -> EquivalenceError:
        shown = ", ".join([*runs[:6], *(["…"] if len(runs) > 6 else [])])
        return cls(f"{reference!r} names more than one run: {shown}", where=uri, hint="give one of these run ids")

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
