"""`compatkit migrations new`: a package to start with."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new", epilog="Example: compatkit migrations new acme-v2")
@click.argument("migration_id", metavar="ID")
@click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder for the package; by default the present one.",
)
def command(migration_id: str, folder: Path) -> None:
    """Start a migration as a package of its own: an entry point, a migration.toml, examples and a test that passes."""
    from compatkit.authoring.skeleton import write_skeleton

    for file in write_skeleton(migration_id, folder):
        click.echo(file)
    root = folder / migration_id
    click.echo(f"\nNow edit its migration.toml, and run: compatkit migrations test {root}", err=True)
