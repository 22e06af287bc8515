"""Draw 50 times as many examples for every property as a run of the tests does, over several days if needed.

    python -m tests.campaign ~/kept.jsonl --minutes 60 tests/rewrite
    python -m tests.campaign ~/kept.jsonl

The file holds a line for each property that is done (with each of its parameters): what it drew, what that took, and
whether it failed. A later call goes on with the others, the cheapest first, and ends when all are done or the minutes
are over; the property that is then running ends first. Delete a line to draw that property again. Other examples are
drawn each time, and a failure prints how to reproduce it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

_DRAWN = re.compile(r"(\d+) passing, (\d+) failing, and (\d+) invalid")


def draws(item: pytest.Item) -> int:
    """Return how many examples a test drew when it ran; 0 if it is no property."""
    phases = _DRAWN.findall(getattr(item, "hypothesis_statistics", ""))
    return sum(int(number) for phase in phases for number in phase)


class Campaign:
    """A plugin of pytest that runs the properties which a file does not know, and notes them there."""

    def __init__(self, kept: Path, minutes: float | None) -> None:
        self._kept = kept
        self._end = time.monotonic() + minutes * 60 if minutes else None
        self._failed: set[str] = set()
        # The status where the minutes are over, which pytest calls an interruption.
        self.status: int | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """Keep the properties that are not done, in the order of what they cost."""
        from hypothesis import is_hypothesis_test

        from tests.quick import durations, function_of

        yield
        known = durations()
        self._all = [item for item in items if is_hypothesis_test(getattr(item, "obj", None))]
        done = {line["test"] for line in self._lines()}
        rest = (item for item in self._all if item.nodeid not in done)
        # What is marked as slow is not in the file of durations.
        items[:] = sorted(
            rest, key=lambda item: (item.get_closest_marker("slow") is not None, known.get(function_of(item), 0))
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        began = sum(os.times()[:4])
        result = yield
        seconds = round(sum(os.times()[:4]) - began, 2)
        line = {"test": item.nodeid, "draws": draws(item), "seconds": seconds, "failed": item.nodeid in self._failed}
        with self._kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._end and time.monotonic() > self._end:
            self.status = 1 if item.session.testsfailed else 0
            item.session.shouldstop = "the minutes are over"
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._kept.read_text(encoding="utf-8").splitlines()]

    def summary(self) -> Iterator[str]:
        """Say how many properties are done, of each folder and in all."""
        lines = {line["test"]: line for line in self._lines()}
        folders: dict[str, list[str]] = defaultdict(list)
        for item in self._all:
            folders["/".join(item.nodeid.partition("::")[0].split("/")[:2])].append(item.nodeid)
        for folder, tests in [
            *sorted(folders.items()),
            ("all", [test for listed in folders.values() for test in listed]),
        ]:
            done = [lines[test] for test in tests if test in lines]
            functions = {test.partition("[")[0] for test in tests}
            left = {test.partition("[")[0] for test in tests if test not in lines}
            failed = sorted({line["test"] for line in done if line["failed"]})
            yield (
                f"{folder}: {len(functions - left)} of {len(functions)} properties, {sum(x['draws'] for x in done):,} "
                f"draws in {sum(x['seconds'] for x in done):,.0f} s of processor time, {len(failed)} failed"
            )
        yield from failed


@click.command()
@click.argument("kept", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("paths", nargs=-1)
@click.option("--minutes", type=float, help="Start no further property after so many minutes.")
def main(kept: Path, paths: tuple[str, ...], minutes: float | None) -> None:
    """Run the properties under PATHS that the file KEPT does not know, and note them there."""
    os.environ["HYPOTHESIS_PROFILE"] = "explore"
    kept.touch()
    campaign = Campaign(kept, minutes)
    status = pytest.main(
        ["-n", "0", "-q", "--no-header", "--continue-on-collection-errors", *(paths or ("tests",))], plugins=[campaign]
    )
    print(*campaign.summary(), sep="\n")
    sys.exit(status if campaign.status is None else campaign.status)


if __name__ == "__main__":
    main()
