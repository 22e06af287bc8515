"""One file: its digest, and what it says where its kind is known and it can be read without executing anything."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

from compatkit.budget import MIB, Budget, BudgetError
from compatkit.equivalence.reading.contents.arrays import read_npy, read_npz, read_safetensors, read_torch
from compatkit.equivalence.reading.contents.csv_rows import read_csv
from compatkit.equivalence.reading.contents.images import read_image
from compatkit.equivalence.reading.contents.json_values import read_json, read_json_lines
from compatkit.equivalence.reading.contents.pickle_values import read_pickle, read_torch_pickle
from compatkit.equivalence.reading.contents.text_lines import read_pdf, read_svg, read_text
from compatkit.equivalence.reading.contents.yaml_values import read_yaml
from compatkit.equivalence.reading.contents.zipped import read_zip
from compatkit.equivalence.snapshot import Content, File


def _read_checkpoint(path: Path, budget: Budget) -> Content:
    try:
        return read_torch(path, budget)
    except pickle.UnpicklingError:
        # More than tensors and numbers, such as a whole model.
        return read_torch_pickle(path, Budget(size=path.stat().st_size))


# How a kind is read, and up to which size; PyYAML is slow, and arrays stay in memory.
_Reader = tuple[Callable[[Path, Budget], Content], int]
_READERS: Mapping[str, _Reader] = {
    **dict.fromkeys([".json"], (read_json, 16 * MIB)),
    **dict.fromkeys([".jsonl", ".ndjson"], (read_json_lines, 16 * MIB)),
    **dict.fromkeys([".yaml", ".yml"], (read_yaml, 2 * MIB)),
    **dict.fromkeys([".csv", ".tsv"], (read_csv, 16 * MIB)),
    **dict.fromkeys([".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"], (read_image, 64 * MIB)),
    ".npy": (read_npy, 1024 * MIB),
    ".npz": (read_npz, 1024 * MIB),
    ".safetensors": (read_safetensors, 1024 * MIB),
    **dict.fromkeys([".bin", ".ckpt", ".pt", ".pth"], (_read_checkpoint, 1024 * MIB)),
    **dict.fromkeys([".joblib", ".pickle", ".pkl"], (read_pickle, 1024 * MIB)),
    **dict.fromkeys([".htm", ".html", ".md", ".txt"], (read_text, 16 * MIB)),
    ".pdf": (read_pdf, 64 * MIB),
    ".svg": (read_svg, 16 * MIB),
}
# Of an archive within an archive, the digest is read: one may hold itself.
_ARCHIVES = {".keras", ".skops", ".zip"}


def read_file(path: Path, name: str) -> tuple[File, list[str]]:
    """Return the file, and a note where it is compared by digest though its kind is known.

    By digest a file that cannot be read differs from every other, so that what is broken is equal to its copy alone.
    """
    budget = Budget(size=path.stat().st_size)
    if path.suffix.lower() not in _ARCHIVES:
        return _read(path, name, budget, _READERS)
    archives = dict.fromkeys(_ARCHIVES, (lambda path, budget: read_zip(path, budget, _read_member), 1024 * MIB))
    return _read(path, name, budget, archives)


def _read_member(path: Path, budget: Budget) -> File:
    return _read(path, path.name, budget, _READERS)[0]


def _read(path: Path, name: str, budget: Budget, readers: Mapping[str, _Reader]) -> tuple[File, list[str]]:
    with path.open("rb") as stream:
        file = File(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)
    suffix = path.suffix.lower()
    if suffix not in readers:
        return file, []
    read, limit = readers[suffix]
    if file.size > limit:
        return file, [_note(name, f"it is larger than {limit // MIB} MiB")]
    try:
        return File(file.digest, file.size, read(path, budget)), []
    except ImportError as error:
        return file, [_note(name, f"{error.name} is not installed")]
    except BudgetError as error:
        return file, [_note(name, error.what)]
    except Exception as error:  # noqa: BLE001 - the outermost loop over files that others wrote, and any library reads
        return file, [_note(name, f"it cannot be read as {suffix[1:]} ({type(error).__name__})")]


def _note(name: str, why: str) -> str:
    return f"{name!r} is compared by digest: {why}"
