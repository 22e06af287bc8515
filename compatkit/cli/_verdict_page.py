"""Write the page of the option --html, and log it into a run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.equivalence import take_snapshot
from compatkit.equivalence.reading.known_names import FOLDER, page_name
from compatkit.equivalence.verdict import Verdict
from compatkit.errors import CompatkitError
from compatkit.report.provenance import how_made, how_results_were_made
from compatkit.report.verdict_page import Compared, Conclusion, NotCompared, Sampled, write_verdict_page

if TYPE_CHECKING:
    from compatkit.equivalence import Policy
    from compatkit.equivalence.commands import Result
    from compatkit.equivalence.matrix import Cell, Matrix
    from compatkit.equivalence.statistics import SampleVerdict
    from compatkit.migration import Allowance
    from compatkit.report.verdict_page import Comparison


def write_matrices(html: Path | None, matrices: Sequence[Matrix], policy: Policy, uri: str) -> None:
    """Write a page of all cells, if one is wanted; the runs are read again, one at a time."""
    if html is not None:
        write_verdict_page(html, _comparisons(matrices, policy, uri), title="verify", made=how_made(policy.title))


def write_results(html: Path | None, results: Sequence[Result], policies: Sequence[Policy]) -> None:
    """Write a page of all runs that commands logged, if one is wanted."""
    if html is not None:
        rows = (row for pair in zip(results, policies, strict=True) for row in _of_result(*pair))
        write_verdict_page(html, rows, title="verify", made=how_results_were_made(results))


def deliver_samples(verdict: SampleVerdict, html: Path | None, *, is_logged: bool) -> None:
    """Write the page of many runs against many where it is wanted; there is no one run that it could be logged into."""
    if is_logged:
        raise click.UsageError("--log-html needs one RUN_B; with --before-runs and --after-runs give --html FILE")
    if html is not None:
        write_verdict_page(html, [Sampled("", verdict)], title="samples", made=how_made(verdict.policy))


def deliver_page(compared: Compared, html: Path | None, *, is_logged: bool, tracking_uri: str | None) -> None:
    """Write the page of one comparison where it is wanted; `tracking_uri` is where the second run is."""
    title = f"{compared.before.run_id[:8]} against {compared.after.run_id[:8]}"
    if html:
        write_verdict_page(html, [compared], title=title, made=how_made(compared.verdict.policy))
    if is_logged:
        _log_page(compared, title, tracking_uri)


def _log_page(compared: Compared, title: str, tracking_uri: str | None) -> None:
    """Log the page into the second run, where a later comparison leaves it out."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    run_id = compared.after.run_id
    with tempfile.TemporaryDirectory(prefix="compatkit-") as folder:
        page = Path(folder) / page_name(compared.before.run_id)
        write_verdict_page(page, [compared], title=title, made=how_made(compared.verdict.policy))
        try:
            client = MlflowClient(tracking_uri)
            client.log_artifact(run_id, str(page), FOLDER)
        except (MlflowException, OSError) as error:
            raise CompatkitError(
                f"The page cannot be logged into run {run_id!r}: {error}",
                where="--log-html",
                hint="RUN_B must be a run of a store that takes artifacts; --html FILE writes a file",
            ) from error
    click.echo(f"Logged into run {run_id}: {FOLDER}/{page.name}", err=True)


def _of_result(result: Result, policy: Policy) -> Iterator[Comparison]:
    if result.failure:
        yield NotCompared(result.scenario, result.failure)
    for sides in result.comparisons:
        title = f"{result.scenario}: {sides.before} against {sides.after}"
        for run in sides.runs:
            if isinstance(run.verdict, Verdict) and run.snapshots:
                verdict = _less_stale(run.verdict, result.stale)
                yield Compared(f"{title}, {run.run}", verdict, *run.snapshots, policy, explanation=run.explanation)
            elif not isinstance(run.verdict, Verdict):
                yield Sampled(f"{title}, {run.run}", run.verdict)
        for side, names in ((sides.before, sides.missing), (sides.after, sides.extra)):
            for name in names:
                yield NotCompared(f"{title}, {name}", f"Only {side} logged this run.", Conclusion.DIFFERENT)


def _comparisons(matrices: Sequence[Matrix], policy: Policy, uri: str) -> Iterator[Comparison]:
    for matrix in matrices:
        baseline = matrix.cells[0]
        before = take_snapshot(baseline.run_id, tracking_uri=uri) if any(_verdicts(matrix)) else None
        for cell in matrix.cells:
            title = f"{matrix.scenario}: {cell.trainer} on {cell.orchestrator}"
            if cell.verdict is not None and before is not None:
                after = take_snapshot(cell.run_id, tracking_uri=uri)
                yield Compared(title, _less_stale(cell.verdict, matrix.stale), before, after, policy)
            elif cell is baseline and not cell.failure:
                yield NotCompared(title, "The baseline, with which the others are compared.", Conclusion.BASELINE)
            else:
                yield NotCompared(title, cell.failure or "It was not compared.")


def _less_stale(verdict: Verdict, stale: tuple[Allowance, ...]) -> Verdict:
    """Of several verdicts, an entry of the policy is stale only where none needed it."""
    return replace(verdict, unused=tuple(entry for entry in verdict.unused if entry.optional or entry in stale))


def _verdicts(matrix: Matrix) -> Iterator[Cell]:
    return (cell for cell in matrix.cells if cell.verdict is not None)
