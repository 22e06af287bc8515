"""One file: its digest, and what it says where its kind is known and it can be read without executing anything."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from compatkit.budget import MIB, Budget, BudgetError
from compatkit.equivalence.reading.contents.arrays import read_npy, read_npz, read_safetensors, read_torch
from compatkit.equivalence.reading.contents.event_files import read_events
from compatkit.equivalence.reading.contents.images import read_image
from compatkit.equivalence.reading.contents.parquet import read_parquet
from compatkit.equivalence.reading.contents.pickle_values import read_pickle, read_torch_pickle
from compatkit.equivalence.reading.contents.structured import (
    read_csv,
    read_json,
    read_json_lines,
    read_toml,
    read_yaml,
)
from compatkit.equivalence.reading.contents.text_lines import read_figure, read_pdf, read_text
from compatkit.equivalence.reading.contents.unpacked import read_packed
from compatkit.equivalence.reading.contents.zipped import read_tar, read_zip
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
    **dict.fromkeys([".geojson", ".ipynb", ".json"], (read_json, 16 * MIB)),
    **dict.fromkeys([".jsonl", ".ndjson"], (read_json_lines, 16 * MIB)),
    **dict.fromkeys([".yaml", ".yml"], (read_yaml, 2 * MIB)),
    ".toml": (read_toml, 2 * MIB),
    **dict.fromkeys([".csv", ".tsv"], (read_csv, 16 * MIB)),
    **dict.fromkeys([".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"], (read_image, 64 * MIB)),
    ".parquet": (read_parquet, 256 * MIB),
    ".npy": (read_npy, 1024 * MIB),
    ".npz": (read_npz, 1024 * MIB),
    ".safetensors": (read_safetensors, 1024 * MIB),
    **dict.fromkeys([".bin", ".ckpt", ".pt", ".pth"], (_read_checkpoint, 1024 * MIB)),
    **dict.fromkeys([".joblib", ".pickle", ".pkl"], (read_pickle, 1024 * MIB)),
    **dict.fromkeys([".htm", ".html", ".md", ".txt"], (read_text, 16 * MIB)),
    ".pdf": (read_pdf, 64 * MIB),
    **dict.fromkeys([".eps", ".ps", ".svg"], (read_figure, 16 * MIB)),
}
_EVENTS = "events.out.tfevents."
_TEXT = 16 * MIB
# Archives within archives are read to this depth, in which a compressed archive counts as two: one may hold itself.
_DEPTH = 3
_ARCHIVES = {".keras", ".skops", ".zip"}
# What is packed in a file that is called so; of the others, the rest of the name says it.
_INNER = {".svgz": ".svg", **dict.fromkeys([".tbz", ".tbz2", ".tgz", ".txz"], ".tar")}
_PACKED = {".bz2", ".gz", ".lzma", ".xz", *_INNER}


def read_file(path: Path, name: str) -> tuple[File, list[str]]:
    """Return the file, and a note where it is compared by digest though its kind is known.

    By digest a file that cannot be read differs from every other, so that what is broken is equal to its copy alone.
    """
    return _read(path, name, Budget(size=path.stat().st_size), _DEPTH)


def _reader(path: Path, depth: int) -> _Reader | None:
    """Return what reads a file; an archive goes by what it is, since many have names of their own, such as a wheel."""
    if path.name.startswith(_EVENTS):
        return read_events, 64 * MIB
    suffix = path.suffix.lower()
    if suffix in _PACKED:
        return (partial(_read_packed, depth=depth - 1), 1024 * MIB) if depth else None
    reader = _READERS.get(suffix) or ((read_text, _TEXT) if _is_text(path) else None)
    return reader or (_archive_reader(path, suffix, depth) if depth else None)


def _archive_reader(path: Path, suffix: str, depth: int) -> _Reader | None:
    read = partial(_read_member, depth=depth - 1)
    with path.open("rb") as stream:
        head = stream.read(262)
    if head.startswith(b"PK\3\4") or suffix in _ARCHIVES:
        return partial(read_zip, read=read), 1024 * MIB
    if head.endswith(b"ustar") or suffix == ".tar":
        return partial(read_tar, read=read), 1024 * MIB
    return None


def _is_text(path: Path) -> bool:
    """Tell whether a file of no known kind is UTF-8 without a NUL, such as a log or a setting."""
    if not 0 < path.stat().st_size <= _TEXT:
        return False
    raw = path.read_bytes()
    try:
        return b"\0" not in raw and bool(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _read_member(path: Path, budget: Budget, *, depth: int) -> File:
    return _read(path, path.name, budget, depth)[0]


def _read_packed(path: Path, budget: Budget, *, depth: int) -> Content:
    with tempfile.TemporaryDirectory(prefix="compatkit-") as folder:
        name = path.with_suffix(_INNER.get(path.suffix.lower(), "")).name
        return read_packed(path, budget, partial(_read_member, depth=depth), Path(folder, name))


def _read(path: Path, name: str, budget: Budget, depth: int) -> tuple[File, list[str]]:
    with path.open("rb") as stream:
        file = File(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)
    reader = _reader(path, depth)
    if reader is None:
        return file, []
    read, limit = reader
    if file.size > limit:
        return file, [_note(name, f"it is larger than {limit // MIB} MiB")]
    try:
        return File(file.digest, file.size, read(path, budget)), []
    except ImportError as error:
        return file, [_note(name, f"{error.name} is not installed")]
    except BudgetError as error:
        return file, [_note(name, error.what)]
    except Exception as error:  # noqa: BLE001 - the outermost loop over files that others wrote, and any library reads
        return file, [_note(name, f"it cannot be read as {path.suffix[1:] or 'text'} ({type(error).__name__})")]


def _note(name: str, why: str) -> str:
    return f"{name!r} is compared by digest: {why}"
