"""A record of a training: digests of what every batch saw and did, as values and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from compatkit.budget import load_json
from compatkit.errors import CompatkitError

TRACE_FILE = "compatkit/trace.json"
_SCHEMA = 1


class TraceError(CompatkitError):
    """A record that cannot be read."""

    @classmethod
    def unreadable(cls, where: str, reason: str) -> TraceError:
        return cls(f"The trace cannot be read: {reason}.", where=where, hint="run the training again, watched")


@dataclass(frozen=True, slots=True)
class Batch:
    """One call of the watched module, by digests, each mapping in the order in which things happened.

    Attributes:
        is_training: whether the module was in training mode.
        inputs: of what it was called with.
        weights: of all its parameters and buffers, before the call.
        forward: of the output of each layer; a layer that is called again is named with a number.
        gradient: of each parameter's gradient after it was accumulated, empty without a backward pass.
    """

    is_training: bool
    inputs: str
    weights: str
    forward: Mapping[str, str] = field(default_factory=dict)
    gradient: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """A recorded training. `initial` are the weights by name before the first batch; `batches` may end early."""

    module: str
    initial: Mapping[str, str]
    batches: tuple[Batch, ...]

    def to_json(self) -> str:
        """Return the record as JSON, a line a batch."""
        head = {"compatkit": "trace", "schema": _SCHEMA, "module": self.module, "initial": dict(self.initial)}
        lines = ",\n".join(json.dumps(asdict(batch)) for batch in self.batches)
        return f'{json.dumps(head)[:-1]}, "batches": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str, *, where: str = "the trace") -> Trace:
        """Read a record. Raises `TraceError` for a text that is none, or of a later schema."""
        try:
            found = load_json(text)
            if found["schema"] != _SCHEMA:
                raise TraceError.unreadable(where, f"its schema is {found['schema']!r}, known is {_SCHEMA}")
            return cls(found["module"], found["initial"], tuple(Batch(**batch) for batch in found["batches"]))
        except (ValueError, KeyError, TypeError) as error:
            raise TraceError.unreadable(where, f"{type(error).__name__}: {error}") from error
