"""`compatkit explain`: what a code means, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._settings import project_at, reads_settings
from compatkit.errors import WrongUse, nearest


@click.command("explain", epilog="\b\nExamples:\n  compatkit explain CK101\n  compatkit explain lightning-2:PL206")
@click.argument("code", metavar="CODE|ID:CODE")
@reads_settings
def command(code: str) -> None:
    """Explain a code that a finding, a warning or a report names.

    It is looked for in the migrations of the project, then in all that are installed. ID:CODE asks one of them.
    """
    from compatkit.authoring.explaining import TOOL_CODES, explain_code, explain_tool_code
    from compatkit.migration import Migration, available_migrations, codes_of, load_migration
    from compatkit.migration.registry import find_file

    migration_id, _, wanted = code.rpartition(":")
    wanted = wanted.upper()
    if not migration_id and wanted in TOOL_CODES:
        click.echo("\n".join(explain_tool_code(wanted)))
        return
    migrations: list[Migration]
    if migration_id:
        migrations = [load_migration(find_file(migration_id))]
    else:
        installed = available_migrations()
        migrations = [*project_at(Path.cwd()).load(), *(load_migration(file) for file in installed.values())]
    found = next((migration for migration in migrations if wanted in codes_of(migration)), None)
    if found is None:
        known = [*(name for migration in migrations for name in codes_of(migration)), *TOOL_CODES]
        raise WrongUse(
            f"There is no code {wanted!r}.",
            where=migration_id or "the migrations of the project, and those that are installed",
            hint=nearest(wanted, known) or "compatkit migrations show ID lists the codes of a migration",
        )
    click.echo("\n".join(explain_code(found, wanted)))
