"""`compatkit migrations new`: a package to start with."""

from __future__ import annotations

import sys
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
@click.option(
    "--package", metavar="NAME", help="The package that users import, such as sklearn; asked for on a terminal."
)
def command(migration_id: str, folder: Path, package: str | None) -> None:
    """Start a migration as a package of its own: an entry point, a migration.toml, examples and a test that passes."""
    from compatkit.authoring.skeleton import write_skeleton

    if package is None and sys.stdin.isatty():
        package = click.prompt("The package that users import", default=migration_id.partition("-")[0], err=True)
    for file in write_skeleton(migration_id, folder, package or ""):
        click.echo(file)
    root = folder / migration_id
    click.echo(f"\nNow edit its migration.toml, and run: compatkit migrations test {root}", err=True)
