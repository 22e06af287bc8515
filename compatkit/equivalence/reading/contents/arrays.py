"""NumPy's files, safetensors, and what torch can load without executing anything."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from compatkit.budget import MIB, Budget, BudgetError
from compatkit.equivalence.reading.contents.flatten_values import below, leaves, put
from compatkit.equivalence.reading.contents.pickled import require_cheap_hashes
from compatkit.equivalence.reading.contents.unpacked import opened_zip
from compatkit.equivalence.snapshot import Content, Tensor

# What an array costs besides its values.
_ARRAY = 1024
_MOST_HEADER = 16 * MIB
# A checkpoint from before torch 1.6: its own number, its version, the system, the values, the order of the storages.
_MOST_STEPS = 10_000_000  # and what tuples among them hold
_LEGACY_PICKLES = 5


def read_npy(path: Path, budget: Budget) -> Content:
    """Return the array. Raises `ValueError`, `EOFError` or `OSError`; of an array of objects, too."""
    with path.open("rb") as stream:
        return Content("array", tensors={"array": _read_array(stream, path.stat().st_size, budget)})


def read_npz(path: Path, budget: Budget) -> Content:
    """Return the arrays by name; their order does not count."""
    tensors: dict[str, Tensor] = {}
    with opened_zip(path, budget) as archive:
        for member in sorted(archive.infolist(), key=lambda one: one.filename):
            name = member.filename.removesuffix(".npy")
            if name in tensors or name == member.filename:
                raise ValueError("two arrays of one name, or what is none")
            with archive.open(member) as stream:
                tensors[name] = _read_array(stream, member.file_size, budget)
    return Content("array", tensors=tensors)


def _read_array(stream: IO[bytes], size: int, budget: Budget) -> Tensor:
    """Read an array that fills `size` bytes to the last: its header alone decides how much NumPy would allocate."""
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, is_fortran, dtype = read_header(stream)
    count = math.prod(shape)
    _require_plain(dtype)
    if min(shape, default=0) < 0 or not dtype.itemsize or count * dtype.itemsize != size - stream.tell():
        raise ValueError("the header does not fit the file")
    budget.spend(size=_ARRAY + 2 * count * dtype.itemsize)
    raw = stream.read(count * dtype.itemsize)
    if stream.read(1):
        raise ValueError("more than an array")
    array = np.frombuffer(raw, dtype=dtype) if raw else np.empty(0, dtype)
    array = array.reshape(shape, order="F" if is_fortran else "C")
    return Tensor(dtype.name, np.array(array, dtype=dtype.newbyteorder("=")))


def read_safetensors(path: Path, budget: Budget) -> Content:
    """Return the tensors by name and the metadata. Raises `ImportError` without safetensors and torch."""
    from safetensors import safe_open

    with path.open("rb") as stream:
        if int.from_bytes(stream.read(8), "little") > _MOST_HEADER:
            raise BudgetError("its header is too large")
    with safe_open(path, framework="pt") as opened:
        values = {f"metadata {key}": text for key, text in sorted((opened.metadata() or {}).items())}
        tensors = {name: _torch_tensor(opened.get_tensor(name), budget) for name in sorted(opened.keys())}
    return Content("tensors", values, tensors)


def read_torch(path: Path, budget: Budget) -> Content:
    """Return the tensors and numbers of a checkpoint by place, with `weights_only`; the order of keys counts.

    Raises `pickle.UnpicklingError` where it holds more than that.
    """
    import torch

    _require_few_steps(path, budget)
    values: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    with warnings.catch_warnings():
        # Of protocols that it may not read, which is an error where it does not.
        warnings.simplefilter("ignore")
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    budget.look_at_clock()
    for place, leaf in leaves(loaded, _inside, budget):
        if isinstance(leaf, torch.Tensor):
            if place in tensors:
                raise ValueError(f"{place} twice")
            tensors[place] = _torch_tensor(leaf, budget)
            if leaf.requires_grad or isinstance(leaf, torch.nn.Parameter):
                kind = "parameter" if isinstance(leaf, torch.nn.Parameter) else "tensor"
                put(values, f"{place}(of torch)", f"{kind}, requires_grad={leaf.requires_grad}")
        elif isinstance(leaf, Mapping):
            put(values, place, "{}")
        elif leaf is None or type(leaf) in {bool, int, float, str, bytes, list, tuple, torch.dtype, torch.device}:
            put(values, place, repr(leaf))
        else:
            raise ValueError(f"{type(leaf).__name__} at {place}")
    return Content("tensors", values, tensors)


def _require_few_steps(path: Path, budget: Budget) -> None:
    """Count what a checkpoint unpacks to, and the steps of its pickles, none of which is taken here."""
    with path.open("rb") as stream:
        steps = Budget(size=path.stat().st_size, values=_MOST_STEPS)
        if stream.read(2) == b"PK":
            with opened_zip(path, budget) as archive:
                for name in archive.namelist():
                    if name.endswith(".pkl"):
                        require_cheap_hashes(archive.open(name), steps)
            return
        stream.seek(0)
        for _ in range(_LEGACY_PICKLES):
            require_cheap_hashes(stream, steps)


def _inside(place: str, value: Any) -> Iterable[tuple[str, Any]] | None:
    if isinstance(value, Mapping) and value:
        return ((_at_key(place, key), item) for key, item in value.items())
    if isinstance(value, list) and value:
        return ((f"{place}[{number}]", item) for number, item in enumerate(value))
    if isinstance(value, tuple) and value:
        return ((f"{place}({number})", item) for number, item in enumerate(value))
    return None


def _at_key(place: str, key: Any) -> str:
    if isinstance(key, str):
        return below(place, key)
    if isinstance(key, tuple) and not all(isinstance(part, str | int | float) for part in key):
        # Tuples of tuples of one tuple are written in few bytes, and shown in endless ones.
        raise BudgetError("a key holds more than texts and numbers")
    return f"{place}{{{key!r}}}"


def _torch_tensor(value: Any, budget: Budget) -> Tensor:
    """Raises `TypeError` for what NumPy cannot hold: sparse and quantised tensors, and types of eight bits."""
    import torch

    # A tensor that is expanded has more values than its storage.
    budget.spend(size=_ARRAY + value.numel() * max(value.element_size(), 4))
    dtype = str(value.dtype).removeprefix("torch.")
    plain = value.detach().resolve_conj().resolve_neg()
    return Tensor(dtype, np.array((plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()))


def _require_plain(dtype: Any) -> None:
    """Refuse objects, records, and what is compared as doubles but is wider."""
    if dtype.kind not in "biufcSUmM" or dtype.itemsize > {"f": 8, "c": 16}.get(dtype.kind, 1 << 31):
        raise ValueError(f"an array of {dtype}")
