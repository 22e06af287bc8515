"""The executor that a user names: any `concurrent.futures.Executor`, such as Dask's or Ray's."""

from __future__ import annotations

import sys
from concurrent.futures import Executor
from importlib import import_module
from pathlib import Path

from compatkit.errors import CompatkitError


class ExecutorError(CompatkitError):
    """An executor that cannot be had."""

    @classmethod
    def unusable(cls, reference: str, reason: str) -> ExecutorError:
        hint = "name a function that returns a concurrent.futures.Executor, as package.module:function"
        return cls(f"The executor {reference!r} cannot be used: {reason}.", where="--executor", hint=hint)


def load_executor(reference: str) -> Executor:
    """Import `package.module`, from the working directory too, and call `factory`. Raises `ExecutorError`."""
    module, separator, name = reference.partition(":")
    if not (module and separator and name):
        raise ExecutorError.unusable(reference, "it is not of the form package.module:function")
    here = str(Path.cwd())
    if here not in sys.path:
        # Appended, so that it hides nothing.
        sys.path.append(here)
    try:
        factory = getattr(import_module(module), name)
        executor = factory if isinstance(factory, Executor) else factory()
    except Exception as error:
        raise ExecutorError.unusable(reference, f"{type(error).__name__}: {error}") from error
    if not isinstance(executor, Executor):
        raise ExecutorError.unusable(reference, f"it is {type(executor).__name__}, not an Executor")
    return executor
