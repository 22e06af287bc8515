"""`compatkit compare`: did two MLflow runs log the same?"""

from __future__ import annotations

import click


@click.command("compare", epilog="Example: compatkit compare 8c592e32 72e92cbb --tracking-uri sqlite:///mlflow.db")
@click.argument("run_a")
@click.argument("run_b")
@click.option("--tracking-uri", metavar="URI", help="Where the runs are; by default MLflow's own choice.")
@click.option("--tracking-uri-b", metavar="URI", help="Where RUN_B is, if elsewhere.")
@click.option("--migration", metavar="ID_OR_PATH", help="Whose policy decides; the project's own by default.")
@click.option("--exact", is_flag=True, help="Allow nothing: every name, value and weight must be equal.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    ctx: click.Context,
    run_a: str,
    run_b: str,
    tracking_uri: str | None,
    tracking_uri_b: str | None,
    migration: str | None,
    exact: bool,
    form: str,
) -> None:
    """Compare what two MLflow runs logged; RUN_A is v1, RUN_B is v2.

    A run is named by its id or its first letters, as `experiment:latest`, as `experiment@tag=value`, or by a file that
    `compatkit snapshot` wrote, in any mix.
    """
    from pathlib import Path

    from compatkit.cli._runs import prepare_stores, read_both
    from compatkit.cli._status import ExitStatus
    from compatkit.equivalence import Policy, compare_snapshots
    from compatkit.migration import load_project
    from compatkit.report.verdict_json import verdict_json
    from compatkit.report.verdict_text import verdict_lines

    prepare_stores()
    declared = load_project(Path.cwd()).load_one(migration)
    before, after = read_both(run_a, run_b, uri=tracking_uri, uri_after=tracking_uri_b)
    verdict = compare_snapshots(before, after, Policy.exact() if exact else Policy.from_migration(declared))
    click.echo(verdict_json(verdict) if form == "json" else "\n".join(verdict_lines(verdict)))
    ctx.exit(int(ExitStatus.OK if verdict.is_equivalent else ExitStatus.FINDINGS))
