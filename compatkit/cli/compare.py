"""`compatkit compare`: did two MLflow runs, or many and many, log the same?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._outputs import format_option, html_option, require_page
from compatkit.cli._settings import project_at, reads_settings
from compatkit.report import FORMATS

if TYPE_CHECKING:
    from compatkit.equivalence import Verdict
    from compatkit.equivalence.statistics import SampleVerdict


@click.command("compare", epilog="Example: compatkit compare baseline.json default:latest")
@click.argument("run_a", required=False)
@click.argument("run_b", required=False)
@click.option(
    "--before-runs", multiple=True, metavar="RUN", help="A run of v1, one a seed; repeatable. `EXPERIMENT:all` is many."
)
@click.option("--after-runs", multiple=True, metavar="RUN", help="A run of v2, one a seed; repeatable.")
@click.option("--margin", "margins", multiple=True, metavar="METRIC=0.01", help="Between the means; or METRIC=1%.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of the verdict on many runs.")
@click.option("--tracking-uri", metavar="URI", help="Where the runs are; by default MLflow's own choice.")
@click.option("--tracking-uri-b", metavar="URI", help="Where RUN_B is, if elsewhere.")
@click.option("--migration", metavar="ID_OR_PATH", help="Whose policy decides; the project's own by default.")
@click.option("--exact", is_flag=True, help="Allow nothing: every name, value and weight must be equal.")
@click.option("--accept-unread", is_flag=True, help="Judge by what can be read, and only say what cannot.")
@click.option("--explain", "is_explained", is_flag=True, help="Where two runs differ, say where they began to.")
@format_option(FORMATS)
@html_option
@click.option("--log-html", is_flag=True, help="Log that page into RUN_B, as an artifact below compatkit/.")
@reads_settings
@click.pass_context
def command(
    ctx: click.Context,
    run_a: str | None,
    run_b: str | None,
    before_runs: tuple[str, ...],
    after_runs: tuple[str, ...],
    margins: tuple[str, ...],
    confidence: float,
    tracking_uri: str | None,
    tracking_uri_b: str | None,
    migration: str | None,
    exact: bool,
    accept_unread: bool,
    is_explained: bool,
    form: str,
    html: Path | None,
    log_html: bool,
) -> None:
    """Compare what two MLflow runs logged; RUN_A is v1, RUN_B is v2.

    A run is named by its id or its first letters, as `experiment:latest`, as `experiment@tag=value`, or by a file that
    `compatkit snapshot` wrote, in any mix. What [tool.compatkit.verify] of the nearest pyproject.toml allows in all its
    scenarios is allowed here too.

    Where runs are not equal bit for bit (a GPU, other hardware), give several of each side, one a seed, with
    --before-runs and --after-runs, or `experiment:all`. An equivalence test then decides, within the margins of the
    policy.
    """
    from dataclasses import replace

    from compatkit.cli._policy import policy_of_runs, with_renames_told
    from compatkit.cli._runs import compare_many, prepare_stores, read_both, read_margin, require_one_way
    from compatkit.cli._verdict_page import deliver_page, deliver_samples
    from compatkit.equivalence import compare_snapshots
    from compatkit.equivalence.explain import explain
    from compatkit.report.explain_text import explanation_lines
    from compatkit.report.provenance import how_made
    from compatkit.report.verdict_formats import render_samples, render_verdict
    from compatkit.report.verdict_page import Compared

    is_many = require_one_way(run_a, run_b, before_runs, after_runs)
    given_margins = tuple(map(read_margin, margins))
    prepare_stores()
    require_page(html, is_logged=log_html)
    policy = policy_of_runs(project_at(Path.cwd()), migration, is_exact=exact)
    policy = replace(policy, accepts_unread=accept_unread or policy.accepts_unread)
    if is_many:
        uris = (tracking_uri, tracking_uri_b or tracking_uri)
        found = compare_many((before_runs, after_runs), uris, policy, given_margins, confidence)
        click.echo(render_samples(found, form, made=how_made(found.policy)))
        deliver_samples(found, html, is_logged=log_html)
        ctx.exit(int(_status(found)))
    assert run_a is not None
    assert run_b is not None
    before, after = read_both(run_a, run_b, uri=tracking_uri, uri_after=tracking_uri_b)
    verdict = with_renames_told(compare_snapshots(before, after, policy), before, after, policy)
    explanation = explain(before, after, verdict) if is_explained and not verdict.is_equivalent else None
    click.echo(render_verdict(verdict, form, explanation, made=how_made(verdict.policy)))
    if explanation and form in {"junit", "github"}:
        click.echo("\n".join(explanation_lines(explanation)), err=True)
    compared = Compared("", verdict, before, after, policy, explanation=explanation)
    deliver_page(compared, html, is_logged=log_html, tracking_uri=tracking_uri_b or tracking_uri)
    ctx.exit(int(_status(verdict)))


def _status(verdict: Verdict | SampleVerdict) -> ExitStatus:
    if verdict.is_open:
        return ExitStatus.FAILED
    return ExitStatus.OK if verdict.is_accepted else ExitStatus.FINDINGS
