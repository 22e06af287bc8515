"""`compatkit status`: how far a migration has come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._options import wished, with_given
from compatkit.cli._settings import settings_at

if TYPE_CHECKING:
    from compatkit.migrate.status import Status


@click.command("status")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Also write a page.")
@click.option(
    "--history",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep one line a run in this file, and show the trend.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--depth", type=click.IntRange(min=1), default=2, show_default=True, help="How deep folders are told apart."
)
@wished(without=["allow_dirty", "rename"])
@click.option("--migration", "chosen", multiple=True, metavar="ID_OR_PATH", help="The migration to use; repeatable.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    *,
    html: Path | None,
    history: Path | None,
    form: str,
    depth: int,
    chosen: tuple[str, ...],
    **given: Any,
) -> None:
    """Show what is left to migrate below the paths (by default: here), by code, folder and owner (CODEOWNERS).

    Done is each place that names a new home. Nothing is written but the page that --html asks for; it loads nothing.

    Exit status: 0 nothing is left; 1 something is; 2 a file could not be processed; 3 both.

    \b
    Example:
      compatkit status --html status.html --history status.jsonl src/
    """
    from compatkit.cli._migrate_options import describe_codes, existing_folder, require_paths
    from compatkit.cli._migrate_show import to_stdout
    from compatkit.cli._progress import ProgressBar
    from compatkit.migrate import Task
    from compatkit.migrate.finding.find import FileScope
    from compatkit.migrate.status import load_owners, take_status
    from compatkit.report.migrate_text import failures
    from compatkit.report.status_text import status_json, status_lines

    places = paths or (Path(),)
    require_paths(places)
    settings = with_given(settings_at(existing_folder(places[0])), given)
    migrations, bar = settings.project.load(chosen), ProgressBar()
    task = Task.of(migrations, settings.options)
    scope = FileScope.of(settings)
    try:
        owners = load_owners(existing_folder(places[0]))
        status = take_status(places, task, owners, depth=depth, jobs=settings.jobs, progress=bar.update, scope=scope)
    finally:
        bar.clear()
    meanings = describe_codes(migrations)
    if html or history:
        title = "Migration: " + ", ".join(migration.id for migration in migrations)
        _keep(status, html, history, title=title, meanings=meanings, place=existing_folder(places[0]))
    lines = [status_json(status)] if form == "json" else status_lines(status, meanings)
    to_stdout(lambda: click.echo("\n".join(lines)))
    for text in failures(status.report):
        click.echo(text, err=True)
    result = ExitStatus.FINDINGS if status.left else ExitStatus.OK
    ctx.exit(int(result | ExitStatus.FAILED if status.report.failed else result))


def _keep(
    status: Status, html: Path | None, history: Path | None, *, title: str, meanings: dict[str, str], place: Path
) -> None:
    """Write the page and the line of the history that were asked for."""
    # A status that is only shown needs none of these, nor git.
    from datetime import UTC, datetime

    from compatkit.migrate.status import StatusRun, history_text, read_status_history, with_entry
    from compatkit.migrate.write import write_output
    from compatkit.report.status_html import Scene, status_html

    revision, date = _revision(place), datetime.now(UTC).date().isoformat()
    known: tuple[StatusRun, ...] = ()
    if history:
        known = with_entry(read_status_history(history), StatusRun.of(status, date=date, revision=revision))
        write_output(history, history_text(known).encode())
    if html:
        scene = Scene(meanings, revision, date, known)
        write_output(html, status_html(status, title, scene).encode("utf-8", "replace"))


def _revision(place: Path) -> str:
    """Return the first letters of the commit that is checked out, if there is one."""
    from compatkit.migrate.finding.git import run_git

    folder = place if place.is_dir() else place.parent
    answer = run_git(str(folder), "rev-parse", "--short=10", "HEAD")
    return answer.decode("ascii", "replace").strip() if answer else ""
