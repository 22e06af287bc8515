"""Note the settings of a model's layers that weights do not show: a change there would not be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from compatkit.equivalence.reading.archive import Archive
from compatkit.equivalence.snapshot import File, Model

_NAMED = 3


def layer_notes(model: str, archive: Archive) -> list[str]:
    """Say which layers of an exported model may be set otherwise though their graph is the same."""
    notes = []
    if archive.operations and not archive.layers:
        notes.append(f"model {model!r} does not say which layers its operations belong to: classes are not compared")
    if archive.unknown:
        notes.append(
            f"model {model!r} was exported where these layers leave nothing in its graph: {_some(archive.unknown)}; "
            "how they are set is not compared"
        )
    return notes


def weights_alone_note(models: Mapping[str, Model], artifacts: Mapping[str, File]) -> list[str]:
    """Say so where a run kept weights in files, and nowhere the layers that they belong to."""
    if any(model.operations for model in models.values()):
        return []
    inside = ((f"{name}: {file}", said) for name, model in models.items() for file, said in model.files.items())
    alone = [name for name, file in chain(artifacts.items(), inside) if file.content and file.content.kind == "tensors"]
    if not alone:
        return []
    hint = "a stride or a dropout is not in them; log a model, or repr(model) as a text, to have that compared"
    return [f"weights without their layers: {_some(alone)}: {hint}"]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(sorted(names)[:_NAMED])}{more}"
