"""The points of a run that the tracking server does not have yet, in a file that survives the process.

A file a run, one JSON document a line: first the run, then points, how many of them were sent, and the run's end if
that was not sent either. Its writer holds a lock, which the system takes away when the process dies.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from compatkit.platforms import lock_file
from compatkit.training.errors import TrackingError

_VARIABLE = "COMPATKIT_SPOOL"
_SUFFIX = ".jsonl"
# A run id names the file: whatever a server answers, it makes no path.
_RUN_ID = re.compile(r"[\w-]{1,200}")


class MetricPoint(NamedTuple):
    """One value of a metric; `timestamp` is in milliseconds since 1970."""

    name: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True, slots=True)
class Spooled:
    """The points of a spool file that were not sent. `ending` is the status that the run shall have; empty: none."""

    path: Path
    run_id: str
    tracking_uri: str
    points: tuple[MetricPoint, ...]
    ending: str = ""
    end_time: int = 0  # ms since 1970


def spool_folder(given: str | Path | None = None) -> Path:
    """Return the spool: `given`, else $COMPATKIT_SPOOL, else compatkit's folder in the user's state."""
    if given or (given := os.environ.get(_VARIABLE)):
        return Path(given)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "compatkit" / "spool"


class Spool:
    """The spool file of one run, held by this process.

    Raises `TrackingError` if another one holds it, and `OSError` where it cannot be written, or the id is no name.
    """

    def __init__(self, folder: Path, run_id: str, tracking_uri: str) -> None:
        if not _RUN_ID.fullmatch(run_id):
            raise OSError(f"{run_id!r} is not the id of a run")
        self.path = folder / f"{run_id}{_SUFFIX}"
        self._is_full = False
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+", encoding="utf-8", opener=_of_this_user)  # noqa: SIM115  # held
        if not lock_file(self._file):
            self._file.close()
            what = "The spool is in use by a training that runs."
            raise TrackingError(what, where=str(self.path), hint="wait for its end")
        if cut := _length_of_cut_line(self.path):
            self._file.truncate(self.path.stat().st_size - cut)
        if self.path.stat().st_size == 0:
            self._begin(json.dumps({"run_id": run_id, "tracking_uri": tracking_uri}) + "\n")

    def _begin(self, head: str) -> None:
        """Write the first line; where that fails, leave no file that can never be read."""
        try:
            self._file.write(head)
            self._file.flush()
        except OSError:
            self.path.unlink(missing_ok=True)
            with suppress(OSError):
                self._file.close()
            raise

    def read(self) -> Spooled:
        """Return the points that an earlier process left here."""
        return read_spool(self.path)

    def take_over(self, left: Iterable[MetricPoint], count: int) -> None:
        """Put `left` in the place of the `count` points that an earlier process did not send, and forget its end."""
        self._write({"sent": count}, {"ending": "", "end_time": 0}, *left)

    def append(self, points: Iterable[MetricPoint]) -> None:
        """Keep `points`, so that they outlive this process."""
        self._write(*points)

    def mark_sent(self, count: int) -> None:
        """Note that `count` more points, the oldest ones, have arrived."""
        self._write({"sent": count})

    def mark_ended(self, status: str, end_time: int) -> None:
        """Note the status that the run shall have."""
        self._write({"ending": status, "end_time": end_time})

    def close(self, *, is_empty: bool) -> None:
        """Let go of the file; remove it if nothing in it is left to be sent."""
        if is_empty:
            self.path.unlink(missing_ok=True)
        with suppress(OSError):  # what could not be written is written again when the file is closed
            self._file.close()

    def _write(self, *notes: object) -> None:
        """Write `notes`, a line each. A full disk costs the spool, which is told once, and not the training."""
        if self._is_full:
            return
        try:
            self._file.write("".join(json.dumps(note) + "\n" for note in notes))
            self._file.flush()
        except OSError as error:
            self._is_full = True
            told = f"Metrics are not spooled any more: a crash may lose some. {error}"
            warnings.warn(told, stacklevel=2)


def _of_this_user(path: str, flags: int) -> int:
    """Open a file that others cannot read: the address of a tracking store may hold a password."""
    return os.open(path, flags, mode=0o600)


def read_spool(path: Path) -> Spooled:
    """Read a spool file. A last line that a crash cut is passed over. Raises `TrackingError` for any other file."""
    try:
        head, *notes = _documents(path)
        points: list[MetricPoint] = []
        sent, ending, end_time = 0, "", 0
        for note in notes:
            if isinstance(note, list):
                points.append(MetricPoint(*note))
            elif "sent" in note:
                sent += note["sent"]
            else:
                ending, end_time = note["ending"], note["end_time"]
        if not _RUN_ID.fullmatch(head["run_id"]):
            raise ValueError(f"{head['run_id']!r} is not the id of a run")
        return Spooled(path, head["run_id"], head["tracking_uri"], tuple(points[sent:]), ending, end_time)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrackingError(f"The spool cannot be read: {error}", where=str(path)) from error


def remove_blank(path: Path) -> bool:
    """Remove a spool file without a whole line, as a full disk leaves it, unless a process holds it; tell if it did."""
    with suppress(OSError), path.open("a+b") as file:
        file.seek(0)
        if b"\n" not in file.read() and lock_file(file):
            path.unlink(missing_ok=True)
            return True
    return False


def spool_files(folder: Path) -> list[Path]:
    """Return the spool files in `folder`, sorted."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _length_of_cut_line(path: Path) -> int:
    """Return the bytes that a crash left after the last whole line."""
    content = path.read_bytes()
    return len(content) - (content.rfind(b"\n") + 1)


def _documents(path: Path) -> Iterator[Any]:
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)
