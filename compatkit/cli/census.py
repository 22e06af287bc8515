"""`compatkit census`: what a run used under old names, set against what the source shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._settings import project_at, reads_settings

if TYPE_CHECKING:
    from compatkit.migrate.census import CensusMatch, CountedUse, NamedLine


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
@reads_settings
@click.pass_context
def command(
    ctx: click.Context, files: tuple[Path, ...], paths: tuple[Path, ...], chosen: tuple[str, ...], form: str
) -> None:
    """Set the uses of old names that `compatkit run --census FILE` recorded against those in the source.

    A use that the source does not show comes from a string, a pickle or a configuration, and needs a person. A place
    that no use came from may be unused, or was not exercised in this run. Several files are added up.

    Exit status: 0 no old name was used or found; 1 some were; 2 a file could not be processed; 3 both.

    \b
    Example:
      compatkit run --census census.json scripts/train.py
      compatkit census census.json --in src/
    """
    from compatkit.migrate.census import codes_counted, take_census
    from compatkit.report.migrate_text import failures

    migrations = project_at(Path.cwd()).load(chosen)
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


def census_lines(census: CensusMatch) -> Iterator[str]:
    """Yield the three groups, each with what it means and its entries; a group without entries is left out."""
    if census.found:
        yield f"Used in the run, and found in the source ({len(census.found)}):"
        yield from map(_used, census.found)
    if census.missed:
        yield f"Used in the run, but not found in the source ({len(census.missed)}); a person has to look:"
        yield from map(_used, census.missed)
    if census.unseen:
        yield f"Found in the source, but not used in the run ({len(census.unseen)}); unused, or not exercised:"
        yield from (f"  {place.file}:{place.line} {place.code} {place.message}" for place in census.unseen)


def census_json(census: CensusMatch) -> str:
    """Return the three groups as a JSON object."""
    # Most runs are read by people.
    import json
    from dataclasses import asdict

    groups = {
        "found": [asdict(use) for use in census.found],
        "missed": [asdict(use) for use in census.missed],
        "unseen": [_place(place) for place in census.unseen],
    }
    return json.dumps({"schema": 1, **groups}, indent=2)


def _used(use: CountedUse) -> str:
    place = f"{use.file}:{use.line}" if use.line else use.file
    return f"  {place} {use.code} {use.old}, {'once' if use.count == 1 else f'{use.count} times'}"


def _place(place: NamedLine) -> dict[str, str | int]:
    return {"file": place.file, "line": place.line, "code": place.code, "message": place.message}
