"""The plug-in's fixtures, in suites that pytest runs itself."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]

TRAINERS = """
class Old: name = "old"
class New: name = "new"
"""
NAMED = """
import pytest

@pytest.mark.compat_trainer(v1="trainers:Old", v2="trainers:New")
def test_it(compat_trainer, compat_version):
    assert compat_trainer.name == {"v1": "old", "v2": "new"}[compat_version]
"""
MAKES = """
import pytest

@pytest.fixture
def compat_trainer(compat_version):
    return compat_version * 2
"""
SANDBOX = """
import os
import mlflow
import pytest
from compatkit.equivalence import EquivalenceError
from compatkit.equivalence.sandbox import sandboxed

VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID")


def state():
    return (mlflow.get_tracking_uri(), mlflow.get_registry_uri(), [os.environ.get(name) for name in VARIABLES])


@pytest.fixture(scope="module", autouse=True)
def before():
    found = state()
    yield
    assert state() == found
    assert mlflow.active_run() is None


def train(offset=0.0):
    with mlflow.start_run() as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_metrics({"loss": 0.5 + offset}, step=1)
        mlflow.log_text("text", "report.txt")
    return run


@pytest.mark.parametrize("number", [1, 2])
def test_the_store_is_private_and_the_state_set_back(mlflow_sandbox, number):
    mlflow.set_experiment("mine")
    assert mlflow_sandbox.run_ids() == []
    run = train()
    mlflow.start_run()
    assert mlflow_sandbox.run_ids()[0] == run.info.run_id
    assert mlflow.get_tracking_uri() == mlflow_sandbox.uri
    assert list(mlflow_sandbox.folder.rglob("report.txt"))


def test_equal_runs_pass(mlflow_sandbox, assert_runs_equivalent):
    assert_runs_equivalent(train(), train().info.run_id)


def test_unequal_runs_fail(mlflow_sandbox, assert_runs_equivalent):
    assert_runs_equivalent(train(), train(offset=1e-9))


def test_a_run_is_not_compared_with_itself(mlflow_sandbox, assert_runs_equivalent):
    run = train()
    assert_runs_equivalent(run, run)


def test_a_number_is_no_run(mlflow_sandbox, assert_runs_equivalent):
    assert_runs_equivalent(train(), 5)



def test_an_active_run_would_take_what_is_logged(mlflow_sandbox, tmp_path):
    mlflow.start_run()
    with pytest.raises(EquivalenceError, match="is active"), sandboxed(tmp_path, mlflow_sandbox.folder / "mlflow.db"):
        pass
"""

DECLARED = """
from compatkit.equivalence import Point, Snapshot


def test_it(assert_runs_equivalent):
    one, other = (Snapshot(str(loss), params={"lr": "0.1"}, metrics={"loss": (Point(0, loss),)}) for loss in (1.0, 2.0))
    assert_runs_equivalent(one, other)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, warm_python: str, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setattr(sys, "executable", warm_python)
    pytester.makepyfile(trainers=TRAINERS)
    pytester.syspathinsert()
    return pytester


@pytest.fixture
def compat_suite(suite: pytest.Pytester) -> pytest.Pytester:
    """Four tests: one with a marker, one whose conftest makes its trainer, one for which none is named, a plain one."""
    made = suite.mkpydir("made")
    (made / "conftest.py").write_text(MAKES)
    (made / "test_made.py").write_text(
        "def test_made(compat_trainer):\n    assert compat_trainer in {'v1v1', 'v2v2'}\n"
    )
    suite.makepyfile(
        test_named=NAMED,
        test_unnamed="def test_unnamed(compat_trainer):\n    pass\n",
        test_plain="def test_plain():\n    pass\n",
    )
    return suite


def test_without_the_option_both_versions_run(compat_suite: pytest.Pytester) -> None:
    result = compat_suite.runpytest_subprocess("-v", "-p", "no:randomly", "--strict-markers")

    result.assert_outcomes(passed=5, errors=2)
    for line in ("*test_it?v1? PASSED*", "*test_it?v2? PASSED*", "*test_made?v2? PASSED*", "*test_plain PASSED*"):
        result.stdout.fnmatch_lines_random([line])
    result.stdout.fnmatch_lines_random(["*No trainer is named for v1.*"])


def test_compat_chooses_one_version(compat_suite: pytest.Pytester) -> None:
    result = compat_suite.runpytest_subprocess("-v", "-p", "no:randomly", "--compat=v2")

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.no_fnmatch_line("*test_it?v1?*")


def test_the_configuration_names_trainers_for_all_tests(suite: pytest.Pytester) -> None:
    suite.makeini(
        dedent(
            """\
            [pytest]
            compat_trainer_v1 = trainers:Old
            compat_trainer_v2 = trainers:New
            """
        )
    )
    suite.makepyfile("def test_it(compat_trainer):\n    assert compat_trainer.name in {'old', 'new'}\n")

    suite.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=2)


@pytest.mark.parametrize(("ignored", "outcome"), [("loss", "passed"), ("accuracy", "failed")])
def test_runs_are_held_to_what_the_project_declares_for_verify(
    suite: pytest.Pytester, ignored: str, outcome: str
) -> None:
    suite.makefile(
        ".toml",
        pyproject=f"[tool.compatkit.verify]\nequivalence.ignore = [{{ metric = '{ignored}', why = 'noise' }}]\n",
    )
    suite.makepyfile(DECLARED)

    suite.runpytest_subprocess("-p", "no:randomly").assert_outcomes(**{outcome: 1})


def test_the_sandbox_is_private_and_runs_in_it_compare(suite: pytest.Pytester) -> None:
    suite.makepyfile(SANDBOX)
    suite.makeini("[pytest]\nfilterwarnings = ignore\n")

    result = suite.runpytest_subprocess("-p", "no:randomly")

    result.assert_outcomes(passed=4, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*The two runs are not equivalent.",
            "*metric value: loss, from step 1, 0.5 | 0.500000001*",
            "*would be compared with itself.*",
            "*5 is not a run.*",
        ]
    )
