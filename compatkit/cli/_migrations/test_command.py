"""`compatkit migrations test`: a migration on its own examples."""

from __future__ import annotations

import click

from compatkit.cli._status import ExitStatus


@click.command("test", epilog="Example: compatkit migrations test acme-v2/")
@click.argument("path", metavar="ID_OR_PATH")
@click.option("--verbose", "-v", is_flag=True, help="Show what holds, too.")
@click.pass_context
def command(ctx: click.Context, path: str, *, verbose: bool) -> None:
    """Test a migration on the examples beside its migration.toml.

    Each pair NAME.before.txt and NAME.after.txt is rewritten as shown, compiles, is not rewritten again, and does not
    depend on the order of the entries; NAME.unchanged.txt is not touched. An example that begins with the comment
    `# runnable` is also run: as it is with the shim, and rewritten without it. What it prints and binds is the same.

    \b
    Exit status: 0 all holds; 1 something does not; 2 there is no example, or the migration cannot be read.
    """
    from compatkit.authoring.trial import try_migration
    from compatkit.migration import MigrationError, load_migration
    from compatkit.migration.registry import find_file

    file = find_file(path)
    migration = load_migration(file)
    examples: set[str] = set()
    broken = 0
    for attempt in try_migration(migration, file.parent):
        examples.add(attempt.example)
        broken += not attempt.holds
        if verbose or not attempt.holds:
            click.echo(f"{'holds' if attempt.holds else 'BROKEN'}  {attempt.example}: {attempt.claim}")
        for line in attempt.details.splitlines():
            click.echo(f"    {line}")
    if not examples:
        hint = "add examples/NAME.before.txt and examples/NAME.after.txt"
        raise MigrationError(f"The migration {migration.id} has no examples.", where=str(file.parent), hint=hint)
    click.echo(f"{len(examples)} examples, {broken} claims broken.", err=True)
    ctx.exit(int(ExitStatus.FINDINGS if broken else ExitStatus.OK))
