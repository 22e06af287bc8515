"""`compatkit migrations inventory`: the names that a module has in a release."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from compatkit.cli._extras import require


@click.command(
    "inventory",
    epilog="Example: compatkit migrations inventory lightning==2.6.1 lightning.pytorch > lightning_pytorch.txt",
)
@click.argument("release")
@click.argument("module")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder that keeps what is downloaded; by default it is thrown away.",
)
def command(release: str, module: str, cache: Path | None) -> None:
    """Print every name that RELEASE has in MODULE and below it, for the `inventory` of a module that moves.

    RELEASE is PACKAGE==VERSION, a folder or an archive. Nothing of it is imported or run.

    \b
    Exit status: 0 done; 2 the release cannot be read, or has no such module.
    """
    require("griffe", extra="draft")
    from compatkit.authoring.releases import locate_release, take_inventory, version_of

    with tempfile.TemporaryDirectory(prefix="compatkit-releases-") as folder:
        place = locate_release(release, (cache or Path(folder)) / "new", module.partition(".")[0])[1]
        found = take_inventory(module, place)
    click.echo(
        f"# Written by `compatkit migrations inventory`: the names of {module} in {version_of(release)}, by module."
    )
    for line in found.lines():
        click.echo(line)
