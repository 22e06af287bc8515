"""One file: its digest, and what it says where its kind is known and it can be read without executing anything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from compatkit.budget import MIB, Budget, BudgetError
from compatkit.equivalence.reading.contents.arrays import read_npy, read_npz, read_safetensors, read_torch
from compatkit.equivalence.reading.contents.csv_rows import read_csv
from compatkit.equivalence.reading.contents.images import read_image
from compatkit.equivalence.reading.contents.json_values import read_json, read_json_lines
from compatkit.equivalence.reading.contents.yaml_values import read_yaml
from compatkit.equivalence.snapshot import Content, File

# How a kind is read, and up to which size; PyYAML is slow, and arrays stay in memory.
_READERS: dict[str, tuple[Callable[[Path, Budget], Content], int]] = {
    **dict.fromkeys([".json"], (read_json, 16 * MIB)),
    **dict.fromkeys([".jsonl", ".ndjson"], (read_json_lines, 16 * MIB)),
    **dict.fromkeys([".yaml", ".yml"], (read_yaml, 2 * MIB)),
    **dict.fromkeys([".csv", ".tsv"], (read_csv, 16 * MIB)),
    **dict.fromkeys([".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"], (read_image, 64 * MIB)),
    ".npy": (read_npy, 1024 * MIB),
    ".npz": (read_npz, 1024 * MIB),
    ".safetensors": (read_safetensors, 1024 * MIB),
    **dict.fromkeys([".bin", ".ckpt", ".pt", ".pth"], (read_torch, 1024 * MIB)),
}
_PICKLES = {".joblib", ".pickle", ".pkl"}


def read_file(path: Path, name: str) -> tuple[File, list[str]]:
    """Return the file, and a note where it is compared by digest though its kind is known.

    By digest a file that cannot be read differs from every other, so that what is broken is equal to its copy alone.
    """
    with path.open("rb") as stream:
        file = File(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        return file, [_note(name, "it is a pickle, which is not executed")]
    if suffix not in _READERS:
        return file, []
    read, limit = _READERS[suffix]
    if file.size > limit:
        return file, [_note(name, f"it is larger than {limit // MIB} MiB")]
    try:
        return File(file.digest, file.size, read(path, Budget(size=file.size))), []
    except ImportError as error:
        return file, [_note(name, f"{error.name} is not installed")]
    except BudgetError as error:
        return file, [_note(name, error.what)]
    except Exception as error:  # noqa: BLE001 - the outermost loop over files that others wrote, and any library reads
        return file, [_note(name, f"it cannot be read as {suffix[1:]} ({type(error).__name__})")]


def _note(name: str, why: str) -> str:
    return f"{name!r} is compared by digest: {why}"
