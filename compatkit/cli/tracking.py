"""`compatkit tracking flush`: send what trainings left in the spool."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("tracking")
def command() -> None:
    """Send what trainings could not send to the tracking server.

    \b
    Example:
      compatkit tracking flush
    """


@command.command("flush", epilog="Example: compatkit tracking flush")
@click.option(
    "--spool",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the spool is, if elsewhere.",
)
@click.pass_context
def flush(ctx: click.Context, spool: Path | None) -> None:
    """Send the metrics that a crash, or a server that was away, left in the spool.

    Each run gets what it lacks, in its order and at its steps, and nothing twice; then the end that it was to have.
    The spool of a training that runs is left alone.

    Exit status: 0 all was sent, or nothing was there; 2 something could not be sent, and is kept.
    """
    from compatkit.cli._exit_status import ExitStatus
    from compatkit.cli._extras import quiet_mlflow, require

    require("mlflow", "torch")
    quiet_mlflow()
    from compatkit.training.sender import Sent, Undelivered, deliver_spool
    from compatkit.training.spool import spool_folder

    status, is_empty = ExitStatus.OK, True
    for outcome in deliver_spool(spool_folder(spool)):
        is_empty = False
        match outcome:
            case Sent(run_id, points, ending):
                click.echo(f"{run_id}: {points} values sent" + (f", run {ending}" if ending else ""))
            case Undelivered(_, reason):
                click.echo(f"error: {reason}", err=True)
                status = ExitStatus.FAILED
    if is_empty:
        click.echo("The spool is empty.", err=True)
    ctx.exit(int(status))
