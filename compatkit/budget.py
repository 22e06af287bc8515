"""A budget for what is read of one file: few bytes can claim terabytes, and no reader may believe them.

Readers count bytes after unpacking, values, nesting and seconds, and stop where the budget is spent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

from compatkit.errors import CompatkitError

MIB = 1 << 20
# After unpacking: so much of any file, and so much of each byte that a file has.
BYTES = 128 * MIB
FACTOR = 8
VALUES = 1_000_000
DEPTH = 200
SECONDS = 4.0  # of this thread's processor time: a busy machine must not change what is read
# Between two looks at the clock.
_LOOK = 1024
_LONG_NUMBER = 4000  # characters
_TOML_BYTES = 4 * MIB
_MERGE = "tag:yaml.org,2002:merge"
# Of YAML: numbers can be chosen such that a dict of them takes the square of their number; texts cannot.
_MOST_ODD_KEYS = 10_000
# libyaml compares each with all before.
_MOST_DIRECTIVES = 100
# Sixty-four parts or more: tomllib's time grows with the square of their number.
_LONG_KEY = re.compile(r"""(?<![\w-])(?>(?>[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")


class BudgetError(CompatkitError, ValueError):
    """A file that holds, or claims to hold, more than is read of one."""


class Budget:
    """Counts what reading one file of `size` bytes costs."""

    def __init__(self, *, size: int = 0, values: int = VALUES, seconds: float = SECONDS) -> None:
        self._bytes = BYTES + FACTOR * size
        self._values = values
        self._end = time.thread_time() + seconds
        self._calls = 0

    def spend(self, values: int = 1, *, size: int = 0) -> None:
        """Count `values` that take `size` bytes together, before they are made. Raises `BudgetError`."""
        self._values -= values
        self._bytes -= size
        self._calls += 1
        if self._values < 0:
            raise BudgetError("it holds too many values")
        if self._bytes < 0:
            raise BudgetError("it unpacks to too many bytes")
        if not self._calls % _LOOK or size > MIB:
            self.look_at_clock()

    def look_at_clock(self) -> None:
        """Raise `BudgetError` where reading has taken too long."""
        if time.thread_time() > self._end:
            raise BudgetError("it takes too long to read")


def require_depth(depth: int) -> None:
    """Raise `BudgetError` for what is nested deeper than is read."""
    if depth > DEPTH:
        raise BudgetError(f"it is nested more than {DEPTH} deep")


def load_json(text: str) -> Any:
    """Read JSON. Raises `ValueError` for what is none, and for what is nested too deep."""
    # Whoever reads one kind of file need not wait for the parsers of the others.
    import json

    try:
        return json.loads(text)
    except RecursionError:
        raise BudgetError("it is nested too deep") from None


def load_toml(text: str, **options: Any) -> dict[str, Any]:
    """Read TOML. Raises `tomllib.TOMLDecodeError` for what is none, and for what would cost too much to read."""
    # As above.
    import tomllib

    if len(text) > _TOML_BYTES:
        raise tomllib.TOMLDecodeError(f"it is larger than {_TOML_BYTES // MIB} MiB")
    if _LONG_KEY.search(text):
        raise tomllib.TOMLDecodeError("a key has more than 64 parts")
    try:
        return tomllib.loads(text, **options)
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deep") from None
    except ValueError as error:
        if isinstance(error, tomllib.TOMLDecodeError):
            raise
        raise tomllib.TOMLDecodeError(f"it holds what Python does not read: {error}") from None


def load_yaml(raw: bytes, budget: Budget) -> list[Any]:
    """Return the documents. Raises `BudgetError` before anything is made that a few lines can blow up."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # in C where it was built
        """The safe loader, but for keys that come twice, of which it would keep the last."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            if sum(key.tag != "tag:yaml.org,2002:str" for key, _ in node.value) > _MOST_ODD_KEYS:
                raise BudgetError("it holds too many keys that are not texts")
            # Before the merged mappings of `<<` come in, whose keys those of this one replace.
            own = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
            if len(set(own)) < len(own):
                raise ValueError("a key twice in one mapping")
            return super().construct_mapping(node, deep=deep)

    if raw.count(b"%TAG") > _MOST_DIRECTIVES:
        raise BudgetError("it holds too many directives")
    require_sane_yaml(yaml.parse(raw, Loader=Loader), budget)
    return list(yaml.load_all(raw, Loader=Loader))  # the safe one


def require_sane_yaml(events: Iterable[Any], budget: Budget) -> None:
    """Count what PyYAML's `events` stand for, each alias as what it repeats. Raises `BudgetError`.

    To be called before anything is made of them: a merge or a walk would repeat it for real.
    """
    sizes: dict[str, int] = {}
    # The anchor, and the nodes, of each collection that is open.
    opened: list[tuple[str | None, int]] = [(None, 0)]
    for event in events:
        kind = type(event).__name__
        anchor = getattr(event, "anchor", None)
        if kind in ("SequenceStartEvent", "MappingStartEvent"):
            require_depth(len(opened))
            opened.append((anchor, 1))
            continue
        if kind in ("SequenceEndEvent", "MappingEndEvent"):
            anchor, nodes = opened.pop()
        elif kind == "AliasEvent":
            # An anchor that is still open holds itself.
            nodes = VALUES + 1 if any(anchor == name for name, _ in opened) else sizes.get(anchor or "", 1)
        elif kind == "ScalarEvent":
            nodes = 1
            if len(event.value) > _LONG_NUMBER and (event.tag or event.value[:1] in "+-.0123456789"):
                raise BudgetError("it holds a number of too many digits")
        else:
            continue
        budget.spend(1 if kind != "AliasEvent" else nodes)
        if anchor and kind != "AliasEvent":
            sizes[anchor] = nodes
        name, inside = opened[-1]
        opened[-1] = (name, inside + nodes)
