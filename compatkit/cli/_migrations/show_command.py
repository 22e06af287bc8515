"""`compatkit migrations show`: what one migration declares."""

from __future__ import annotations

import click


@click.command("show", epilog="Example: compatkit migrations show training-orchestrator-v2")
@click.argument("migration", metavar="ID_OR_PATH")
def command(migration: str) -> None:
    """Show what a migration declares: where it lies, and every entry by its code."""
    from compatkit.cli._migrate_given import describe_codes
    from compatkit.migration import load_migration
    from compatkit.migration.registry import find_file

    found = load_migration(find_file(migration))
    click.echo(f"{found.id}: {found.summary}")
    click.echo(f"From {found.versions.v1} to {found.versions.v2}, declared in {found.origin}\n")
    for code, sentence in sorted(describe_codes([found]).items()):
        click.echo(f"{code}  {sentence}")
    for each in found.unhandled:
        click.echo(f"left to you  {each.name}: {each.why}")
