"""`compatkit stubs`: type stubs for the old modules that are gone, so that old imports still type-check."""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._settings import project_at, reads_settings


@click.command("stubs")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of its own for the stubs; by default they lie where the old modules were or, with no source left "
    "there, below typings.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a stub is missing or stale.")
@click.option("--migration", "chosen", multiple=True, metavar="ID_OR_PATH", help="The migration to use; repeatable.")
@reads_settings
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[Path, ...], folder: Path | None, *, check: bool, chosen: tuple[str, ...]
) -> None:
    """Write a type stub for each old module that is gone, from the sources below the paths (by default: here).

    mypy and pyright then accept old imports with the new types, and report moved functions as deprecated. A class is
    an alias of the new one, which cannot be marked. Nothing is imported or executed, and a module that still exists
    gets no stub. For a library that is installed, give its folder, and with --output one of yours for the stubs.
    Python imports any folder as an empty package, so stubs of a package that is gone go to ./typings: pyright reads
    that unasked, mypy with mypy_path = "typings".

    Exit status: 0 nothing to do, or done; 1 a name has no stub, or, with --check, a stub is missing or stale;
    2 a file could not be processed; 3 both.

    \b
    Example:
      compatkit stubs src/
    """
    from compatkit.migrate.stubs.plan import plan_stubs, write_stub

    migrations = project_at(Path.cwd()).load(chosen)
    plan = plan_stubs(paths or (Path(),), [move for migration in migrations for move in migration.moves], folder=folder)
    due = [file for file in plan.files if not file.is_current]
    for file in due:
        if not check:
            write_stub(file)
        state = "missing" if file.before is None else "stale"
        click.echo(f"{file.path} {f'is {state}' if check else 'written'}")
    for finding in plan.findings:
        click.echo(finding)
    for text in (*plan.notes, *plan.failures):
        click.echo(text, err=True)
    click.echo(_summary(len(due), len(plan.files) - len(due), len(plan.findings), check=check), err=True)
    status = ExitStatus.FINDINGS if plan.findings or (check and due) else ExitStatus.OK
    ctx.exit(int(status | ExitStatus.FAILED if plan.failures else status))


def _summary(due: int, current: int, findings: int, *, check: bool) -> str:
    counts = [f"{due} {'to be written' if check else 'written'}", f"{current} unchanged"]
    return ", ".join([*counts, f"{findings} {'finding' if findings == 1 else 'findings'}"]) + "."
