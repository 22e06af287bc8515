"""NumPy's files, safetensors, and what torch can load without executing anything."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from compatkit.equivalence.reading.contents.places import ROOT, below, put
from compatkit.equivalence.snapshot import Content, Tensor


def read_npy(path: Path) -> Content:
    """Return the array. Raises `ValueError`, `EOFError` or `OSError`; of an array of objects, too."""
    with path.open("rb") as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
        if stream.read(1):
            raise ValueError("more than an array")
    return Content("array", tensors={"array": _tensor(array)})


def read_npz(path: Path) -> Content:
    """Return the arrays by name; their order does not count."""
    with zipfile.ZipFile(path) as archive:
        if len(set(archive.namelist())) < len(archive.namelist()) or archive.testzip():
            raise ValueError("two arrays of one name, or a broken one")
    with np.load(path, allow_pickle=False) as arrays:
        return Content("array", tensors={name: _tensor(arrays[name]) for name in sorted(arrays.files)})


def read_safetensors(path: Path) -> Content:
    """Return the tensors by name and the metadata. Raises `ImportError` without safetensors and torch."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as opened:
        values = {f"metadata {key}": text for key, text in sorted((opened.metadata() or {}).items())}
        tensors = {name: _torch_tensor(opened.get_tensor(name)) for name in sorted(opened.keys())}
    return Content("tensors", values, tensors)


def read_torch(path: Path) -> Content:
    """Return the tensors and numbers of a checkpoint by place, with `weights_only`; the order of keys counts.

    Raises `pickle.UnpicklingError` where it holds more than that.
    """
    import torch

    values: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    _flatten(torch.load(path, map_location="cpu", weights_only=True), ROOT, values, tensors)
    return Content("tensors", values, tensors)


def _flatten(value: Any, place: str, values: dict[str, str], tensors: dict[str, Tensor]) -> None:
    import torch

    if isinstance(value, torch.Tensor):
        if place in tensors:
            raise ValueError(f"{place} twice")
        tensors[place] = _torch_tensor(value)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            _flatten(each, below(place, key) if isinstance(key, str) else f"{place}{{{key!r}}}", values, tensors)
        if not value:
            put(values, place, "{}")
    elif isinstance(value, list | tuple) and value:
        for number, each in enumerate(value):
            mark = f"[{number}]" if isinstance(value, list) else f"({number})"
            _flatten(each, f"{place}{mark}", values, tensors)
    elif value is None or type(value) in {bool, int, float, str, bytes, list, tuple, torch.dtype, torch.device}:
        put(values, place, repr(value))
    else:
        raise ValueError(f"{type(value).__name__} at {place}")


def _torch_tensor(value: Any) -> Tensor:
    """Raises `TypeError` for what NumPy cannot hold: sparse and quantised tensors, and types of eight bits."""
    import torch

    dtype = str(value.dtype).removeprefix("torch.")
    plain = value.detach().resolve_conj().resolve_neg()
    return Tensor(dtype, np.array((plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()))


def _tensor(array: Any) -> Tensor:
    """Refuse what is compared as doubles but is wider, and records."""
    if array.dtype.kind not in "biufcSUmM" or array.dtype.itemsize > {"f": 8, "c": 16}.get(array.dtype.kind, 1 << 31):
        raise ValueError(f"an array of {array.dtype}")
    return Tensor(array.dtype.name, np.array(array, dtype=array.dtype.newbyteorder("=")))
