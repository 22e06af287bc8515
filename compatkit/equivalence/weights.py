"""The files of a logged model, read without executing anything in them.

MLflow's `model.pt2` is a zip archive of raw tensors, a JSON table of their names, and the graph as JSON.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.snapshot import File, Model, Tensor

# torch's serialised ScalarType (torch._export.serde.schema), with the NumPy dtype that holds the raw bytes.
_DTYPES = {
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
}
# These name the environment or the occasion (ids, paths, times), not the model.
_NOT_COMPARED = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"}


def read_model(folder: Path, name: str) -> tuple[Model, list[str]]:
    """Read the model that MLflow saved in `folder`; also return notes on what could not be read as tensors."""
    tensors: dict[str, Tensor] = {}
    operations: tuple[str, ...] = ()
    files: dict[str, File] = {}
    notes: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        file = path.relative_to(folder).as_posix()
        if path.name in _NOT_COMPARED:
            continue
        if path.suffix == ".pt2" and (archive := _read_archive(path)):
            tensors, operations = archive
            continue
        files[file] = digest_file(path)
        if path.suffix in {".pt2", ".pth", ".pt", ".pkl", ".bin"}:
            notes.append(f"{file} of model {name!r} is compared by digest: its weights cannot be read safely")
    return Model(tensors, operations, _signature(folder / "MLmodel"), files), notes


def digest_file(path: Path) -> File:
    """Return the SHA-256 and the size of a file."""
    with path.open("rb") as stream:
        return File(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)


def _read_archive(path: Path) -> tuple[dict[str, Tensor], tuple[str, ...]] | None:
    """Return tensors and graph operations, or None where the archive is not of the known form."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            (table,) = [name for name in names if name.endswith("/weights/model_weights_config.json")]
            (graph,) = [name for name in names if name.endswith("/models/model.json")]
            entries = json.loads(archive.read(table))["config"]
            folder = table.rpartition("/")[0]
            tensors = {
                name: _tensor(archive.read(f"{folder}/{entry['path_name']}"), entry) for name, entry in entries.items()
            }
            return tensors, _operations(json.loads(archive.read(graph)))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError):
        # An unknown layout, or a weight that needs unpickling: the caller compares the file by digest, and says so.
        return None


def _tensor(raw: bytes, entry: dict[str, Any]) -> Tensor:
    meta = entry["tensor_meta"]
    if entry["use_pickle"] or meta["storage_offset"]["as_int"] != 0:
        raise ValueError("not a plain tensor")
    name, dtype = _DTYPES[meta["dtype"]]
    shape = [size["as_int"] for size in meta["sizes"]]
    itemsize = np.dtype(dtype).itemsize
    strides = [stride["as_int"] * itemsize for stride in meta["strides"]]
    flat: NDArray[Any] = np.frombuffer(raw, dtype=dtype)
    if any(span < 0 for span in strides) or sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) >= max(
        len(raw), 1
    ):
        raise ValueError("strides leave the buffer")
    values: NDArray[Any] = np.array(np.lib.stride_tricks.as_strided(flat, shape, strides))
    if name == "bfloat16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return Tensor(name, values)


def _operations(program: dict[str, Any]) -> tuple[str, ...]:
    """Return the graph's operations and their inputs in order, without the metadata that names source files."""
    nodes = program["graph_module"]["graph"]["nodes"]
    return tuple(f"{node['target']}{json.dumps(node['inputs'], sort_keys=True)}" for node in nodes)


def _signature(file: Path) -> str:
    """Return the model's signature and flavours from its MLmodel; ids, paths, versions and times are left out."""
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError:
        return ""
    flavours = sorted(document.get("flavors", {}))
    return json.dumps({"flavors": flavours, "signature": document.get("signature")}, sort_keys=True)
