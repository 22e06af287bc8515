"""The record beside plain dicts and `asdict`: run `python -m tests.benchmarks.bench_record [EPOCHS]`."""

from __future__ import annotations

import gc
import platform
import sys
import time
import timeit
import tracemalloc
from dataclasses import asdict

from compatkit.record import EpochMetrics, EpochRecord, read_history
from tests.benchmarks.side_by_side import Comparison, compare, report

LOOKUPS = 1_000_000


class AsdictMetrics(EpochMetrics):
    """What most trainers' `to_dict` is."""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def main(epochs: int = 1_000_000) -> None:
    print(f"Python {platform.python_version()}, {epochs:,} epochs read, {LOOKUPS:,} lookups a figure")
    reading(epochs)
    lookups()
    memory(min(epochs, 100_000))


def reading(epochs: int) -> None:
    """Fresh objects each time: the first look at `__dict__` is part of what it costs."""
    ours, peer = [], []
    for _ in range(3):
        ours.append(_read_fresh(EpochMetrics, read_history, epochs))
        peer.append(_read_fresh(AsdictMetrics, lambda history: [m.to_dict() for m in history], epochs))
    ratios = sorted(theirs / mine for mine, theirs in zip(ours, peer, strict=True))
    found = Comparison(sorted(ours)[1] / epochs, sorted(peer)[1] / epochs, ratios[1], 3)
    report("read a record | [m.to_dict() ...] with asdict", found, target="peer/ours >= 10")


def _read_fresh(kind: type[EpochMetrics], read: object, epochs: int) -> float:
    history = [kind(e, e * 0.1, e * 0.2, 0.3 + e, 0.4 + e, 0.5 + e, 0.6 + e, 0.7 + e, 1e-3, 2.0) for e in range(epochs)]
    gc.collect()
    start = time.perf_counter()
    kept = read(history)  # type: ignore[operator]
    seconds = time.perf_counter() - start
    assert len(kept) == epochs
    return seconds


def lookups() -> None:
    metrics = EpochMetrics(1, *[0.5] * 9)
    (record,) = read_history([metrics])
    plain = record.to_v1()
    for code in (
        "record.get('train_acc')",
        "record.get('train_accuracy')",
        "record['train_acc']",
        "record['train_accuracy']",
        "record.train_accuracy",
        "'train_accuracy' in record",
    ):
        found = compare(_timer(code, record), _timer("record.get('train_acc')", plain))
        per_lookup = Comparison(found.ours / LOOKUPS, found.peer / LOOKUPS, found.ratio, found.pairs)
        report(f"{code} | dict.get", per_lookup, target="<= 2")


def _timer(code: str, record: object) -> object:
    timer = timeit.Timer(code, globals={"record": record})
    return lambda: timer.timeit(LOOKUPS)


def memory(epochs: int) -> None:
    history = [EpochMetrics(e, *[0.5] * 9) for e in range(epochs)]
    keys = list(read_history(history[:1])[0])
    for metrics in history:
        vars(metrics)
    ours = _bytes(lambda: read_history(history)) / epochs
    peer = _bytes(lambda: [dict(zip(keys, vars(metrics).values(), strict=True)) for metrics in history]) / epochs
    report("memory of a record | dict", Comparison(ours, peer, ours / peer, 1), target="<= 1.5", unit=1, name="B ")


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
