"""A record of a training: digests of what every batch saw and did, as values and as JSON, and where it was made."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache

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


PREFIX = "compatkit.env."
PACKAGES = f"{PREFIX}packages"
_VARIABLES = ("ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONHASHSEED")
_MOST = 7900  # characters: SQL stores cut a tag at 8,000


def environment_tags() -> dict[str, str]:
    """Return the tags, each named `compatkit.env.…`. Of torch only what is imported is said; nothing is imported."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": str(os.cpu_count()),
        **{f"variable.{name}": os.environ[name] for name in _VARIABLES if name in os.environ},
        **dict(_torch()),
    }
    return {**{f"{PREFIX}{name}": text for name, text in found.items()}, PACKAGES: _packages()}


def _torch() -> Iterator[tuple[str, str]]:
    if (torch := sys.modules.get("torch")) is None:
        return
    yield "torch.threads", str(torch.get_num_threads())
    yield "torch.interop_threads", str(torch.get_num_interop_threads())
    yield "torch.cpu_capability", torch.backends.cpu.get_cpu_capability()
    yield "torch.mkldnn", str(torch.backends.mkldnn.enabled)
    yield "torch.deterministic", str(torch.are_deterministic_algorithms_enabled())
    yield "torch.float32_matmul", torch.get_float32_matmul_precision()
    yield "torch.default_dtype", str(torch.get_default_dtype())
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        yield "torch.processes", f"{distributed.get_world_size()} by {distributed.get_backend()}"
    if torch.cuda.is_available():
        yield "torch.cuda", str(torch.version.cuda)
        yield "torch.cuda.device", torch.cuda.get_device_name()
        yield "torch.cudnn.benchmark", str(torch.backends.cudnn.benchmark)
        yield "torch.cudnn.deterministic", str(torch.backends.cudnn.deterministic)


@lru_cache(maxsize=1)
def _packages() -> str:
    """Return every installed distribution as `name==version`, sorted, as far as a tag holds them."""
    # Imported here: it costs 30 ms, and `watch` needs none of it.
    from importlib.metadata import distributions

    names = {f"{found.metadata['Name']}=={found.version}" for found in distributions() if found.metadata["Name"]}
    lines = sorted(names, key=str.lower)
    while sum(len(line) + 1 for line in lines) > _MOST:
        lines.pop()
    return " ".join(lines)
