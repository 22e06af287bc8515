"""`compatkit migrations list`: which migrations are installed."""

from __future__ import annotations

import click

from compatkit.cli._status import ExitStatus


@click.command("list", epilog="Example: compatkit migrations list")
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the migrations that are installed, each with its versions and a summary. None of their code is run.

    A broken one is reported and left out; the exit status is then 2.
    """
    from compatkit.migration import load_all

    migrations, faults = load_all()
    rows = [(each.id, f"{each.versions.v1} to {each.versions.v2}", each.summary) for each in migrations]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for name, versions, summary in rows:
        click.echo(f"{name:<{widths[0]}}  {versions:<{widths[1]}}  {summary}")
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    ctx.exit(int(ExitStatus.FAILED if faults else ExitStatus.OK))
