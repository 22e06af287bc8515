"""`compatkit census`: what a run used under old names, set against what the source shows."""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._status import ExitStatus


@click.command("census")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--in",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path, exists=True),
    help="Where the source is; repeatable; by default here.",
)
@click.option("--migration", "chosen", multiple=True, metavar="ID_OR_PATH", help="The migration to use; repeatable.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    ctx: click.Context, files: tuple[Path, ...], paths: tuple[Path, ...], chosen: tuple[str, ...], form: str
) -> None:
    """Set the uses of old names that `compatkit run --census FILE` recorded against those in the source.

    A use that the source does not show comes from a string, a pickle or a configuration, and needs a person. A place
    that no use came from may be unused, or was not exercised in this run. Several files are added up.

    \b
    Exit status: 0 no old name was used or found; 1 some were; 2 a file could not be processed; 3 both.

    \b
    Example:
      compatkit census census.json --in src/
    """
    from compatkit.migrate.census import codes_counted, take_census
    from compatkit.migration import load_project
    from compatkit.report.census_text import census_json, census_lines
    from compatkit.report.migrate_text import failures

    migrations = load_project(Path.cwd()).load(chosen)
    moves = [move for migration in migrations for move in migration.moves]
    census = take_census(files, paths or (Path(),), moves, changed=migrations)
    if form == "json":
        click.echo(census_json(census))
    else:
        for line in census_lines(census):
            click.echo(line)
    for text in failures(census.report):
        click.echo(text, err=True)
    if unknown := sorted({use.code for use in census.missed} - codes_counted(migrations)):
        click.echo(f"{', '.join(unknown)}: in no migration in use; name theirs with --migration", err=True)
    counts = f"{len(census.found)} found, {len(census.missed)} not found, {len(census.unseen)} not used in the run"
    click.echo(f"{counts}.", err=True)
    status = ExitStatus.OK if census.is_empty else ExitStatus.FINDINGS
    ctx.exit(int(status | ExitStatus.FAILED if census.report.failed else status))
