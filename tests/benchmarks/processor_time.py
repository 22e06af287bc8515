"""Print where the processor time of the tests goes: before the first test, by folder, by test and by fixture.

    python -m pytest -p tests.benchmarks.processor_time
    python -m tests.benchmarks.processor_time BASETEMP

User and system time of the worker and of the children that it waited for, set-up of fixtures included; what the warm
Python forked counts for the test that asked for it. What was left running (a cluster of Ray) is not seen. Tests of a
function are counted together. Properties are listed with what they drew. The second command reads what the tests of a
run under way took so far.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.campaign import draws

_MOST = 60
_log = Path(os.devnull)


def _now() -> float:
    return sum(os.times()[:4])


def _note(table: str, name: str, number: float) -> None:
    with _log.open("a", encoding="utf-8") as file:
        file.write(f"{table}\t{name}\t{number:.4f}\n")


@contextmanager
def _counted(table: str, name: str) -> Iterator[None]:
    began = _now()
    yield
    _note(table, name, _now() - began)


def _shared(config: pytest.Config) -> Path:
    """Return the folder of the run, which all workers know."""
    own: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return own.parent if hasattr(config, "workerinput") else own


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    global _log
    _log = _shared(session.config) / "processor_time"
    _note("before", "start, plugins", _now())


def pytest_collection_finish(session: pytest.Session) -> None:
    _note("before", "up to the first test", _now())


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Count the import of each file, and what its parameters cost."""
    if not isinstance(collector, pytest.Module):
        return (yield)
    with _counted("collected", collector.nodeid):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
    with _counted("fixtures", f"{fixturedef.baseid}: {fixturedef.argname}"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    function = item.nodeid.partition("[")[0]
    with _counted("tests", function):
        result = yield
    if drawn := draws(item):
        _note("draws", function, drawn)
    return result


def _read(folder: Path) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    """Return the seconds (or draws) and the counts of each table."""
    sums: dict[str, Counter[str]] = {}
    counts: dict[str, Counter[str]] = {}
    for line in (folder / "processor_time").read_text(encoding="utf-8").splitlines():
        table, name, number = line.split("\t")
        sums.setdefault(table, Counter())[name] += float(number)  # type: ignore[assignment]  # of numbers
        counts.setdefault(table, Counter())[name] += 1
    for name, seconds in _forked(folder / "warm.log").items():
        for table in ("tests", "forks"):
            sums.setdefault(table, Counter())[name] += seconds
    for table in ("tests", "fixtures", "forks", "draws"):
        counts.setdefault(table, Counter()), sums.setdefault(table, Counter())
    return sums, counts


def _forked(log: Path) -> Counter[str]:
    """Return what the warm Python's forks took, by what asked for them: see tests/warm.py."""
    found: Counter[str] = Counter()
    for line in log.read_text().splitlines() if log.exists() else ():
        seconds, tab, test = line.partition("\t")
        if tab:
            found[test.partition("[")[0].partition(" (")[0] or "no test"] += float(seconds)  # type: ignore[assignment]
    return found


def tables(folder: Path) -> Iterator[str]:
    """Give the lines that say where the time of a run went whose temporary folder is given."""
    sums, counts = _read(folder)
    for table in (sums, counts):
        by_folder = table.setdefault("folders", Counter())
        for function, number in table["tests"].items():
            by_folder["/".join(function.partition("::")[0].split("/")[:2])] += number
    sums["properties"] = Counter({name: sums["tests"][name] for name in sums["draws"]})
    for name in ("before", "collected", "folders", "tests", "fixtures", "properties", "forks"):
        yield f"\n{name}: {sums[name].total():.1f} s, {counts.get(name, Counter()).total()}"
        for row, seconds in sums[name].most_common(None if name in ("folders", "properties") else _MOST):
            drawn = f" {sums['draws'][row]:7.0f} draws" if name == "properties" else ""
            yield f"{seconds:8.2f} s {counts.get(name, counts['tests'])[row]:6}{drawn}  {row}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in tables(_shared(config)):
        terminalreporter.write_line(line)


if __name__ == "__main__":
    print("\n".join(tables(Path(sys.argv[1]))))
