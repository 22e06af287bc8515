"""Compare artifacts with mutations of them, and bombs, each in a fork; print the worst time and memory.

Run `python -m tests.benchmarks.hostile_artifacts [MUTATIONS] [SEED]`. Fails above 10 s of processor time or 1 GiB.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.equivalence.reading.contents.hostile import bombs, compared, mutated, samples

_SECONDS = 10.0
_MIB = 1024.0
_BATCH = 50


def main(mutations: int = 20_000, seed: int = 0) -> None:
    known = samples()
    worst: dict[str, tuple[float, float]] = {}
    for name, make in bombs().items():
        content = make()
        _keep(worst, f"bomb {name}", _in_fork([(name, content, content)]))
    names = sorted(known)
    for first in range(0, mutations, _BATCH):
        name, source = names[first // _BATCH % len(names)], random.Random(seed * 1_000_003 + first)
        pairs = [(name, known[name], mutated(known[name], source)) for _ in range(min(_BATCH, mutations - first))]
        _keep(worst, f"mutations of {name}", _in_fork(pairs))
    for what, (seconds, memory) in sorted(worst.items()):
        print(f"{what:<32} {seconds:6.2f} s  {memory:6.0f} MiB")
    slowest, largest = (max(worst.values(), key=lambda found: found[part])[part] for part in (0, 1))
    print(f"{mutations} mutations, {len(bombs())} bombs: at most {slowest:.2f} s, {largest:.0f} MiB; no crash")
    assert slowest < _SECONDS
    assert largest < _MIB


def _keep(worst: dict[str, tuple[float, float]], what: str, found: tuple[float, float]) -> None:
    before = worst.get(what, (0.0, 0.0))
    worst[what] = max(before[0], found[0]), max(before[1], found[1])


def _in_fork(pairs: list[tuple[str, bytes, bytes]]) -> tuple[float, float]:
    """Return the processor time of the slowest pair, and the largest memory of the process, all else included."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _answer(pairs, writing)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    assert not status, (pairs[0][0], status)
    seconds, memory = text.split()
    return float(seconds), float(memory)


def _answer(pairs: list[tuple[str, bytes, bytes]], writing: int) -> None:
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (600, 600))
        Path("/proc/self/clear_refs").write_text("5")
        slowest = 0.0
        with tempfile.TemporaryDirectory() as folder:
            for pair in pairs:
                began = time.process_time()
                compared(Path(folder), *pair)
                slowest = max(slowest, time.process_time() - began)
        high = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        os.write(writing, f"{slowest} {int(high.split()[1]) / 1024}".encode())
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
