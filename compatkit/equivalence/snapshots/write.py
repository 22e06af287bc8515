"""A snapshot as text: JSON, one entry a line, sorted, numbers exact, with a checksum as its last entry.

    {
     "format": "compatkit snapshot",
     "version": 3,
     "run": {
      "run_id": "8c592e32…",              a label: nothing is compared by it
      "status": "FINISHED",
      "params": {"epochs": "3"},
      "metrics": {"loss": [[1, 0.9], [2, 0.5], [3, "nan"]]},
      "tags": {"team": "vision"},
      "artifacts": {"a.csv": {"bytes": 12, "sha256": "…", "kind": "csv", "values": {"row 1": "…"}, "tensors": {}}},
      "models": {"model@0": {"signature": "…", "layers": [["0.conv", "torch.nn.Conv2d", 1]], "operations": [],
                 "details": {}, "files": {}, "metrics": {}, "tensors": {}}},
      "datasets": {"digits [training]#1": {"digest": "…", "schema": "…", "profile": "…", "tags": {}}},
      "notes": [],
      "unread": [],
      "children": {"fold 1#1": {"status": "FINISHED", …}},
      "trace": ["…"]                      the lines of compatkit/trace.json
     },
     "sha256": "…"                        of all that is above it
    }

Each value that is shown in one line here but has entries is broken into lines; what is empty is left out. Points are
`[step, value]`, layers `[path, class, operations]`. NaN and the infinities are texts, for which JSON has no number.
Tensors are described in `tensor_text`, and keep their order, which counts, as do layers and operations; all else is
sorted by name. Version 1 had neither layers nor a trace, version 2 neither the metrics of models nor what was not read;
both are still read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.snapshot import Dataset, File, Layer, Model, Point, Snapshot, Tensor
from compatkit.equivalence.snapshots.lines import (
    array_lines,
    number_line,
    object_lines,
    tensor_lines,
    text_line,
    texts_lines,
)

FORMAT = "compatkit snapshot"
VERSION = 3

_Entries = Iterator[tuple[str, str]]


def snapshot_text(snapshot: Snapshot) -> str:
    """Return the snapshot in the format above: the same text for equal snapshots, on any machine."""
    run = object_lines([("run_id", text_line(snapshot.run_id)), *_run(snapshot, 2)], 1)
    body = f'{{\n "format": {text_line(FORMAT)},\n "version": {VERSION},\n "run": {run},\n'
    return f'{body} "sha256": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'


def _run(snapshot: Snapshot, depth: int) -> _Entries:
    """Give the parts of a run. Children have no id: they are told by their names."""
    yield "status", text_line(snapshot.status)
    below = depth + 1
    sections = {
        "params": texts_lines(snapshot.params, depth),
        "metrics": _histories(snapshot.metrics, depth),
        "tags": texts_lines(snapshot.tags, depth),
        "artifacts": _files(snapshot.artifacts, depth),
        "models": object_lines(
            ((name, object_lines(_model(model, below + 1), below)) for name, model in sorted(snapshot.models.items())),
            depth,
        ),
        "datasets": object_lines(
            (
                (name, object_lines(_dataset(dataset, below + 1), below))
                for name, dataset in sorted(snapshot.datasets.items())
            ),
            depth,
        ),
        "notes": array_lines(map(text_line, snapshot.notes), depth),
        "children": object_lines(
            ((name, object_lines(_run(child, below + 1), below)) for name, child in sorted(snapshot.children.items())),
            depth,
        ),
        "unread": array_lines(map(text_line, snapshot.unread), depth),
        "trace": array_lines(map(text_line, snapshot.trace.split("\n") if snapshot.trace else ()), depth),
    }
    yield from _filled(sections)


def _histories(metrics: Mapping[str, Sequence[Point]], depth: int) -> str:
    return object_lines(((name, _points(points, depth + 1)) for name, points in sorted(metrics.items())), depth)


def _points(points: Sequence[Point], depth: int) -> str:
    return array_lines((f"[{step}, {number_line(value)}]" for step, value in points), depth)


def _files(files: Mapping[str, File], depth: int) -> str:
    return object_lines(
        ((name, object_lines(_file(file, depth + 2), depth + 1)) for name, file in sorted(files.items())), depth
    )


def _file(file: File, depth: int) -> _Entries:
    yield "bytes", str(file.size)
    yield "sha256", text_line(file.digest)
    if file.content is not None:
        yield "kind", text_line(file.content.kind)
        # In the order of the file: rows are not sorted as 1, 10, 2.
        values = object_lines(((place, text_line(text)) for place, text in file.content.values.items()), depth)
        yield from _filled({"values": values, "tensors": _tensors(file.content.tensors, depth)})


def _model(model: Model, depth: int) -> _Entries:
    yield "signature", text_line(model.signature)
    sections = {
        "metrics": object_lines(
            ((data, _histories(metrics, depth + 1)) for data, metrics in sorted((model.metrics or {}).items())), depth
        ),
        "layers": array_lines(map(_layer, model.layers), depth),
        "operations": array_lines(map(text_line, model.operations), depth),
        "details": texts_lines(model.details, depth),
        "files": _files(model.files, depth),
        "tensors": _tensors(model.tensors, depth),
    }
    yield from _filled(sections)


def _layer(layer: Layer) -> str:
    return f"[{text_line(layer.path)}, {text_line(layer.kind)}, {layer.operations}]"


def _dataset(dataset: Dataset, depth: int) -> _Entries:
    parts = {"digest": dataset.digest, "schema": dataset.schema, "profile": dataset.profile}
    yield from ((name, text_line(text)) for name, text in parts.items())
    yield from _filled({"tags": texts_lines(dataset.tags, depth)})


def _tensors(tensors: Mapping[str, Tensor], depth: int) -> str:
    return object_lines(((name, tensor_lines(tensor, depth + 1)) for name, tensor in tensors.items()), depth)


def _filled(sections: Mapping[str, str]) -> _Entries:
    return ((name, text) for name, text in sections.items() if text not in {"{}", "[]"})


def save_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot to a file, which is replaced in one step; see `write` for the format.

    Raises `EquivalenceError` where it cannot be written: then a file that was there still holds what it held.
    """
    # Imported here: it brings LibCST, which a comparison can do without.
    from compatkit.migrate.write import WriteError, write_output

    was_there = path.exists()
    try:
        write_output(path, snapshot_text(snapshot).encode())
    except WriteError as error:
        if not was_there:
            path.unlink(missing_ok=True)
        raise EquivalenceError(
            f"The snapshot is not written. {error.what}",
            where=str(path),
            hint="check the folder, its permissions and the free space; a file that was there is unchanged",
        ) from error
