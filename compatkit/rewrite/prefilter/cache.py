"""What is worked out once from what a run declares, and then asked for with every file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Declared = TypeVar("Declared")
Result = TypeVar("Result")

_MOST = 256


def remembered(work_out: Callable[[Declared], Result]) -> Callable[[Declared], Result]:
    """Keep the result for an immutable value, by identity: to hash a thousand moves costs more than to read a file."""
    known: dict[int, tuple[Declared, Result]] = {}

    @wraps(work_out)
    def ask(declared: Declared) -> Result:
        # The value is kept, too, so that no other one can get its identity.
        found = known.get(id(declared))
        if found is None:
            if len(known) >= _MOST:
                known.clear()
            found = known[id(declared)] = (declared, work_out(declared))
        return found[1]

    return ask
