"""The one place that issues a deprecation."""

from __future__ import annotations

import warnings

from compatkit.migration import Move


class MovedNameWarning(DeprecationWarning):
    """An old name was used and the shim supplied its new home."""


def warn_moved(move: Move, *, stacklevel: int) -> None:
    """Warn that `move.old` was used; `stacklevel` counts from the caller of this function, as `warnings.warn` does.

    Python leaves out the frames of importlib, so that every form of import points at the user's line.
    """
    message = f"{move.code} {move.old} is now {move.new}; to rewrite it, run: compatkit migrate ."
    warnings.warn(message, MovedNameWarning, stacklevel=stacklevel + 1)
