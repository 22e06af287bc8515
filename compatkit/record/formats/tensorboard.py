"""TensorBoard: a folder of event files, read by tensorboard's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from compatkit.record.errors import RecordError
from compatkit.record.formats import lightning
from compatkit.record.formats._rows import Points, Row, by_logged_epoch, placing

WHY = "at the step with which it was written, which counts epochs"
_EVENTS = "events.out.tfevents.*"
# Keras's callback writes a folder for each set, under names of its own.
_KERAS = {"train": "train", "validation": "val"}


def read(history: object) -> list[Row] | None:
    """Read a row an epoch of a folder, an event file or an `EventAccumulator`.

    A scalar `epoch`, as Lightning writes it, says which steps are of which epoch. Without it the steps must be the
    epochs: the same for all scalars, one after the other. Raises `RecordError` where they are not, and where one was
    written twice.
    """
    if (points := _points(history)) is None:
        return None
    if not points:
        raise RecordError(
            "The folder's events hold no scalars.",
            where=str(history),
            hint="name the folder that holds them: add_scalars() writes each of its scalars into a folder of its own",
        )
    if "epoch" in points:
        if (rows := by_logged_epoch(points, "the scalar 'epoch'")) is None:
            raise _uncertain(points)
        return lightning.without_test(rows)
    for name, column in points.items():
        steps = [step for step, _ in column]
        if len(set(steps)) < len(steps):
            raise RecordError.repeated_epoch(next(n for n in steps if steps.count(n) > 1), f"the scalar {name!r}")
    found = {tuple(step for step, _ in column) for column in points.values()}
    numbers = min(found, default=())
    if len(found) != 1 or list(numbers) != list(range(numbers[0], numbers[0] + len(numbers))):
        raise _uncertain(points)
    added = 1 if any(name.startswith(("train_", "val_")) for name in points) and _is_keras(history) else 0
    return [{"epoch": n + added, **{name: dict(column)[n] for name, column in points.items()}} for n in numbers]


def _points(history: Any) -> dict[str, list[tuple[int, object]]] | None:
    if hasattr(history, "Tags") and hasattr(history, "Scalars"):
        return _scalars(history)
    if not isinstance(history, str | Path) or not _is_place(Path(history)):
        return None
    path = Path(history)
    if _is_keras(path):
        placing().because("epoch", "Keras's TensorBoard callback counts from 0")
        folders = [(path / name, prefix) for name, prefix in _KERAS.items() if (path / name).is_dir()]
        return {
            f"{prefix}_{name.removeprefix('epoch_')}": column
            for folder, prefix in folders
            for name, column in _scalars(_accumulator(folder)).items()
            if name.startswith("epoch_")
        }
    return _scalars(_accumulator(path))


def _is_place(path: Path) -> bool:
    try:
        return ".tfevents." in path.name or (path.is_dir() and (any(path.glob(_EVENTS)) or _is_keras(path)))
    except OSError:  # a text that is too long for a path
        return False


def _is_keras(path: object) -> bool:
    return isinstance(path, str | Path) and any(Path(path, "train").glob(_EVENTS))


def _accumulator(path: Path) -> Any:
    try:
        accumulators = import_module("tensorboard.backend.event_processing.event_accumulator")
    except ImportError as error:
        raise RecordError(
            f"TensorBoard's own reader is needed to read its events: {error}.",
            where=str(path),
            hint="pip install tensorboard, or pass an EventAccumulator",
        ) from error
    # 0 is no limit; by default it would leave points out.
    unlimited = {"scalars": 0, "tensors": 0}
    return accumulators.EventAccumulator(str(path), size_guidance=unlimited, purge_orphaned_data=False).Reload()


def _scalars(events: Any) -> dict[str, list[tuple[int, object]]]:
    tags = events.Tags()
    found = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags.get("scalars", ())}
    found.update((tag, column) for tag in tags.get("tensors", ()) if (column := list(_tensors(events, tag))))
    return found


def _tensors(events: Any, tag: str) -> Iterator[tuple[int, object]]:
    """Yield the scalars that newer writers keep as tensors; texts, images and graphs are tensors as well."""
    tensors = import_module("tensorboard.util.tensor_util")
    for event in events.Tensors(tag):
        value = tensors.make_ndarray(event.tensor_proto)
        if value.ndim or value.dtype.kind not in "fiu":
            return
        yield event.step, value.item()


def _uncertain(points: Points) -> RecordError:
    shown = ", ".join(f"{name} {len(column)}" for name, column in points.items())
    return RecordError(
        f"The steps of the scalars are not one after the other, the same for all, hence no epochs: {shown} points.",
        where="the TensorBoard events",
        hint="write each with its epoch as step, or write a scalar `epoch` at each step",
    )
