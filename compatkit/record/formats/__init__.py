"""Read the histories of other frameworks, told apart by structure; no framework is imported.

Every adapter is a module with `read(history)`, which returns one row an epoch under v2 names, or None for what is
not its own. A plain list of dicts is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

from compatkit.record.errors import RecordError
from compatkit.record.formats import (
    boosting,
    delimited,
    detectron2,
    fastai,
    frames,
    huggingface,
    ignite,
    keras,
    lightning,
    mlflow_run,
    mmengine,
    skorch,
    tensorboard,
    wandb,
)
from compatkit.record.formats._rows import Row, as_rows, placing

KNOWN = (
    "Keras History",
    "Hugging Face log_history",
    "Lightning CSV or callback_metrics",
    "skorch history",
    "XGBoost or LightGBM evaluation results",
    "fastai Recorder",
    "ignite states",
    "an MLflow run",
    "W&B history rows",
    "detectron2 or mmengine JSON lines",
    "a pandas or polars DataFrame",
    "a folder of TensorBoard events",
    "a CSV or JSON lines file",
)
_ADAPTERS = (
    *(huggingface, skorch, ignite, fastai, mlflow_run, delimited, lightning),
    *(wandb, detectron2, mmengine, tensorboard, boosting, keras),
)


def read_known(history: object) -> list[Row] | None:
    """Return one row an epoch of a history in a known shape, or None.

    Raises `RecordError` for a history whose shape is known, but whose epochs cannot be told for certain.
    """
    if (rows := frames.frame_rows(history)) is not None:
        placing().reader = "frames"
        known = _read(rows) if as_rows(rows) else None
        return delimited.rows_of_file(rows, "a DataFrame") if known is None else known
    if (content := delimited.file_content(history)) is None:
        return _read(history)
    if (rows := _read(content)) is not None:
        return rows
    if not isinstance(content, list):
        raise RecordError.unreadable_file(str(history), f"it holds {phrase_for(content)}, which no reader knows")
    placing().reader = "delimited"
    return delimited.rows_of_file(content, str(history))


def _read(history: object) -> list[Row] | None:
    for adapter in _ADAPTERS:
        rows: list[Row] | None = adapter.read(history)
        if rows is not None:
            placing().reader = adapter.__name__.rpartition(".")[2]
            for name in dict.fromkeys(name for row in rows for name in row):
                placing().because(name, getattr(adapter, "WHY", "in the epoch of its row"))
            return rows
    return None


def phrase_for(history: object) -> str:
    """Say in a phrase what `history` is."""
    kind = f"a {type(history).__qualname__}"
    if isinstance(history, Mapping):
        return f"{kind} of {_listed(history)} to {_kinds(history.values())}"
    if isinstance(history, list | tuple):
        return f"{kind} of {len(history)}, {_kinds(history) or 'nothing'}"
    if isinstance(history, PurePath):
        return f"the path {str(history)!r}"
    if isinstance(history, str | bytes):
        return f"the {type(history).__name__} {history[:40]!r}"
    return f"{kind} of the module {type(history).__module__}"


def _listed(names: Iterable[object]) -> str:
    shown = [repr(name) for name in names]
    return ", ".join(shown[:3] + (["…"] if len(shown) > 3 else [])) or "nothing"


def _kinds(values: Iterable[object]) -> str:
    return ", ".join(sorted({type(value).__qualname__ for value in values})[:3])
