"""Import what `package.module:name` on a command line stands for."""

from __future__ import annotations

import importlib

from compatkit.errors import CompatkitError


def load_object(reference: str) -> object:
    """Import `package.module:name`. Raises `CompatkitError` naming what is missing."""
    module, _, name = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module does when it is imported
        raise CompatkitError(
            f"{reference!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="write package.module:name, as seen from this folder",
        ) from error
