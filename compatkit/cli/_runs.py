"""The runs that a command line names, two or many: in a tracking store, or stored as files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._extras import quiet_mlflow, require
from compatkit.cli._progress import ProgressBar
from compatkit.equivalence import EquivalenceError, resolve_snapshot, resolve_snapshots
from compatkit.equivalence.snapshots import is_snapshot_file, resolve_each
from compatkit.equivalence.statistics import compare_samples
from compatkit.migration import MigrationError, parse_equivalence

if TYPE_CHECKING:
    from compatkit.equivalence import Policy, Snapshot
    from compatkit.equivalence.statistics import SampleVerdict
    from compatkit.migration import Margin


def prepare_stores() -> None:
    """Check for MLflow and set how it reads; call it before MLflow is imported."""
    require("mlflow", "numpy", "yaml", extra="verify")
    # MLflow 3 asks for this even of who only reads.
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    quiet_mlflow()
    # By default MLflow asks a server that is gone for some four minutes; a training must not lose an epoch, but a
    # comparison can be repeated.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")


def read_both(before: str, after: str, *, uri: str | None, uri_after: str | None) -> tuple[Snapshot, Snapshot]:
    """Return what two references name. Raises `EquivalenceError` where both are one run at one place."""
    other = uri_after or uri
    if before == after and other == uri:
        raise EquivalenceError.same_run(before)
    if other == uri:
        left, right = resolve_each([before, after], tracking_uri=uri)
    else:
        left, right = resolve_snapshot(before, tracking_uri=uri), resolve_snapshot(after, tracking_uri=other)
    if left.run_id != right.run_id:
        return left, right
    if _place(before, uri) == _place(after, other):
        raise EquivalenceError.same_run(left.run_id)
    # A baseline against the store that it was taken from, or a store against its copy.
    note = f"both are run {left.run_id}: this compares two records of one run"
    return replace(left, notes=(*left.notes, note)), right


def _place(reference: str, uri: str | None) -> str | None:
    return str(Path(reference).resolve()) if is_snapshot_file(reference) else uri


def require_one_way(
    run_a: str | None, run_b: str | None, before_runs: tuple[str, ...], after_runs: tuple[str, ...]
) -> bool:
    """Tell whether many runs are given. Raises `click.UsageError` for neither way, half of one, or both."""
    if before_runs and after_runs and run_a is None:
        return True
    if before_runs or after_runs:
        raise click.UsageError("Give RUN_A and RUN_B, or both --before-runs and --after-runs.")
    if run_a is None or run_b is None:
        raise click.UsageError("Missing argument: give RUN_A and RUN_B, or --before-runs and --after-runs.")
    return False


def compare_many(
    runs: tuple[tuple[str, ...], tuple[str, ...]],
    uris: tuple[str | None, str | None],
    policy: Policy,
    margins: tuple[Margin, ...],
    confidence: float,
) -> SampleVerdict:
    """Read all runs of both sides, and compare them within the policy's margins and those of the command line."""
    require("scipy", extra="verify")
    given = replace(policy, margins=(*margins, *policy.margins))
    bar = ProgressBar(what="runs")
    try:
        before, after = (
            resolve_snapshots(side, tracking_uri=uri, tell=bar.update) for side, uri in zip(runs, uris, strict=True)
        )
    finally:
        bar.clear()
    return compare_samples(before, after, given, confidence=confidence)


def read_margin(text: str) -> Margin:
    """Return the margin that `METRIC=0.01` or `METRIC=1%` names; raises `click.UsageError` for another text."""
    metric, _, number = text.rpartition("=")
    unit, share = ("relative", 100) if number.endswith("%") else ("absolute", 1)
    try:
        value = float(number.removesuffix("%")) / share
        row = {"metric": metric, unit: value, "why": "given on the command line"}
        return parse_equivalence({"margins": [row]}, where="--margin").margins[0]
    except (ValueError, MigrationError) as error:
        hint = "give a metric or a pattern, and a number or a share: val_loss=0.01, '*_acc=1%'"
        raise click.UsageError(f"--margin {text!r} is not a margin; {hint}.") from error
