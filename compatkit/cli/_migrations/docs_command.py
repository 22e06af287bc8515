"""`compatkit migrations docs`: a page of documentation."""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._outputs import write_text


@click.command("docs", epilog="Example: compatkit migrations docs acme-v2/ -o docs/acme-v2.md")
@click.argument("path", metavar="ID_OR_PATH")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; by default stdout.")
def command(path: str, output: Path | None) -> None:
    """Write one page in Markdown about a migration, from its migration.toml alone. Every code is an anchor."""
    from compatkit.authoring.pages import page
    from compatkit.migration import load_migration
    from compatkit.migration.registry import find_file

    text = page(load_migration(find_file(path)))
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)
        click.echo(f"{output} written", err=True)
