"""The census: which old names were really used, and where, in this process and in its children.

Every process appends to one log, a line a use in an `O_APPEND` write, so that nothing is lost with a process that is
killed. To keep a loop from filling the disk, a place is written at its 1st, 2nd, 4th, 8th … use, and at the end.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections import Counter
from multiprocessing import util
from pathlib import Path
from typing import NamedTuple

from compatkit.migration import Move
from compatkit.shim.warning import ShimError, listeners

SCHEMA = 1


class SeenUse(NamedTuple):
    """An old name, and the line that used it."""

    code: str
    old: str
    file: str
    line: int


class Census:
    """Counts the uses in this process, and appends them to `log`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._counts: Counter[SeenUse] = Counter()
        self._written: Counter[SeenUse] = Counter()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Count from now on, also in processes that are forked from this one."""
        listeners.append(self._use)
        atexit.register(self.flush)
        os.register_at_fork(after_in_child=self._forget)
        # A forked worker ends by os._exit, past atexit; multiprocessing has its own last calls, set up after the fork.
        util.register_after_fork(self, lambda census: util.Finalize(None, census.flush, exitpriority=0))

    def stop(self) -> None:
        listeners.remove(self._use)
        atexit.unregister(self.flush)
        self.flush()

    def flush(self) -> None:
        """Write what was counted and not yet written."""
        with self._lock:
            due = [use for use, count in self._counts.items() if count != self._written[use]]
            self._append(due)

    def _use(self, move: Move, file: str, line: int) -> None:
        # A script's own name is relative to where the process was started; `<string>` and its like are no files.
        use = SeenUse(move.code, move.old, file if file.startswith("<") else os.path.abspath(file), line)  # noqa: PTH100
        with self._lock:
            self._counts[use] += 1
            count = self._counts[use]
            if count & (count - 1) == 0:
                self._append([use])

    def _append(self, uses: list[SeenUse]) -> None:
        rows = [json.dumps([os.getpid(), self._counts[use], *use]) + "\n" for use in uses]
        if not rows:
            return
        try:
            descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND)
        except OSError:
            # Gone, or not to be written any more: said at the end, and no reason to stop the program.
            return
        try:
            os.write(descriptor, "".join(rows).encode())
        finally:
            os.close(descriptor)
        self._written.update({use: self._counts[use] - self._written[use] for use in uses})

    def _forget(self) -> None:
        # A forked child counts its own uses only; its parent's lock may have been taken at the fork.
        self._lock = threading.Lock()
        self._counts.clear()
        self._written.clear()


def write_census(log: Path, file: Path) -> None:
    """Sum up the log of all processes into `file`, in the form that `compatkit census` reads.

    Raises `ShimError` where the log is gone, because that is no run without old names.
    """
    highest: dict[tuple[int, SeenUse], int] = {}
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        what = f"The census is lost: its log cannot be read: {error.strerror or error}."
        hint = "run it again, and let the program leave the folder of temporary files alone"
        raise ShimError(what, where=str(log), hint=hint) from error
    for pid, count, *use in map(json.loads, lines):
        key = (pid, SeenUse(*use))
        highest[key] = max(count, highest.get(key, 0))
    totals: Counter[SeenUse] = Counter()
    for (_, use_), count in highest.items():
        totals[use_] += count
    uses = [{**use._asdict(), "count": count} for use, count in sorted(totals.items())]
    # The program may have removed the folder.
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(json.dumps({"schema": SCHEMA, "uses": uses}, indent=1) + "\n", encoding="utf-8")
    temporary.replace(file)
