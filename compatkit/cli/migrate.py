"""`compatkit migrate`: rewrite a source tree, or show what would be rewritten."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._status import ExitStatus
from compatkit.errors import nearest

if TYPE_CHECKING:
    from compatkit.migrate import Report


@click.command("migrate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would change or is found.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change as a unified diff.")
@click.option("--migration", "chosen", multiple=True, metavar="ID_OR_PATH", help="The migration to apply; repeatable.")
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[Path, ...], *, check: bool, show_diff: bool, chosen: tuple[str, ...]
) -> None:
    """Rewrite v1 imports to v2 in files and folders.

    What is not certain is reported and left alone. Inside a git work tree, ignored files are left out. A second run
    changes nothing.

    \b
    Exit status: 0 nothing to do, or done; 1 something is left for a person, or, with --check or --diff, would change;
    2 a file could not be processed; 3 both.

    \b
    Example:
      compatkit migrate --diff src/
    """
    from compatkit.migrate import plan_tree, write_report
    from compatkit.migration import load_project

    for path in paths:
        _require(path)
    write = not (check or show_diff)
    migrations = load_project(paths[0]).load(chosen)
    report = plan_tree(paths, [move for migration in migrations for move in migration.moves])
    if write:
        report = write_report(report)
    _show(report, written=write, as_diff=show_diff)
    ctx.exit(int(_status(report, written=write)))


def _require(path: Path) -> None:
    if not path.exists():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) or "check the path"
        raise click.UsageError(f"The path {str(path)!r} does not exist; {hint}")


def _show(report: Report, *, written: bool, as_diff: bool) -> None:
    from compatkit.report.migrate_text import diff, failures, listing, summary

    if as_diff:
        # Bytes, past every text layer: a patch of a latin-1 or CRLF file must stay one.
        for line in diff(report):
            click.echo(line, nl=False)
    for text in listing(report, written=written):
        # Beside a diff, the findings are talk: what is piped into `git apply` must be a patch.
        click.echo(text, err=as_diff)
    for text in failures(report):
        click.echo(text, err=True)
    sys.stdout.flush()
    click.echo(summary(report, written=written), err=True)


def _status(report: Report, *, written: bool) -> ExitStatus:
    status = ExitStatus.OK
    if report.findings or (report.rewritten and not written):
        status |= ExitStatus.FINDINGS
    if report.failed:
        status |= ExitStatus.FAILED
    return status
