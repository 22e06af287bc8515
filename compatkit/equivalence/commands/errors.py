"""Errors that keep two commands from being compared. None of these is ever a verdict."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Sequence
from pathlib import Path

from compatkit.equivalence.errors import EquivalenceError
from compatkit.errors import nearest

_TAIL = 15  # lines of a command's output that are shown with its failure


class CommandError(EquivalenceError):
    """A command that failed, hung, or logged what cannot be compared; or a tree that it cannot be run in."""

    @classmethod
    def failed(cls, side: str, argv: Sequence[str], status: int, output: Path, *, hint: str = "") -> CommandError:
        ended = f"was killed by {_signal(-status)}" if status < 0 else f"ended with status {status}"
        return cls(
            f"{side}: `{shlex.join(argv)}` {ended}.{_tail(output)}",
            where=str(output),
            hint=hint or "see the output; a command that fails proves nothing",
        )

    @classmethod
    def timed_out(cls, side: str, argv: Sequence[str], seconds: float, output: Path) -> CommandError:
        what = f"{side}: `{shlex.join(argv)}` was ended after {seconds:g} s.{_tail(output)}"
        return cls(what, where=str(output), hint="give it more time with --timeout, or look where it hangs")

    @classmethod
    def not_started(cls, side: str, argv: Sequence[str], reason: str) -> CommandError:
        return cls(
            f"{side}: `{shlex.join(argv)}` cannot be started: {reason}.",
            where=side,
            hint="check the spelling; for pipes and variables, give: sh -c '…'",
        )

    @classmethod
    def logged_nothing(cls, side: str, argv: Sequence[str], output: Path, elsewhere: Sequence[str]) -> CommandError:
        wrote = f" It wrote to {', '.join(elsewhere)} instead." if elsewhere else ""
        return cls(
            f"{side}: `{shlex.join(argv)}` logged no run to the store that it was given.{wrote}",
            where=str(output),
            hint="leave out mlflow.set_tracking_uri, or give it os.environ['MLFLOW_TRACKING_URI']",
        )

    @classmethod
    def left_running(cls, side: str, run: str, status: str, output: Path) -> CommandError:
        return cls(
            f"{side}: the command ended, but left its run {run} {status}.",
            where=str(output),
            hint="end the run: with mlflow.start_run(), or client.set_terminated(run_id)",
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
    def shared_files(cls, names: Sequence[str], folder: Path) -> CommandError:
        some = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        return cls(
            f"Both commands ran at once in one folder, and wrote there: {some}. One may have logged the other's file.",
            where=str(folder),
            hint="leave --jobs out, and they run one after the other; or have each write to a temporary folder",
        )

    @classmethod
    def not_comparable_seeds(cls, side: str, run: str) -> CommandError:
        return cls(
            f"{side}: run {run} logged the same metrics under different seeds, so more seeds prove no more than one.",
            where="--seeds",
            hint="let the command seed itself from os.environ['COMPATKIT_SEED'], or leave --seeds out",
        )

    @classmethod
    def no_repository(cls, folder: Path) -> CommandError:
        return cls("This folder is in no git work tree.", where=str(folder), hint="run it in one; --base needs git")

    @classmethod
    def unknown_revision(cls, revision: str, known: Sequence[str], folder: Path) -> CommandError:
        shallow = "in a shallow clone, fetch more history (actions/checkout: fetch-depth: 0)"
        return cls(f"There is no revision {revision!r}.", where=str(folder), hint=nearest(revision, known) or shallow)

    @classmethod
    def not_in_base(cls, folder: str, revision: str) -> CommandError:
        return cls(f"The folder {folder!r} does not exist at {revision}.", where=revision, hint="run it from another")

    @classmethod
    def not_migrated(cls, output: str) -> CommandError:
        return cls(f"The migrated copy cannot be made:\n{output.rstrip()}", where="compatkit migrate")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(output: Path) -> str:
    try:
        lines = output.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    except OSError:
        return ""
    if not lines:
        return " It printed nothing."
    left_out = [f"    … {len(lines) - _TAIL} lines above"] if len(lines) > _TAIL else []
    return "\n" + "\n".join([*left_out, *(f"    {line}" for line in lines[-_TAIL:])])
