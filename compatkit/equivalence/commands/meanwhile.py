"""Import MLflow, which reading needs and which takes seconds, while commands run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

# The second is what MLflow imports when it opens a store that is a database.
_NEEDED = ("mlflow", "mlflow.store.tracking.sqlalchemy_store")
_PATIENCE = 0.3  # seconds: of commands that fail at once, nothing is read, and their error must not wait for an import


@contextmanager
def mlflow_is_imported() -> Iterator[None]:
    """Import what reading needs in another thread; where the block ends well, it is there at the end.

    In another thread, because an interrupt in the middle of an import ends the process by the signal: CPython marks
    one that passes through `exec` as unhandled. Interrupts come to the main thread. Not in a daemon: one that is
    stopped inside an extension module may abort the process.
    """
    if all(name in sys.modules for name in _NEEDED):
        yield
        return
    timer = Timer(_PATIENCE, _import)
    timer.start()
    try:
        yield
    except BaseException:
        timer.cancel()
        raise
    timer.join()


def _import() -> None:
    # Whatever keeps it from being imported is told where it is needed.
    with suppress(Exception):
        for name in _NEEDED:
            importlib.import_module(name)
