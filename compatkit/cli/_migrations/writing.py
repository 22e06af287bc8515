"""Commands that start a migration: a package, a draft from two releases, the names that a module has."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from compatkit.cli._extras import require
from compatkit.cli._migrations.releases import compare_releases, release_options
from compatkit.cli._outputs import write_text


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
def new_command(migration_id: str, folder: Path, package: str | None) -> None:
    """Start a migration as a package of its own: an entry point, a migration.toml, examples and a test that passes."""
    from compatkit.authoring.skeleton import write_skeleton

    if package is None and sys.stdin.isatty():
        package = click.prompt("The package that users import", default=migration_id.partition("-")[0], err=True)
    for file in write_skeleton(migration_id, folder, package or ""):
        click.echo(file)
    root = folder / migration_id
    click.echo(f"\nNow edit its migration.toml, and run: compatkit migrations test {root}", err=True)


@click.command("draft", epilog="\b\nExample:\n  compatkit migrations draft --old PyPDF2==1.27.12 --new PyPDF2==2.12.1")
@release_options
@click.option("--id", "migration_id", metavar="ID", help="The id of the migration; by default the package's name.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; by default stdout.")
def draft_command(
    old: str, new: str, packages: tuple[str, ...], cache: Path | None, migration_id: str | None, output: Path | None
) -> None:
    """Draft a migration.toml from two releases of a library: their interfaces, and what the old one says of itself.

    Each entry has its confidence and its evidence as a comment. What is not sure enough is written as a comment, too.
    The releases are read, not run; PACKAGE==VERSION is downloaded with pip.
    """
    import re
    from collections import Counter

    from compatkit.authoring.drafting import Draft
    from compatkit.authoring.releases import version_of

    name, changes, _ = compare_releases(old, new, packages, cache, mined=True)
    called = migration_id or re.sub("[^a-z0-9]+", "-", f"{name}-{version_of(new)}".lower())
    text = Draft(called, name, version_of(old), version_of(new), tuple(changes)).text()
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)
    counts = Counter(change.kind for change in changes)
    click.echo(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "Nothing changed.", err=True)


@click.command(
    "inventory",
    epilog="\b\nExample:\n  compatkit migrations inventory lightning==2.6.1 lightning.pytorch > names.txt",
)
@click.argument("release")
@click.argument("module")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder that keeps what is downloaded; by default it is thrown away.",
)
def inventory_command(release: str, module: str, cache: Path | None) -> None:
    """Print every name that RELEASE has in MODULE and below it, for the `inventory` of a module that moves.

    RELEASE is PACKAGE==VERSION, a folder or an archive. Nothing of it is imported or run.

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
