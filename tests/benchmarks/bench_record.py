"""The record beside plain dicts and `asdict`: run `python -m tests.benchmarks.bench_record [EPOCHS]`."""

from __future__ import annotations

import gc
import platform
import sys
import time
import timeit
import tracemalloc
from dataclasses import asdict
from operator import itemgetter
from typing import Any

from compatkit.record import EpochMetrics, EpochRecord, read_history
from compatkit.record.epoch_record import FIELD_NAMES
from compatkit.record.names import default_names
from tests.benchmarks.side_by_side import Comparison, report

TIMES, PAIRS = 20_000, 25


class AsdictMetrics(EpochMetrics):
    """What most trainers' `to_dict` is."""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def main(epochs: int = 1_000_000) -> None:
    print(f"Python {platform.python_version()}, {epochs:,} epochs read, {TIMES:,} times a figure")
    reading(epochs)
    operations()
    memory(min(epochs, 100_000))


def reading(epochs: int) -> None:
    """Fresh objects each time: the first look at `__dict__` is part of what it costs."""
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(3):
        ours.append(_read_fresh(EpochMetrics, read_history, epochs))
        peer.append(_read_fresh(AsdictMetrics, lambda history: [m.to_dict() for m in history], epochs))
    ratios = sorted(theirs / mine for mine, theirs in zip(ours, peer, strict=True))
    times = sorted(ours)[1] / epochs, sorted(peer)[1] / epochs
    found = Comparison(*times, ratios[1], 3, min(peer) / min(ours))
    report("read a record | [m.to_dict() ...] with asdict", found, target="peer/ours >= 10")


def _read_fresh(kind: type[EpochMetrics], read: object, epochs: int) -> float:
    history = [kind(e, e * 0.1, e * 0.2, 0.3 + e, 0.4 + e, 0.5 + e, 0.6 + e, 0.7 + e, 1e-3, 2.0) for e in range(epochs)]
    gc.collect()
    start = time.process_time()
    kept = read(history)  # type: ignore[operator]
    seconds = time.process_time() - start
    assert len(kept) == epochs
    return seconds


# What is done to a record, the same done to the dict that v1 had, and how many times its time is allowed.
OPERATIONS = (
    ("record['train_acc']", "plain['train_acc']", 2),
    ("record['train_accuracy']", "plain['train_acc']", 5),
    ("record.get('train_acc')", "plain.get('train_acc')", 5),
    ("record.get('train_accuracy')", "plain.get('train_acc')", 5),
    ("'train_accuracy' in record", "'train_acc' in plain", 5),
    ("record.train_accuracy", "plain.get('train_acc')", 2),
    ("record['train_acc'] = 0.5", "plain['train_acc'] = 0.5", 5),
    ("record == twin", "plain == other", 10),
    ("EpochRecord(plain)", "dict(plain)", 10),
    ("EpochRecord(named)", "dict(plain)", 10),
    ("EpochRecord(**named)", "dict(**plain)", 10),
    ("record.copy()", "plain.copy()", 20),
)


class Least(dict[str, object]):
    """The least that a dict with two spellings and attributes is in Python: no target can lie below.

    Each method knows the one key that is asked for, and makes the one call that nobody can do without.
    """

    train_accuracy = property(itemgetter("train_acc"))

    def __init__(self, given: dict[str, Any] | None = None, /, *_: object, **named: object) -> None:
        dict.update(self, _respell(given or named))

    def __missing__(self, _: str) -> object:
        return self["train_acc"]

    def __contains__(self, _: object, /) -> bool:
        return _contains(self, "train_acc")

    def __setitem__(self, _: str, value: object, /) -> None:
        _set(self, "train_acc", value)

    def get(self, _: str, default: object = None, /) -> object:
        return _get(self, "train_acc", default)

    def __getattr__(self, name: str) -> object:
        raise AttributeError(name)

    def copy(self) -> Least:
        twin: Least = dict.__new__(Least)
        dict.update(twin, self)
        return twin

    def __eq__(self, other: object, /) -> bool:
        return _eq(self, other)

    __hash__ = None  # type: ignore[assignment]  # as a dict


_contains, _set, _get, _eq = dict.__contains__, dict.__setitem__, dict.get, dict.__eq__
_LITERAL = default_names().literal(FIELD_NAMES)
_respell = eval(f"lambda values: {_LITERAL} if 'train_accuracy' in values else values")


def operations() -> None:
    """In processor time: what else the machine does must not count."""
    record, twin = read_history([EpochMetrics(1, *[0.5] * 9)] * 2)
    values = {"record": record, "twin": twin, "plain": record.to_v1(), "other": twin.to_v1(), "named": record.to_v2()}
    space = {**values, "EpochRecord": EpochRecord}
    least = {**space, "EpochRecord": Least, "record": Least(record.to_v1()), "twin": Least(twin.to_v1())}
    EpochRecord(record.to_v1())
    for ours, peer, target in OPERATIONS:
        timers = [
            timeit.Timer(code, globals=found, timer=time.process_time)
            for code, found in ((ours, space), (peer, space), (ours, least))
        ]
        rounds = [[timer.timeit(TIMES) / TIMES for timer in timers] for _ in range(PAIRS)]
        mine, theirs, lowest = (min(times) for times in zip(*rounds, strict=True))
        found = Comparison(mine, theirs, mine / theirs, PAIRS, mine / theirs)
        report(f"{ours} | {peer}", found, target=f"<= {target}; the least in Python {lowest / theirs:.2f}")


def memory(epochs: int) -> None:
    history = [EpochMetrics(e, *[0.5] * 9) for e in range(epochs)]
    keys = list(read_history(history[:1])[0])
    for metrics in history:
        vars(metrics)
    ours = _bytes(lambda: read_history(history)) / epochs
    peer = _bytes(lambda: [dict(zip(keys, vars(metrics).values(), strict=True)) for metrics in history]) / epochs
    report(
        "memory of a record | dict",
        Comparison(ours, peer, ours / peer, 1, ours / peer),
        target="<= 1.5",
        unit=1,
        name="B ",
    )


def _bytes(make: object) -> int:
    gc.collect()
    tracemalloc.start()
    kept = make()  # type: ignore[operator]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(kept[0], EpochRecord | dict)
    return size


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
