"""`compatkit migrations draft`: a migration.toml to start from."""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._migrations._releases import compare_releases, release_options
from compatkit.cli._outputs import write_text


@click.command("draft", epilog="Example: compatkit migrations draft --old PyPDF2==1.27.12 --new PyPDF2==2.12.1")
@release_options
@click.option("--id", "migration_id", metavar="ID", help="The id of the migration; by default the package's name.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; by default stdout.")
def command(
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
