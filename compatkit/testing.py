"""Assert in tests of training code that two runs logged the same."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from compatkit.cli._policy import policy_of_runs
from compatkit.equivalence import EquivalenceError, Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.migration import load_project
from compatkit.report.verdict_text import verdict_lines

__all__ = ["AnyRun", "assert_runs_equivalent"]


class _Info(Protocol):
    @property
    def run_id(self) -> str: ...


class AnyRun(Protocol):
    """An MLflow run, such as `with mlflow.start_run() as run` binds."""

    @property
    def info(self) -> _Info: ...


def assert_runs_equivalent(
    a: str | AnyRun | Snapshot,
    b: str | AnyRun | Snapshot,
    *,
    policy: Policy | None = None,
    tracking_uri: str | None = None,
) -> None:
    """Fail with what differs unless two runs, given as run, run id or snapshot, logged the same; `a` is v1, `b` is v2.

    `policy` is by default what decides for `compatkit compare` in this folder: what `[tool.compatkit]` and
    `[tool.compatkit.verify]` of the project name and allow; where they name nothing, nothing may differ. `tracking_uri`
    None is MLflow's own choice, which in a test with `mlflow_sandbox` is that.
    An allowance of the policy that these two runs do not need is no failure. Runs of which nothing can be compared
    raise `EquivalenceError`: they are not equivalent.

        assert_runs_equivalent(train(v1), train(v2))
    """
    __tracebackhide__ = True
    before, after = _snapshot(a, tracking_uri), _snapshot(b, tracking_uri)
    if before.run_id == after.run_id:
        raise EquivalenceError.same_run(before.run_id)
    verdict = compare_snapshots(before, after, policy or _project_policy())
    if verdict.is_open:
        raise EquivalenceError(
            f"No verdict, since not all that the runs logged could be read: {'; '.join(verdict.unread)}.",
            where="the two runs",
            hint="compare where all of it is, or give a policy with accepts_unread=True",
        )
    if not verdict.is_equivalent:
        said = ["The two runs are not equivalent.", f"policy: {verdict.policy}", *verdict_lines(verdict)]
        raise AssertionError("\n".join(said))


def _snapshot(run: str | AnyRun | Snapshot, tracking_uri: str | None) -> Snapshot:
    if isinstance(run, Snapshot):
        return run
    run_id = run if isinstance(run, str) else getattr(getattr(run, "info", None), "run_id", None)
    if not isinstance(run_id, str):
        raise EquivalenceError(
            f"{run!r} is not a run.", where="assert_runs_equivalent", hint="give a run, its id or a snapshot"
        )
    return take_snapshot(run_id, tracking_uri=tracking_uri)


def _project_policy() -> Policy:
    return policy_of_runs(load_project(Path.cwd()), None, is_exact=False)
