"""Arrays of NumPy and tensors of torch as a pickle would build them, made from their raw bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.budget import Budget


@dataclass(slots=True, eq=False)
class Built:
    """An object that a pickle would build: a global, a call, a container, or what a persistent id stands for."""

    kind: str
    parts: tuple[Any, ...] = ()
    items: list[Any] = field(default_factory=list)
    pairs: list[tuple[Any, Any]] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)

    @property
    def called(self) -> str:
        """The dotted name of the global, or of what is called; empty for all else."""
        named = self.parts[0] if self.kind == "call" else self
        return ".".join(named.parts) if isinstance(named, Built) and named.kind == "global" else ""

    @property
    def attributes(self) -> Mapping[Any, Any]:
        """The attributes that a state sets, or the entries of a dict."""
        if self.kind == "dict":
            return {key: value for key, value in self.pairs if isinstance(key, str)}
        (state,) = self.states
        return state.attributes if isinstance(state, Built) else {}


Array = NDArray[Any]
_ARRAY = 1024  # bytes that an array costs besides its values
# Reads the raw bytes of a storage of torch, by its key.
Storage = Callable[[str], bytes]
_PREFIXES = (
    "numpy.",
    "numpy.core.multiarray.",
    "numpy._core.multiarray.",
    "numpy.core.numeric.",
    "numpy._core.numeric.",
)
_TORCH_TYPES: Mapping[str, tuple[str, str]] = {
    "DoubleStorage": ("float64", "f8"),
    "FloatStorage": ("float32", "f4"),
    "HalfStorage": ("float16", "f2"),
    "BFloat16Storage": ("bfloat16", "u2"),
    "LongStorage": ("int64", "i8"),
    "IntStorage": ("int32", "i4"),
    "ShortStorage": ("int16", "i2"),
    "CharStorage": ("int8", "i1"),
    "ByteStorage": ("uint8", "u1"),
    "BoolStorage": ("bool", "?"),
}


def numpy_array(built: Built, budget: Budget) -> Array | None:
    """Return the array that a call makes; None for another call, or for an array of objects."""
    name = _in_numpy(built)
    if name == "_reconstruct" and len(built.states) == 1:
        _, shape, dtype, is_fortran, raw = built.states[0]
        return None if isinstance(raw, Built) else _filled(raw, dtype, shape, "F" if is_fortran else "C", budget)
    if name == "_frombuffer":
        raw, dtype, shape, order = built.parts[1]
        return _filled(raw, dtype, shape, order, budget)
    if name == "scalar" and isinstance(built.parts[1][1], bytes):
        return _filled(built.parts[1][1], built.parts[1][0], (), "C", budget)
    if built.called == "joblib.numpy_pickle.NumpyArrayWrapper" and isinstance(built.items[0], np.ndarray):
        return np.asarray(built.items[0])
    return None


def torch_tensor(built: Built, storage: Storage, budget: Budget) -> tuple[str, Array] | None:
    """Return dtype and values of the tensor that a call makes; None for another call.

    Raises `ValueError` or `LookupError` where its strides leave the storage, or its type is not known.
    """
    while built.called in {"torch._utils._rebuild_parameter", "torch._tensor._rebuild_from_type_v2"}:
        given = built.parts[1]
        inner = given[0]
        if not isinstance(inner, Built) or inner.kind != "call":
            return None
        built = inner
    if built.called != "torch._utils._rebuild_tensor_v2":
        return None
    where, offset, size, stride, _, _, *changed = built.parts[1]
    if any(changed):
        raise ValueError("a view that negates or conjugates what is stored")
    kind, key = where.parts[0][1:3]
    dtype, code = _TORCH_TYPES[kind.parts[1]]
    flat: Array = np.frombuffer(storage(key), dtype=f"<{code}" if code != "?" else np.bool_)
    last = offset + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    if min(offset, *size, *stride, 0) < 0 or (0 not in size and last >= flat.size):
        raise ValueError("strides leave the storage")
    # A tensor that is expanded has more values than its storage.
    budget.spend(size=_ARRAY + 4 * math.prod(size))
    budget.spend(size=math.prod(size) * flat.itemsize)
    steps = [step * flat.itemsize for step in stride]
    values: Array = np.array(np.lib.stride_tricks.as_strided(flat[offset:], size, steps))
    return dtype, (values.astype(np.uint32) << 16).view(np.float32) if dtype == "bfloat16" else values


def trained_as(built: Built) -> str:
    """Return whether the tensor that a call makes is a parameter, and whether it is trained or frozen."""
    kind = "parameter" if built.called == "torch._utils._rebuild_parameter" else "tensor"
    return f"{kind}, requires_grad={built.parts[1][1 if kind == 'parameter' else 4]}"


def inline_array(state: Built, stream: BytesIO, budget: Budget, pickled: Callable[[], Any]) -> Any:
    """Return the array that joblib writes behind its wrapper; what a pickle of its own would build, for objects."""
    said = state.attributes
    dtype = numpy_dtype(said["dtype"])
    if dtype.hasobject:
        return pickled()
    if said.get("numpy_array_alignment_bytes") is not None:
        stream.read(stream.read(1)[0])
    size = dtype.itemsize * math.prod(said["shape"])
    budget.spend(size=size)
    return _filled(stream.read(size), said["dtype"], said["shape"], said["order"], budget)


def numpy_dtype(built: Built) -> Any:
    """Return the dtype that a call makes. Raises `ValueError` or `TypeError` for one that NumPy does not know."""
    if built.kind == "global":
        return np.dtype(built.parts[1])
    code = built.parts[1][0]
    if not built.states:
        return np.dtype(code)
    _, order, _, names, fields, size = built.states[0][:6]
    if names is None:
        return np.dtype(code + _unit(code, built.states[0])).newbyteorder(order if order in "<>" else "=")
    rows = [fields.attributes[name] for name in names]
    spelled = {"names": names, "formats": [numpy_dtype(row[0]) for row in rows], "offsets": [row[1] for row in rows]}
    fields_of: Any = {**spelled, "itemsize": size}
    return np.dtype(fields_of)


def _unit(code: str, state: Sequence[Any]) -> str:
    """Return the unit of a time, which stands at the end of a state. Raises `ValueError` or others where none does."""
    if code[:1] not in {"m", "M"}:
        return ""
    unit, count = state[8][1][:2]
    return f"[{count}{unit.decode() if isinstance(unit, bytes) else str(unit)}]"


def _in_numpy(built: Built) -> str:
    return next((built.called.removeprefix(prefix) for prefix in _PREFIXES[1:] if built.called.startswith(prefix)), "")


def _filled(raw: Any, dtype: Built, shape: tuple[int, ...], order: str, budget: Budget) -> Array | None:
    kind = numpy_dtype(dtype)
    if kind.hasobject:
        return None
    # Protocols below 3 keep bytes as text, each a letter.
    budget.spend(size=_ARRAY + 2 * len(raw))
    buffer = raw.encode("latin-1") if isinstance(raw, str) else bytes(raw)
    return np.frombuffer(buffer, dtype=kind).reshape(shape, order="F" if order == "F" else "C")
