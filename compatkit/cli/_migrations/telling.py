"""Commands that tell what migrations there are, and what one declares."""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._outputs import write_text


@click.command("list", epilog="Example: compatkit migrations list")
@click.pass_context
def list_command(ctx: click.Context) -> None:
    """List the migrations that are installed, each with its versions and a summary. None of their code is run.

    A broken one is reported and left out; the exit status is then 2.
    """
    from compatkit.migration.head import read_heads

    heads, faults = read_heads()
    rows = [(head.id, f"{head.versions.v1} to {head.versions.v2}", head.summary) for head in heads]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for name, versions, summary in rows:
        click.echo(f"{name:<{widths[0]}}  {versions:<{widths[1]}}  {summary}")
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    ctx.exit(int(ExitStatus.FAILED if faults else ExitStatus.OK))


@click.command("show", epilog="Example: compatkit migrations show training-orchestrator-v2")
@click.argument("migration", metavar="ID_OR_PATH")
def show_command(migration: str) -> None:
    """Show what a migration declares: where it lies, and every entry by its code."""
    from compatkit.cli._migrate_options import describe_codes
    from compatkit.migration import load_migration
    from compatkit.migration.registry import find_file

    found = load_migration(find_file(migration))
    click.echo(f"{found.id}: {found.summary}")
    click.echo(f"From {found.versions.v1} to {found.versions.v2}, declared in {found.origin}\n")
    for code, sentence in sorted(describe_codes([found]).items()):
        click.echo(f"{code}  {sentence}")
    for entry in found.unhandled:
        click.echo(f"left to you  {entry.name}: {entry.why}")


@click.command("docs", epilog="Example: compatkit migrations docs acme-v2/ -o docs/acme-v2.md")
@click.argument("path", metavar="ID_OR_PATH")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; by default stdout.")
def docs_command(path: str, output: Path | None) -> None:
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


@click.command("schema", epilog="Example: compatkit migrations schema > migration.schema.json")
def schema_command() -> None:
    """Print the JSON Schema of migration.toml.

    Editors with a TOML plug-in complete and check a file that begins with `#:schema ./migration.schema.json`.
    """
    import json

    from compatkit.authoring.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
