"""Lightning: the rows of `CSVLogger`'s metrics.csv, and `callback_metrics`, taken once an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compatkit.record.formats._rows import Row, as_rows, ascending, is_scalar, merged, renamed

WHY = "in the epoch that its row names, or that logs next; of several the last counts"


def read(history: object) -> list[Row] | None:
    """Read a list of `callback_metrics`, or one of them: 0-d tensors under names that the user chose.

    They have no epoch; in a list they are numbered by their places.
    """
    rows = as_rows([history] if isinstance(history, Mapping) else history, _are_tensors)
    if rows is None or not all(map(_are_tensors, rows)):
        return None
    names = _means(name for row in rows for name in row)
    found = [renamed(row, names) for row in rows]
    return found if isinstance(history, Mapping) else [{"epoch": n, **row} for n, row in enumerate(found, start=1)]


def is_csv(rows: Sequence[Row], header: Sequence[str]) -> bool:
    """True for the rows of a CSVLogger, without blanks.

    Either each row has the values of one moment only, and epochs count from 0, or after a resumption from where it
    was; or one row an epoch has the epoch's last step. Lightning sorts the columns.
    """
    names = {name for row in rows for name in row}
    if not {"epoch", "step"} <= names or not all("step" in row for row in rows):
        return False
    epochs = [row["epoch"] for row in rows if "epoch" in row]
    if not all(type(number) is int for number in (*epochs, *(row["step"] for row in rows))):
        return False
    is_sorted = list(header) == sorted(header)
    if all(row.keys() < names for row in rows):
        return is_sorted or 0 in epochs
    return is_sorted and _are_last_steps(rows)


def _are_last_steps(rows: Sequence[Row]) -> bool:
    """True where rows of the epochs 0, 1, … have the steps n - 1, 2n - 1, …, which both count from 0."""
    length = int(str(rows[0]["step"])) + 1
    wanted = [(epoch, length * (epoch + 1) - 1) for epoch in range(len(rows))]
    return length > 1 and [(row.get("epoch"), row["step"]) for row in rows] == wanted


def read_lightning_csv(rows: Sequence[Row]) -> list[Row]:
    """Merge a CSVLogger's rows, whose blanks are gone, into one an epoch. Lightning counts epochs from 0, we from 1.

    A row without an epoch, as from LearningRateMonitor, belongs to the epoch that logs next. Of what is logged at
    steps, the last value of an epoch counts. What a test after the training logs joins the last epoch.
    """
    names = _means(name for row in rows for name in row)
    placed = list(_with_epochs(rows))
    ascending(((epoch, epoch) for epoch, _ in placed), "the rows of Lightning's metrics.csv")
    return without_test(merged((epoch, renamed(row, names)) for epoch, row in placed))


def without_test(epochs: list[Row]) -> list[Row]:
    """Let a test after the training join its last epoch.

    Lightning gives it the number of an epoch that was never trained; no other epoch has any of its names.
    """
    *trained, test = epochs
    own = {name: value for name, value in test.items() if name not in {"epoch", "step"}}
    if not trained or any(name in row for row in trained for name in own):
        return epochs
    return [*trained[:-1], {**trained[-1], **own}]


def _with_epochs(rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    following = max(int(str(row["epoch"])) for row in rows if "epoch" in row)
    placed = []
    for row in reversed(rows):
        following = int(str(row["epoch"])) if "epoch" in row else following
        placed.append((following + 1, row))
    return reversed(placed)


def _means(names: Iterable[str]) -> dict[str, str]:
    """Return the new names of what Lightning splits in two: `x_epoch`, the mean, is `x`; `x_step` keeps its name."""
    known = Counter(names)
    means = {name: name.removesuffix("_epoch") for name in known if name.endswith("_epoch")}
    return {name: mean for name, mean in means.items() if f"{mean}_step" in known and mean not in known}


def _are_tensors(row: Mapping[str, Any]) -> bool:
    # `detach` is a tensor's; a NumPy scalar in a row is anybody's.
    return bool(row) and "epoch" not in row and all(hasattr(v, "detach") and is_scalar(v) for v in row.values())
