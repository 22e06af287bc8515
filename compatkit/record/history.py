"""Read any trainer's history as a list of records; the format of each record is found, not asked for.

A history that is no plain list keeps its type and its methods.
"""

from __future__ import annotations

import copy
import gc
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from itertools import chain, groupby
from typing import Any, Generic, Literal, TypeVar, cast, overload

from compatkit.record._attributes import stored_keys
from compatkit.record._layout import own_classes
from compatkit.record.compat_record import CompatRecord, spellings_of
from compatkit.record.epoch_record import EpochRecord
from compatkit.record.errors import RecordError
from compatkit.record.reading import ReadRun, run_reader

_NOT_MOVED = "in the record that has it; records are not moved"
Record = TypeVar("Record", bound=CompatRecord)

# From this length on, the collector's passes over the growing list cost as much as the reading.
_LONG = 10_000  # records
_MANY_KINDS = 256


@dataclass(frozen=True, slots=True)
class Explained(Generic[Record]):
    """A history that was read, and why each value stands where it does.

    Attributes:
        records: one an epoch.
        reader: what knew the history, as `keras` or `delimited`; `records` where it is a list of records.
        reasons: by v1 key, why the values of that name stand in the epochs in which they stand.
    """

    records: list[Record]
    reader: str
    reasons: Mapping[str, str]


@overload
def read_history(
    history: object, *, validated: Sequence[int] | None = None, counts_from: int | None = None
) -> list[EpochRecord]: ...
@overload
def read_history(
    history: object,
    *,
    explain: Literal[True],
    validated: Sequence[int] | None = None,
    counts_from: int | None = None,
) -> Explained[EpochRecord]: ...
def read_history(
    history: object,
    *,
    explain: bool = False,
    validated: Sequence[int] | None = None,
    counts_from: int | None = None,
) -> list[EpochRecord] | Explained[EpochRecord]:
    """Read what a trainer returned, one record an epoch: v1 dicts, v2 `EpochMetrics`, or both mixed.

    Also a class of one's own (a dataclass, `to_dict`, a named tuple, attrs, pydantic), and what Keras, Hugging Face,
    Lightning, skorch, XGBoost, LightGBM, fastai, ignite, MLflow, W&B, detectron2, mmengine, ultralytics and TensorBoard
    return or write, DataFrames, and CSV and JSON lines files.
    Values are handed on as they are, keys that are absent stay absent, extra keys and the order are kept.

    Where a history does not say it: `validated` are the epochs in which its shorter columns were measured,
    `counts_from` is what it calls its first epoch, 0 or 1. `explain` asks for the reasons beside the records.
    Raises `RecordError` for a shape that is not known, for values that cannot be placed for certain, and where one
    record has both spellings and they differ.
    """
    reader = HistoryReader(EpochRecord)
    if not explain and validated is None and counts_from is None:
        return reader.read(history)
    # A record alone needs no reader of histories.
    from compatkit.record.formats._rows import Placing, placed_by

    placing = Placing(validated, counts_from)
    with placed_by(placing):
        records = reader.read(history)
        placing.check_heard()
    if not explain:
        return records
    names = list(dict.fromkeys(name for record in records for name in _names_in(record)))
    to_v2 = spellings_of(EpochRecord).to_v2
    reasons = {name: placing.reasons.get(to_v2.get(name, name), _NOT_MOVED) for name in names}
    return Explained(records, placing.reader or "records", reasons)


def _names_in(record: Any) -> Iterable[str]:
    """Return the keys of a record, which need not be a dict; none of one that could only be handed on."""
    if isinstance(record, dict):
        return stored_keys(record)
    return record.keys() if hasattr(record, "keys") else ()


class HistoryReader(Generic[Record]):
    """Reads histories into records of one class; a record of somebody's own class stays one of that class, too.

    With `keeps_mappings`, so do those of the classes that the standard library derives from dict.
    """

    def __init__(self, record: type[Record], *, keeps_mappings: bool = False) -> None:
        self._record = record
        self._keeps_mappings = keeps_mappings
        self._readers: dict[type, ReadRun] = {}

    def read(self, history: object) -> list[Record]:
        """Read a whole history. Raises `RecordError` as `read_history` does."""
        records = _records(history)
        if isinstance(records, list) and len(records) >= _LONG:
            with _collector_paused():
                return self._read_each(records)
        return self._read_each(records)

    def read_in_place(self, history: object, *, converts: bool = False) -> object:
        """Read a history of one record an element, and let it keep its type and its methods: what v2 code expects.

        Raises `RecordError` as `read_history` does, and for another framework's history, of which a list has nothing,
        unless `converts`.
        """
        records = _records(history)
        is_by_epoch = isinstance(history, Mapping) and _is_by_epoch(history)
        if records is not history and not is_by_epoch:
            if converts:
                return self._read_each(records)
            raise RecordError.of_another_kind(type(history))
        if not is_container(history):
            if converts:
                return self._read_each(records)
            raise hides_records(type(history))
        held = list(records)
        found = self._read_each(held)
        if len(found_by_id := dict(zip(map(id, held), found, strict=True))) < len(held):
            # One object in two places stays one.
            found = [found_by_id[id(record)] for record in held]
        return put_back(history, cast("list[object]", found))

    def _read_each(self, records: Iterable[object]) -> list[Record]:
        found: list[object] = []
        for kind, run in groupby(records, type):
            if (read_run := self._readers.get(kind)) is None:
                first = next(run)
                if len(self._readers) >= _MANY_KINDS:
                    # A producer may make a class at each call.
                    self._readers.clear()
                read_run = run_reader(first, len(found), self._record, keeps_mappings=self._keeps_mappings)
                self._readers[kind] = read_run
                run = chain([first], run)
            found += read_run(run)
        return cast(list[Record], found)


