"""`compatkit snapshot`: what a run logged, as a file that can be committed and compared."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("snapshot", epilog="Example: compatkit snapshot default:latest -o baseline.json")
@click.argument("run")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; it is replaced as a whole or not at all.",
)
@click.option("--tracking-uri", metavar="URI", help="Where the run is; by default MLflow's own choice.")
def command(run: str, output: Path, tracking_uri: str | None) -> None:
    """Store what an MLflow run logged, to compare with later or to commit as a baseline.

    RUN is an id or its first letters, `experiment:latest`, or `experiment@tag=value`. The same run gives the same file,
    byte for byte; a diff of two such files shows what changed.
    """
    from compatkit.cli._runs import prepare_stores

    prepare_stores()

    from compatkit.equivalence import resolve_snapshot, save_snapshot

    snapshot = resolve_snapshot(run, tracking_uri=tracking_uri)
    save_snapshot(snapshot, output)
    points = sum(map(len, snapshot.metrics.values()))
    click.echo(
        f"Wrote {output}: {len(snapshot.params)} params, {len(snapshot.metrics)} metrics with {points} points, "
        f"{len(snapshot.artifacts)} artifacts, {len(snapshot.models)} models, {len(snapshot.children)} child runs"
    )
    for note in snapshot.notes:
        click.echo(f"note: {note}", err=True)
