"""A quick run: what `pytest -m "not slow"` takes.

It leaves out what is marked, what asks for a process that forks, and of each test function that is long, or has many
parameters, all that is beyond its share, by what durations.json knows of it. Something of each folder stays.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

# Processor seconds of a test function with all its parameters, with the draws of a quick run. A quick run says when it
# takes more than it may in all; then record them anew, of all tests or of some:
#     RECORD_DURATIONS=1 pytest -m "not slow"
_DURATIONS = Path(__file__).with_name("durations.json")
_SHARE, _QUICK = 0.25, 150
spent: Counter[str] = Counter()
_IS_RECORDED = bool(os.environ.get("RECORD_DURATIONS"))


def mark(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Mark as slow what a quick run leaves out."""
    if _IS_RECORDED:
        # Else whichever test is the first to import them would seem to be slow.
        for name in ("torch.export", "mlflow.pytorch", "pandas", "sqlalchemy"):
            import_module(name)
    elif is_quick(config):
        for item in beyond_their_share(items, durations()):
            item.add_marker(pytest.mark.slow("beyond its share of a quick run"))


def beyond_their_share(items: Iterable[pytest.Item], durations: Mapping[str, float]) -> list[pytest.Item]:
    """Return what a quick run leaves out: of a function with many parameters it takes some, spread over all."""
    functions: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        functions[function_of(item)].append(item)
    taken: dict[Path, list[pytest.Item]] = {}

    def cost(name: str) -> float:
        # To start the process that forks takes 8 s, whoever is the first to ask for it.
        return durations.get(name, 0) + 8 * ("warm_python" in getattr(functions[name][0], "fixturenames", ()))

    # The cheapest first, of which one is taken if nothing else of its folder is.
    for name in sorted(functions, key=cost):
        tests = functions[name]
        folder = taken.setdefault(tests[0].path.parent, [])
        count = int(len(tests) * min(1, _SHARE / max(cost(name), _SHARE)))
        folder += [tests[number * len(tests) // count] for number in range(count)] or tests[: not folder]
    kept = set(chain.from_iterable(taken.values()))
    return [item for item in items if item not in kept]


def function_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def durations() -> dict[str, float]:
    return dict(json.loads(_DURATIONS.read_text(encoding="utf-8")))


def is_there(function: str) -> bool:
    # Of a class it is enough that this is there: a state machine inherits its test.
    file, name, *_ = function.split("::")
    place = _DURATIONS.parents[1] / file
    return place.exists() and re.search(rf"\b{name}\b", place.read_text(encoding="utf-8")) is not None


def is_quick(config: pytest.Config) -> bool:
    """Tell whether a quick look is wanted: who names a profile wants all that is not marked."""
    return "not slow" in config.option.markexpr and not os.environ.get("HYPOTHESIS_PROFILE")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count the processor time of each test, and of the children that it waited for: load changes it little."""
    began = sum(os.times()[:4])
    result = yield
    spent[function_of(item)] += sum(os.times()[:4]) - began  # type: ignore[assignment]  # of numbers
    return result


def record() -> None:
    """Write what was measured, where that is asked for, over what was known of tests that are still there."""
    if _IS_RECORDED:
        known = {name: seconds for name, seconds in durations().items() if is_there(name)} | spent
        noted = {name: round(seconds, 1) for name, seconds in sorted(known.items()) if seconds > _SHARE / 2}
        _DURATIONS.write_text(json.dumps(noted, indent=0) + "\n", encoding="utf-8")


def remarks(config: pytest.Config) -> Iterator[str]:
    """Say where a quick run was none."""
    if is_quick(config) and not _IS_RECORDED and (taken := sum(spent.values())) > _QUICK:
        most = ", ".join(name for name, _ in spent.most_common(3))
        yield f"took {taken:.0f} s of processor time, most of it {most}: see tests/quick.py"
