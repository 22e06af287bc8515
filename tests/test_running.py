"""Slow tests come first in each worker's share, and the stand-in for Python behaves as Python does."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.store.db import utils
from sqlalchemy import create_engine

from tests import once
from tests.conftest import NewStore
from tests.quick import beyond_their_share, is_there
from tests.running import slow_first


@dataclass(frozen=True)
class Item:
    """What is asked of a test."""

    number: int
    path: Path
    is_slow: bool

    def get_closest_marker(self, name: str) -> str | None:
        return name if self.is_slow and name == "slow" else None


items = st.lists(st.builds(Item, st.integers(), st.sampled_from([Path("a"), Path("b"), Path("c")]), st.booleans()))


@given(items, st.integers(1, 4))
def test_no_test_is_lost_or_doubled(given_: list[Any], workers: int) -> None:
    ordered = slow_first(given_, workers)

    assert sorted(map(repr, ordered)) == sorted(map(repr, given_))


@given(items, st.integers(1, 4))
def test_the_slow_tests_of_a_file_stay_together(given_: list[Any], workers: int) -> None:
    slow = [item.path for item in slow_first(given_, workers) if item.is_slow]

    changes = sum(one != other for one, other in pairwise(slow))
    assert changes == max(0, len(set(slow)) - 1)


def test_each_worker_begins_with_slow_ones() -> None:
    given_: list[Any] = [Item(number, Path(str(number % 4)), number < 4) for number in range(40)]

    ordered = slow_first(given_, 4)

    assert [ordered[place].is_slow for place in (0, 10, 20, 30)] == [True] * 4


@dataclass(frozen=True)
class Timed:
    """What is asked of a test of which a quick run takes a share."""

    nodeid: str
    path: Path


def taken(durations: dict[str, float], **counts: int) -> dict[str, list[int]]:
    tests: list[Any] = [
        Timed(f"{name}[{number}]", Path(name[0]) / "test.py")
        for name, count in counts.items()
        for number in range(count)
    ]
    left_out = beyond_their_share(tests, durations)
    found: dict[str, list[int]] = {name: [] for name in counts}
    for test in tests:
        if test not in left_out:
            name, _, number = test.nodeid.rstrip("]").partition("[")
            found[name].append(int(number))
    return found


def test_a_quick_run_takes_a_share_of_a_long_function_spread_over_its_parameters() -> None:
    found = taken({"a_long": 1.0, "a_one": 0.5}, a_long=100, a_short=9, a_one=1)

    assert found == {"a_long": list(range(0, 100, 4)), "a_short": list(range(9)), "a_one": []}


@given(st.dictionaries(st.text("abc", min_size=1), st.tuples(st.floats(0, 20), st.integers(1, 30)), min_size=1))
def test_a_quick_run_takes_something_of_each_folder(given_: dict[str, tuple[float, int]]) -> None:
    durations = {name: seconds for name, (seconds, _) in given_.items()}

    found = taken(durations, **{name: count for name, (_, count) in given_.items()})

    assert {name[0] for name, numbers in found.items() if numbers} == {name[0] for name in given_}


def test_of_what_was_recorded_only_what_is_gone_is_forgotten() -> None:
    assert is_there("tests/test_running.py::test_of_what_was_recorded_only_what_is_gone_is_forgotten")
    assert is_there("tests/record/test_state_machine.py::TestRecord::runTest")
    assert not is_there("tests/shop.py::test_of_what_was_recorded_only_what_is_gone_is_forgotten")
    assert not is_there("tests/gone.py::test_of_what")


def test_what_is_kept_for_a_run_ends_with_it_also_where_it_is_killed(tmp_path: Path) -> None:
    given_ = tmp_path / "given"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as run:
        command = [sys.executable, once.__file__, str(run.pid), str(given_), "tempfile:TemporaryDirectory"]
        with subprocess.Popen(command) as keeper:
            while not given_.exists():
                assert keeper.poll() is None
                time.sleep(0.01)
            kept = Path(given_.read_text())
            was_there = kept.is_dir()
            run.kill()

    assert was_there
    assert not kept.exists()


def test_a_service_is_started_once_and_is_the_same_for_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    one, other = (once.service(tmp_path_factory, "tempfile:TemporaryDirectory") for _ in range(2))

    assert one == other
    assert Path(one).is_dir()


PROGRAMS = [
    ("-c", "import sys; print(sys.argv, sys.path[0], __name__); sys.exit(3)", "a", "b"),
    ("-c", "raise SystemExit('why')"),
    ("-c", "def fail(): 1 / 0\nfail()"),
    ("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
    ("-c", "import os; print(os.getcwd(), sorted(os.environ)); print(input())"),
    (
        "-c",
        "import atexit, torch; atexit.register(print, 'last'); print(torch.rand(2).shape, torch.get_num_threads())",
    ),
    ("script.py", "a"),
    ("-m", "script", "a"),
    ("-mscript", "a"),
    ("-u", "-c", "import os; print('through'); os._exit(4)"),
    ("-c", "import os; print('lost'); os._exit(4)"),
]


@pytest.mark.parametrize("arguments", PROGRAMS, ids=" ".join)
def test_the_stand_in_does_what_python_does(arguments: tuple[str, ...], warm_python: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        dedent("""\
            import sys
            print(sys.argv, __name__, __file__)
            raise ValueError(1)
            """)
    )

    one, other = (
        subprocess.run([python, *arguments], cwd=tmp_path, input="said\n", capture_output=True, text=True, check=False)
        for python in (sys.executable, warm_python)
    )

    assert (one.returncode, one.stdout) == (other.returncode, other.stdout)
    assert _without_carets(one.stderr) == _without_carets(other.stderr)


def _without_carets(trace: str) -> list[str]:
    return [line for line in trace.splitlines() if set(line) - set(" ~^") and "runpy" not in line]


def test_each_child_draws_its_own_random_numbers(warm_python: str) -> None:
    code = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1))"

    drawn = [subprocess.check_output([warm_python, "-c", code]) for _ in range(2)]

    assert not set(drawn[0].split()) & set(drawn[1].split())


def test_what_leads_a_session_is_killed_with_all_that_it_started(warm_python: str) -> None:
    inner = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"

    with subprocess.Popen([warm_python, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as outer:
        assert outer.stdout is not None
        ended = os.pidfd_open(int(outer.stdout.readline()))
        os.killpg(outer.pid, signal.SIGKILL)

    assert select.select([ended], [], [], 60)[0]
    os.close(ended)


def test_a_fresh_start_is_made_where_it_matters(warm_python: str, warm_commands: Path) -> None:
    code = "import sys; print('torch' in sys.modules, sys.flags.hash_randomization)"

    seed = {"PYTHONHASHSEED": "0"}
    started = (
        ([warm_python], {}),
        ([warm_python, "-B"], {}),
        ([warm_python], seed),
        ([str(warm_commands / "python")], seed),
    )
    told = [
        subprocess.check_output([*command, "-c", code], env=environment, text=True) for command, environment in started
    ]

    assert told == ["True 1\n", "False 1\n", "False 0\n", "True 1\n"]


def test_a_sitecustomize_of_the_path_runs_first(warm_python: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.argv.append('customized')")

    told = [
        subprocess.check_output([python, "-c", "import sys; print(sys.argv[-1])"], env=environment, text=True)
        for python in (sys.executable, warm_python)
        for environment in ({"PYTHONPATH": str(tmp_path)}, {})
    ]

    assert told[:2] == told[2:] == ["customized\n", "-c\n"]


def test_a_store_that_is_laid_out_by_a_copy_is_as_mlflow_lays_it_out(new_store: NewStore, tmp_path: Path) -> None:
    laid_out = []
    for name, lay_out in (("copied", utils._initialize_tables), ("migrated", utils._initialize_tables.__wrapped__)):
        lay_out(create_engine(f"sqlite:///{tmp_path / name}"))
        with contextlib.closing(sqlite3.connect(tmp_path / name)) as store:
            # The constraints of a table stand in another order each time.
            laid_out.append(sorted(re.findall(r"\w+", "\n".join(store.iterdump()))))

    assert laid_out[0] == laid_out[1]
    assert "latest_metrics" in laid_out[0]
