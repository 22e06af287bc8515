"""MLflow's `model.pt2`, a zip archive of raw tensors, JSON tables of their names, and the graph as JSON.

Nothing in it is executed. What is neither read here nor known to name the occasion is compared by digest."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.structured import require_few_values
from compatkit.equivalence.reading.contents.unpacked import opened_zip
from compatkit.equivalence.reading.graph import graph_details, graph_layers, graph_operations, unknown_settings
from compatkit.equivalence.snapshot import File, Layer, Tensor

# torch's serialised ScalarType (torch._export.serde.schema), with the NumPy dtype that holds the raw bytes.
_DTYPES: dict[int, tuple[str, type[np.generic]]] = {
    1: ("uint8", np.uint8),
    2: ("int8", np.int8),
    3: ("int16", np.int16),
    4: ("int32", np.int32),
    5: ("int64", np.int64),
    6: ("float16", np.float16),
    7: ("float32", np.float32),
    8: ("float64", np.float64),
    10: ("complex64", np.complex64),
    11: ("complex128", np.complex128),
    12: ("bool", np.bool_),
    13: ("bfloat16", np.uint16),
    28: ("uint16", np.uint16),
    34: ("uint32", np.uint32),
    35: ("uint64", np.uint64),
}
_STRIDED = 7  # torch's serialised Layout


def read_tensor(raw: bytes, meta: Mapping[str, Any], budget: Budget) -> Tensor:
    """Read a tensor. Raises `ValueError` or `LookupError` where it is not a plain one inside its buffer."""
    name, dtype = _DTYPES[meta["dtype"]]
    shape = [size["as_int"] for size in meta["sizes"]]
    strides = [stride["as_int"] for stride in meta["strides"]]
    offset = meta["storage_offset"]["as_int"]
    flat: NDArray[Any] = np.frombuffer(raw, dtype=dtype)
    if meta["layout"] != _STRIDED or min(offset, *shape, *strides, 0) < 0:
        raise ValueError("not a plain tensor")
    # The place of the last value, counted in values; a tensor without any may lie anywhere.
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if 0 not in shape and last >= flat.size:
        raise ValueError("strides leave the buffer")
    # A stride of nothing repeats one value as often as the table claims.
    budget.spend(size=2 * math.prod(shape) * flat.itemsize)
    steps = [stride * flat.itemsize for stride in strides]
    values: NDArray[Any] = np.array(np.lib.stride_tricks.as_strided(flat[offset:], shape, steps))
    if name == "bfloat16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return Tensor(name, values)


# torch.export.pt2_archive.constants; the name of a constant is marked, lest it hide a weight of that name.
_TABLES = {
    "data/weights/model_weights_config.json": "",
    "data/constants/model_constants_config.json": "constant ",
}
_GRAPH = "models/model.json"
# The writer's versions, and a checksum over all members, stack traces with source paths included.
_OCCASION = {
    "archive_format",
    "archive_version",
    "version",
    "byteorder",
    ".data/version",
    ".data/serialization_id",
    ".format_version",
    ".storage_alignment",
}


@dataclass(frozen=True, slots=True)
class Archive:
    """The content of an archive.

    `unread` are its weights and constants that need unpickling, which are in `files` too; `unknown` are layers of which
    it does not tell the settings.
    """

    operations: tuple[str, ...]
    layers: tuple[Layer, ...] = ()
    tensors: dict[str, Tensor] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_archive(path: Path) -> Archive | None:
    """Return what is in the archive, or None where it is not of the known form."""
    budget = Budget(size=path.stat().st_size)
    try:
        with opened_zip(path, budget) as opened:
            members = _Members(opened, budget)
            program = members.json(_GRAPH)
            archive = Archive(graph_operations(program), graph_layers(program), details=graph_details(program))
            understood = {name for table in _TABLES for name in _read_table(archive, members, table, budget)}
            for name in sorted(members.names.keys() - understood - _OCCASION - {_GRAPH}):
                archive.files[name] = _digest(members.read(name))
            archive.unknown.extend(unknown_settings(program, [*archive.tensors, *archive.unread]))
            return archive
    except Exception:  # noqa: BLE001 - whatever is wrong with what others wrote: it is compared by digest, with a note
        return None


class _Members:
    """The members by their names below the root, which is named after the file that was written."""

    def __init__(self, opened: zipfile.ZipFile, budget: Budget) -> None:
        listed = [name.partition("/") for name in opened.namelist()]
        if len({root for root, _, _ in listed}) != 1 or len(set(listed)) != len(listed):
            raise ValueError("not one root, or two members of one name")
        self.names = {name: root + slash + name for root, slash, name in listed}
        self._opened = opened
        self._budget = budget
        if "byteorder" in self.names and self.read("byteorder").decode() != sys.byteorder:
            raise ValueError("written on a machine of the other byte order")

    def read(self, name: str) -> bytes:
        # Counted again: several entries may name one member.
        self._budget.spend(size=self._opened.getinfo(self.names[name]).file_size)
        return self._opened.read(self.names[name])

    def json(self, name: str) -> Any:
        raw = self.read(name)
        require_few_values(raw, self._budget)
        return json.loads(raw)


def _read_table(archive: Archive, members: _Members, table: str, budget: Budget) -> set[str]:
    """Read the tensors of one table, and return the members that are understood thereby."""
    folder, prefix = table.rpartition("/")[0], _TABLES[table]
    if table not in members.names:
        return set()
    understood = {table}
    for key, entry in members.json(table)["config"].items():
        name, payload = f"{prefix}{key}", f"{folder}/{entry['path_name']}"
        if name in archive.details:
            raise ValueError("two entries of one name")
        archive.details[name] = _described(entry)
        if entry["use_pickle"]:
            archive.files[name] = _digest(members.read(payload))
            archive.unread.append(name)
        else:
            archive.tensors[name] = read_tensor(members.read(payload), entry["tensor_meta"], budget)
        understood.add(payload)
    return understood


def _described(entry: Mapping[str, Any]) -> str:
    """Return what a table says of a tensor, but for where in the archive its values lie and how."""
    meta = entry["tensor_meta"] or {}
    kept = {key: value for key, value in meta.items() if key not in {"strides", "storage_offset"}}
    return json.dumps({**entry, "tensor_meta": kept, "path_name": ""}, sort_keys=True)


def _digest(content: bytes) -> File:
    return File(hashlib.sha256(content).hexdigest(), len(content))
