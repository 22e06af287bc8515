"""`compatkit shim`: the shim in every interpreter of this environment, switched on and off."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("shim")
def command() -> None:
    """Switch the shim on and off for every Python of this environment.

    \b
    Example:
      compatkit shim enable && python scripts/train.py
    """


@command.command("enable", epilog="Example: compatkit shim enable --project .")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project whose pyproject.toml names the migrations; by default the one here.",
)
def enable(project: Path) -> None:
    """Start every Python of this environment with the shim."""
    from compatkit.migration import load_project
    from compatkit.shim.pth import enable_pth

    # Loaded now, so that a mistake in it shows here, and not in every interpreter.
    migrations = load_project(project).load()
    status = enable_pth(project)
    click.echo(f"The shim is on, with {', '.join(migration.id for migration in migrations)}: {status.file}")
    click.echo("One process goes without it under COMPATKIT_SHIM=0; `compatkit shim disable` removes it.", err=True)


@command.command("disable", epilog="Example: compatkit shim disable")
def disable() -> None:
    """Undo `compatkit shim enable`."""
    from compatkit.shim.pth import disable_pth

    before = disable_pth()
    click.echo(f"The shim is off: removed {before.file}" if before.is_enabled else "The shim was off already.")


@command.command("status", epilog="Example: compatkit shim status")
def status() -> None:
    """Say whether the shim is on, for which project, and whether that project's migrations load.

    It also says which declared producers the source does not show: those of the project for which it is on, else of
    the one here. Nothing is imported.

    Exit status: 0 it is on, or off; 2 it is on but its project cannot be loaded.
    """
    from compatkit.migration import load_project
    from compatkit.shim.producers import producers_not_in_source
    from compatkit.shim.pth import pth_status

    found = pth_status()
    if found.project is None:
        click.echo("The shim is off in this environment.")
        project = load_project(Path())
        folder = project.origin.parent if project.origin else Path()
    else:
        click.echo(f"The shim is on for {found.project}: {found.file}")
        folder = Path(found.project)
        project = load_project(folder)
    migrations = project.load()
    for migration in migrations if found.project is not None else ():
        click.echo(f"  {migration.id}: {migration.summary}")
    for line in producers_not_in_source(
        (producer for migration in migrations for producer in migration.producers), folder.resolve()
    ):
        click.echo(line, err=True)
