"""The text of a snapshot back into a snapshot; nothing in it is executed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compatkit.budget import MIB, Budget
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.history import History
from compatkit.equivalence.snapshot import Content, Dataset, File, Layer, Model, Snapshot
from compatkit.equivalence.snapshots.lines import read_number, tensor_of_line
from compatkit.equivalence.snapshots.write import FORMAT, VERSION

# Weights of zeros take few bytes: so much may any file unpack to, and a multiple of it.
_LEAST = 128 * MIB
_WITHOUT_LAYERS = 1  # the version
_HEAD = re.compile(rf'\{{\s*"format"\s*:\s*"{FORMAT}"\s*,\s*"version"\s*:\s*([0-9]{{1,9}})\b')
_TAIL = re.compile(r' "sha256": "([0-9a-f]{64})"\n\}\n?\Z')
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, OSError)


def parse_snapshot(raw: bytes, path: Path) -> Snapshot:
    """Return the snapshot; `path` is for messages. Raises `EquivalenceError` unless every byte is as it was written.

    Line ends may have become CRLF, as git makes them on Windows.
    """
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise EquivalenceError.no_snapshot_file(path) from error
    head = _HEAD.match(text)
    if head is None:
        raise EquivalenceError.no_snapshot_file(path)
    version = int(head[1])
    if not _WITHOUT_LAYERS <= version <= VERSION:
        raise EquivalenceError(
            f"The snapshot has version {version} of the format, this compatkit knows version {VERSION}.",
            where=str(path),
            hint="upgrade compatkit, or take the snapshot again",
        )
    tail = _TAIL.search(text)
    if tail is None:
        raise EquivalenceError(
            "The snapshot is cut: its last lines are not there.", where=str(path), hint="take it again"
        )
    if hashlib.sha256(text[: tail.start()].encode()).hexdigest() != tail[1]:
        raise EquivalenceError(
            "The snapshot is not as it was written: its checksum differs.",
            where=str(path),
            hint="take it again, or restore the file; it is not to be edited by hand",
        )
    try:
        said = json.loads(text)["run"]
        # The values that it claims to hold are counted before they are made.
        run = _run(said.pop("run_id"), said, Budget(size=max(len(raw), _LEAST)))
    except _MALFORMED as error:
        raise EquivalenceError(
            f"The snapshot cannot be understood: {type(error).__name__}: {error}.",
            where=str(path),
            hint="take it again",
        ) from error
    return _of_old_version(run, version, path) if version < VERSION else run


def _of_old_version(run: Snapshot, version: int, path: Path) -> Snapshot:
    """Say what an old version does not hold, so that it is not taken for nothing."""
    models = [model for snapshot in _with_children(run) for model in snapshot.models.values()]
    is_of = f"{path.name} is of version {version}"
    notes = []
    if version == _WITHOUT_LAYERS and any(model.operations for model in models):
        notes.append(f"{is_of}, which holds no layers of models: classes are not compared")
    if models:
        notes.append(f"{is_of}, which does not hold which model a metric is of: that is not compared")
    return replace(_without_model_metrics(run), notes=(*run.notes, *notes))


def _without_model_metrics(run: Snapshot) -> Snapshot:
    models = {name: replace(model, metrics=None) for name, model in run.models.items()}
    children = {name: _without_model_metrics(child) for name, child in run.children.items()}
    return replace(run, models=models, children=children)


def _with_children(run: Snapshot) -> Iterator[Snapshot]:
    yield run
    for child in run.children.values():
        yield from _with_children(child)


def _run(run_id: str, said: Mapping[str, Any], budget: Budget) -> Snapshot:
    """Build a run. What is said beyond the known parts is a `TypeError`: it would not be compared."""
    readers: dict[str, Callable[[Any], Any]] = {
        "metrics": _metrics,
        "artifacts": lambda files: _files(files, budget),
        "models": lambda models: {name: _model(model, budget) for name, model in models.items()},
        "datasets": lambda datasets: {name: Dataset(**dataset) for name, dataset in datasets.items()},
        "notes": tuple,
        "unread": tuple,
        "trace": "\n".join,
        "children": lambda children: {name: _run(name, child, budget) for name, child in children.items()},
    }
    return Snapshot(run_id, **{part: readers.get(part, _as_it_is)(value) for part, value in said.items()})


def _as_it_is(value: Any) -> Any:
    return value


def _metrics(said: Mapping[str, Any]) -> dict[str, History]:
    return {name: History.of((step, read_number(value)) for step, value in points) for name, points in said.items()}


def _files(said: Mapping[str, Any], budget: Budget) -> dict[str, File]:
    return {name: _file(budget, **file) for name, file in said.items()}


def _file(
    budget: Budget,
    /,
    *,
    bytes: int,  # noqa: A002  # the name in the format
    sha256: str,
    kind: str | None = None,
    values: Mapping[str, str] | None = None,
    tensors: Mapping[str, Any] | None = None,
) -> File:
    if kind is None:
        return File(sha256, bytes)
    arrays = {name: tensor_of_line(tensor, budget) for name, tensor in (tensors or {}).items()}
    return File(sha256, bytes, Content(kind, values or {}, arrays))


def _model(said: Mapping[str, Any], budget: Budget) -> Model:
    readers: dict[str, Callable[[Any], Any]] = {
        "operations": tuple,
        "metrics": lambda by_data: {data: _metrics(metrics) for data, metrics in by_data.items()},
        "layers": lambda layers: tuple(Layer(*layer) for layer in layers),
        "files": lambda files: _files(files, budget),
        "tensors": lambda tensors: {name: tensor_of_line(tensor, budget) for name, tensor in tensors.items()},
    }
    return Model(**{part: readers.get(part, _as_it_is)(value) for part, value in said.items()})


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot that `save_snapshot` wrote; raises `EquivalenceError` unless it is all there, and unchanged."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EquivalenceError(
            f"The snapshot cannot be read: {error.strerror or str(error)}.",
            where=str(path),
            hint="check the path and permissions",
        ) from error
    return parse_snapshot(raw, path)
