"""The kind of worker does not change the result, and a worker that dies loses only its own file."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compatkit.errors import WrongUse
from compatkit.migrate import Job, Task, plan_tree, workers
from compatkit.migrate.workers import Workers, load_executor
from compatkit.rewrite import Failed, Rewritten
from tests.migrate.executors import Refusing
from tests.shop.moves import MIGRATION, MOVE, NEW, OLD, plant

TREE: dict[str, str | bytes] = {f"p{number % 7}/m{number}.py": f"x = {number}\n{OLD}" for number in range(200)}


class Deadly(bytes):
    """A source that ends the process to which it travels."""

    def __reduce__(self) -> tuple[object, ...]:
        return die, ()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_number_of_processes_changes_nothing(tmp_path: Path, jobs: int) -> None:
    plant(tmp_path, {**TREE, "broken.py": "Old ("})

    assert plan_tree([tmp_path], [MIGRATION], jobs=jobs) == plan_tree([tmp_path], [MIGRATION])


def test_outcomes_come_in_the_order_of_the_jobs() -> None:
    sources = [f"x = {number}\n{OLD}".encode() for number in range(300)]

    with Workers(Task((MOVE,)), jobs=2) as pool:
        for source in sources:
            pool.submit(Job(source))
        outcomes = list(pool.outcomes())

    assert [outcome.source for outcome in outcomes if isinstance(outcome, Rewritten)] == [
        source.replace(OLD.encode(), NEW.encode()) for source in sources
    ]


def test_a_file_that_kills_its_worker_fails_alone() -> None:
    sources = [Deadly(OLD.encode()) if number == 70 else OLD.encode() for number in range(150)]

    with Workers(Task((MOVE,)), jobs=2) as pool:
        for source in sources:
            pool.submit(Job(source))
        outcomes = list(pool.outcomes())

    failed = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Rewritten)]
    assert failed == [70]
    assert isinstance(outcomes[70], Failed)
    assert outcomes[70].code == "CK908"


def test_an_executor_that_fails_becomes_failures(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": OLD, "b.py": "x = 1\n"})

    report = plan_tree([tmp_path], [MIGRATION], executor=Refusing())

    assert [result.name for result in report.failed] == [str(tmp_path / "a.py")]
    assert [result.name for result in report.unchanged] == [str(tmp_path / "b.py")]


def test_progress_ends_with_all_files(tmp_path: Path) -> None:
    plant(tmp_path, TREE)
    told: list[tuple[int, int]] = []

    plan_tree([tmp_path], [MIGRATION], jobs=2, progress=lambda done, total: told.append((done, total)))

    assert told == sorted(told)
    assert told[-1] == (len(TREE), len(TREE))
    assert len(set(told)) > len(TREE) / 4


def test_named_factory_gives_an_executor() -> None:
    with load_executor("tests.migrate.executors:threads") as executor:
        assert isinstance(executor, ThreadPoolExecutor)


@pytest.mark.parametrize(
    "reference",
    ["", "tests.migrate.executors", ":threads", "tests.migrate.executors:", "no.such.module:threads"]
    + [f"tests.migrate.executors:{name}" for name in ("absent", "NOT_ONE", "unreachable", "Path")],
)
def test_what_is_no_executor_is_an_error(reference: str) -> None:
    with pytest.raises(WrongUse, match="cannot be used"):
        load_executor(reference)


def test_no_more_processes_are_started_than_there_are_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"a.py": OLD})
    counted: list[int] = []
    pool = workers._pool

    def counting(count: int) -> object:
        counted.append(count)
        return pool(count)

    monkeypatch.setattr(workers, "_pool", counting)

    report = plan_tree([tmp_path], [MIGRATION], jobs=2000)

    assert len(report.rewritten) == 1
    assert counted == [1]