def _records(history: object) -> Iterable[object]:
    """Return the records of a history; a shape that some framework returns is turned into them first."""
    if isinstance(history, list) and (not history or _is_record(history[0])):
        return history
    # Imported here: most histories need no adapter.
    from compatkit.record import formats

    if (rows := formats.read_known(history)) is not None:
        return rows
    if isinstance(history, Mapping) and history and _is_by_epoch(history):
        return list(history.values())
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Iterable):
        raise RecordError(
            f"The history is {formats.phrase_for(history)}, which no reader knows.",
            where="what the trainer returned",
            hint=f"pass one dict or dataclass an epoch, in a list, or one of: {', '.join(formats.KNOWN)}",
        )
    return history


def _is_by_epoch(history: Mapping[object, object]) -> bool:
    return all(isinstance(epoch, int) and _is_record(record) for epoch, record in history.items())


def _is_record(record: object) -> bool:
    """True for what says by its class that it is one; a dict may be a row of some framework's log."""
    return isinstance(record, CompatRecord) or is_dataclass(record) or hasattr(type(record), "to_dict")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spare the garbage collector's passes over a list that only grows; all in it is reachable."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # To the oldest generation at once, or the next small collection would walk through all of it.
            gc.freeze()
            gc.unfreeze()
        gc.enable()


_OVER_HELD: tuple[type, ...] = (type(iter([])), type(iter(())), type(iter(deque())))


def put_back(history: Any, records: list[Any]) -> object:
    """Return `history` with `records`, which were read from it one by one, in the place of what it holds.

    In place where the records are still what they were: a trainer may go on to append to its list, and its caller to
    look at it. Else a copy; a plain list becomes another plain list. Raises `RecordError` for a container that shows
    its records, but not where it keeps them.
    """
    if isinstance(history, MutableSequence):
        return _in_sequence(history, records)
    if isinstance(history, tuple):
        make: Any = getattr(history, "_make", type(history))
        return make(records)
    if isinstance(history, Mapping):
        return _in_mapping(history, records)
    if isinstance(history, Set) and len(history) == len(records):
        kind: Any = type(history)
        return kind(records)
    return _in_attribute(history, records)


def is_container(history: object) -> bool:
    """True for what is only looked at when it is iterated over: of anything else, that may do the work once more."""
    if isinstance(history, Sequence | Mapping | Set) or not own_classes(type(history)):
        return True
    held = getattr(history, "__dict__", {}).values()
    # A generator's body does not run before it is asked for its first value.
    return any(isinstance(value, MutableSequence | tuple) for value in held) and type(iter(history)) in _OVER_HELD  # type: ignore[call-overload]  # it is iterable, or no history


def _in_sequence(history: Any, records: list[Any]) -> object:
    if len(history) != len(records):
        return records
    if all(map(_is_still, history, records)):
        twin = history
    elif type(history) is list:
        return records
    else:
        twin = copy.copy(history)
    for number, record in enumerate(records):
        if twin[number] is not record:
            twin[number] = record
    return twin


def _is_still(old: object, new: object) -> bool:
    # A plain dict would be one no more for whoever asks for its type, as `torch.load` does.
    return type(old) is not dict and isinstance(new, type(old))


def _in_mapping(history: Mapping[Any, Any], records: list[Any]) -> object:
    if not isinstance(history, MutableMapping):
        return type(history)(dict(zip(history, records, strict=True)))  # type: ignore[call-arg]  # as mappings are made
    twin = history if all(map(_is_still, history.values(), records)) else copy.copy(history)
    for key, record in zip(list(history), records, strict=True):
        twin[key] = record
    return twin


def _in_attribute(history: Any, records: list[Any]) -> object:
    """Put the records into the attribute from which the object's own iteration takes them."""
    if not own_classes(type(history)):
        return records
    held = getattr(history, "__dict__", {})
    shown = list(history)
    for name, value in held.items():
        if isinstance(value, MutableSequence | tuple) and _is_same(value, shown):
            twin = copy.copy(history)
            vars(twin)[name] = put_back(value, records)
            return twin
    raise hides_records(type(history))


def hides_records(kind: type) -> RecordError:
    """Return the error for a history that can be iterated over, but does not show where it keeps its records."""
    return RecordError(
        f"The history is a {kind.__qualname__}, which shows its records, but not where it keeps them.",
        where=f"the module {kind.__module__}",
        hint="declare the attribute that holds the list, or read it with compatkit.read_history",
    )


def _is_same(values: Iterable[object], shown: list[object]) -> bool:
    found = list(values)
    return len(found) == len(shown) and all(one is other for one, other in zip(found, shown, strict=True))
