"""What other frameworks return, each read by its adapter, told apart by structure; no framework is imported.

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
    fastai,
    huggingface,
    ignite,
    keras,
    lightning,
    mlflow_run,
    skorch,
)
from compatkit.record.formats._rows import Row

KNOWN = (
    "Keras History",
    "Hugging Face log_history",
    "Lightning CSV or callback_metrics",
    "skorch history",
    "XGBoost or LightGBM evaluation results",
    "fastai Recorder",
    "ignite states",
    "an MLflow run",
    "a CSV or JSON lines file",
)
_ADAPTERS = (huggingface, skorch, ignite, fastai, mlflow_run, delimited, lightning, boosting, keras)


def read_known(history: object) -> list[Row] | None:
    """Return one row an epoch of a history in a known shape, or None.

    Raises `RecordError` for a history whose shape is known, but whose epochs cannot be told for certain.
    """
    if (content := delimited.file_content(history)) is None:
        return _read(history)
    if (rows := _read(content)) is not None:
        return rows
    if not isinstance(content, list):
        raise RecordError.unreadable_file(str(history), f"it holds {describe(content)}, which no reader knows")
    return content


def _read(history: object) -> list[Row] | None:
    found = (adapter.read(history) for adapter in _ADAPTERS)
    return next((rows for rows in found if rows is not None), None)


def describe(history: object) -> str:
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
