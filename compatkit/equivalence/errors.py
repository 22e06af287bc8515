"""Errors that keep two runs, or two commands, from being compared. None of these is ever a verdict."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Sequence
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
            f"These runs cannot be compared as two samples: {reason}.",
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
        return cls(
            "This file is not a snapshot.", where=str(path), hint="write one with `compatkit snapshot RUN -o FILE`"
        )

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
        hint = (
            "check that the server or the database is up, that nothing locks it or cut a file short, and --tracking-uri"
        )
        return cls(f"The tracking store cannot be read: {reason}", where=uri, hint=hint)


_TAIL = 15  # lines of a command's output that are shown with its failure


class CommandError(EquivalenceError):
    """A command that failed, hung, or logged what cannot be compared; or a tree that it cannot be run in."""

    @classmethod
    def failed(cls, side: str, argv: Sequence[str], status: int, output: Path, *, hint: str = "") -> CommandError:
        ended = f"was killed by {_signal(-status)}" if status < 0 else f"ended with status {status}"
        return cls(
            f"{side}: `{shlex.join(argv)}` {ended}.{tail_of(output)}",
            where=where_to_look(side, output),
            hint=hint or "a command that fails proves nothing: have it end well",
        )

    @classmethod
    def not_started(cls, side: str, argv: Sequence[str], reason: str) -> CommandError:
        return cls(
            f"{side}: `{shlex.join(argv)}` cannot be started: {reason}.",
            where=side,
            hint="check the spelling; for pipes and variables, give: sh -c '…'",
        )

    @classmethod
    def unreadable_store_of(cls, side: str, uri: str, reason: str) -> CommandError:
        return cls(f"{side}: what it logged cannot be read: {reason}", where=uri, hint="see its output, then try again")

    @classmethod
    def unwritable(cls, folder: Path, reason: str) -> CommandError:
        return cls(
            f"The store of a command cannot be made: {reason}.", where=str(folder), hint="check room and permissions"
        )

    @classmethod
    def store_in_use(cls, folder: Path) -> CommandError:
        return cls(
            "The folder for the stores was used before: its runs would mix with the new ones.",
            where=str(folder),
            hint="name a new folder with --store, or remove this one",
        )

    @classmethod
    def no_repository(cls, folder: Path) -> CommandError:
        return cls("This folder is in no git work tree.", where=str(folder), hint="run it in one; --base needs git")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def where_to_look(side: str, output: Path) -> str:
    """Return where a failure can be looked into: the side, where it printed nothing, of which no file is kept."""
    return str(output) if output.exists() and output.stat().st_size else side


def tail_of(output: Path) -> str:
    """Return the end of what a command printed, to be shown below a failure."""
    try:
        lines = output.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    except OSError:
        return ""
    if not lines:
        return " It printed nothing."
    left_out = [f"    … {len(lines) - _TAIL} lines above"] if len(lines) > _TAIL else []
    return "\n" + "\n".join([*left_out, *(f"    {line}" for line in lines[-_TAIL:])])
