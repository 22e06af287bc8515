"""The order in which tests start, what is left out here, and the line that a run ends with."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests import quick
from tests.browser import find_chromium
from tests.equivalence.reading.store.servers import postgresql_programs

_DRAWS = {"explore": 50, "few": 0.2}  # times those of the default profile
_NO_BROWSER = "no Chromium here"
_left_out: Counter[str] = Counter()
_began = time.monotonic()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark what a quick run leaves out. Leave out what needs a browser where there is none, but for CI. Order the rest.

    CI has a browser, or fails.
    """
    quick.mark(config, items)
    yield
    if find_chromium() is None and not os.environ.get("CI"):
        deselected = [item for item in items if item.get_closest_marker("browser")]
        items[:] = [item for item in items if not item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=deselected)
    if draws := _DRAWS.get(_profile(config)):
        _draw(items, draws)
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = slow_first(items, workers)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: some tests wait for processes that they started or killed."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def _profile(config: pytest.Config) -> str:
    return os.environ.get("HYPOTHESIS_PROFILE") or ("few" if quick.is_quick(config) else "default")


def slow_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the items so that each worker begins with slow ones, and all end together.

    xdist hands each worker its share of the list, and a worker that is done the end of another's. The slow tests of a
    file stay together, because they share what makes them slow.
    """
    files: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("slow"):
            files[item.path].append(item)
    slow: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for place, path in zip(cycle(range(workers)), sorted(files, key=lambda path: (-len(files[path]), path))):
        slow[place] += files[path]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    ordered: list[pytest.Item] = []
    for place, first in enumerate(slow):
        share = (len(items) - len(ordered)) // (workers - place)
        rest = max(0, share - len(first))
        ordered += [*first, *quick[:rest]]
        del quick[:rest]
    return ordered + quick


def _draw(items: Iterable[pytest.Item], times: float) -> None:
    """Let each property draw so many times its own number of examples, whether it names one or not."""
    from hypothesis import is_hypothesis_test, settings

    # A state machine keeps its settings in its class, all else in its function, which several tests may share.
    held: set[tuple[Any, str]] = set()
    for item in items:
        test = getattr(item, "obj", None)
        if test is not None and is_hypothesis_test(test):
            function = getattr(test, "__func__", test)
            in_function = (function, "_hypothesis_internal_use_settings")
            held.add(in_function if hasattr(*in_function) else (item.cls, "settings"))  # type: ignore[attr-defined]
    for holder, name in held:
        own = getattr(holder, name)
        setattr(holder, name, settings(own, max_examples=max(1, round(own.max_examples * times))))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note why: this runs in each worker, and the line at the end is written by none of them."""
    for item in items:
        without = item.get_closest_marker("browser") and find_chromium() is None
        asked = " ".join(f"-{letter} {said!r}" for letter, said in _asked(item.config).items() if said)
        _left_out[_NO_BROWSER if without else asked or "asked for"] += 1


def _asked(config: pytest.Config) -> dict[str, str]:
    return {"m": config.option.markexpr, "k": config.option.keyword}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the reasons of a worker to the process that writes the last line: all workers leave out the same."""
    # What the last tests left is collected here; pytest then collects ten times more, 0.2 s each, in all that is there.
    gc.collect()
    gc.freeze()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= {"left_out": dict(_left_out), "spent": dict(quick.spent)}
    else:
        quick.record()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    told = getattr(node, "workeroutput", {})
    _left_out.update(Counter(told.get("left_out", {})) - _left_out)
    quick.spent.update(told.get("spent", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how long it took, how many tests ran, and what did not, and why."""
    counts = {name: len(terminalreporter.stats.get(name, ())) for name in ("passed", "failed", "error", "skipped")}
    ran = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing ran"
    minutes, seconds = divmod(round(time.monotonic() - _began), 60)
    left_out = [f"{count:,} deselected ({why})" for why, count in sorted(_left_out.items())]
    if _profile(config) in _DRAWS:
        left_out.append(f"properties drew {_DRAWS[_profile(config)]:g} times their examples")
    if postgresql_programs() is None:
        left_out.append("over SQLite instead of PostgreSQL, which is not installed (apt-get install postgresql)")
    left_out += quick.remarks(config)
    terminalreporter.write_line(f"{ran} in {minutes} min {seconds} s; {'; '.join(left_out) or 'nothing left out'}")
