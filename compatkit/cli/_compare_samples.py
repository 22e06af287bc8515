"""`compatkit compare` with several runs a side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compatkit.equivalence import Policy
    from compatkit.equivalence.statistics import SampleVerdict
    from compatkit.migration import Margin


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
    from compatkit.cli._extras import require
    from compatkit.cli._progress import ProgressBar
    from compatkit.equivalence import resolve_snapshots
    from compatkit.equivalence.statistics import compare_samples

    require("scipy", extra="verify")
    given = replace(policy, margins=(*margins, *policy.margins))
    bar = ProgressBar(what="runs")
    try:
        before, after = (
            resolve_snapshots(side, tracking_uri=uri, tell=bar.tell) for side, uri in zip(runs, uris, strict=True)
        )
    finally:
        bar.clear()
    return compare_samples(before, after, given, confidence=confidence)


def read_margin(text: str) -> Margin:
    """Return the margin that `METRIC=0.01` or `METRIC=1%` names; raises `click.UsageError` for another text."""
    from compatkit.migration import MigrationError, parse_equivalence

    metric, _, number = text.rpartition("=")
    unit, share = ("relative", 100) if number.endswith("%") else ("absolute", 1)
    try:
        value = float(number.removesuffix("%")) / share
        row = {"metric": metric, unit: value, "why": "given on the command line"}
        return parse_equivalence({"margins": [row]}, where="--margin").margins[0]
    except (ValueError, MigrationError) as error:
        hint = "give a metric or a pattern, and a number or a share: val_loss=0.01, '*_acc=1%'"
        raise click.UsageError(f"--margin {text!r} is no margin; {hint}.") from error
