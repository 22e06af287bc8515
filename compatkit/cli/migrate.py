"""`compatkit migrate`: rewrite a source tree, or show what would be rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from compatkit.cli._migrate_options import (
    STDIN,
    MigrateCliOptions,
    describe_codes,
    reject_contradictions,
    require_codes,
    require_paths,
    settings_for,
)
from compatkit.cli._options import wished
from compatkit.cli._outputs import format_option, output_option
from compatkit.cli._verbosity import say_more
from compatkit.report.migrate_formats import FORMATS, Background

_PATH = click.Path(path_type=Path)


@click.command("migrate")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=_PATH)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would change or is found.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change as a unified diff.")
@click.option(
    "--patch", metavar="FILE", type=_PATH, help="Also write the changes to a patch: git apply -R undoes them."
)
@click.option(
    "--interactive", is_flag=True, help="Ask for each hunk: yes, no, rest of the file, all of its code, quit."
)
@wished()
@click.option(
    "--migration",
    "chosen",
    multiple=True,
    metavar="ID_OR_PATH",
    help="The migration to apply, with its code; repeatable.",
)
@click.option("--update-baseline", is_flag=True, help="Write what is left to the baseline.")
@click.option("--executor", metavar="PKG.MOD:FACTORY", help="Run in any concurrent.futures.Executor, such as Dask's.")
@format_option(FORMATS)
@click.option("--statistics", is_flag=True, help="Print how often each code was met, in place of the places.")
@output_option(FORMATS)
@click.option("--verdict", metavar="FILE", type=_PATH, help="The JSON of a proof, for the format markdown.")
@click.option("--show-settings", is_flag=True, help="Print the settings that hold, and where they come from; no run.")
@click.option("--show-files", is_flag=True, help="Print the files that would be looked at; no run.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found; 2 where a file could not be processed.")
@click.option("--stdin-filename", metavar="FILE", type=_PATH, help="What the path of standard input would be.")
@click.pass_context
def command(ctx: click.Context, /, **given: Unpack[MigrateCliOptions]) -> None:
    """Rewrite v1 code to v2 in files, folders, patterns such as 'src/**/*.py', or - (stdin to stdout); else here.

    What is not certain is reported and left alone. In a git work tree, ignored files are left out, and files with
    uncommitted changes are not written. A second run changes nothing. Defaults come from [tool.compatkit] of the
    nearest pyproject.toml.

    Exit status: 0 nothing to do, or done; 1 something is left for a person, or, with --check or --diff, would change;
    2 a file could not be processed; 3 both; 64 wrong use.

    \b
    Example:
      compatkit migrate --diff src/
    """
    given["paths"] = given["paths"] or (Path(),)
    reject_contradictions(given)
    settings = settings_for(given)
    if given["update_baseline"] and settings.baseline is None:
        raise click.UsageError("--update-baseline needs --baseline FILE")
    if given["paths"] == (STDIN,) and ctx.params["baseline"]:
        raise click.UsageError("- is standard input: it goes with no baseline")
    migrations = settings.project.load(given["chosen"])
    require_codes(settings, migrations)
    from compatkit.cli._migrate_run import filter_input, migrate_paths
    from compatkit.migrate import Task
    from compatkit.migrate.settings import refuse_wrong_homes

    refuse_wrong_homes(settings.project)

    if given["paths"] != (STDIN,):
        require_paths(given["paths"])
    if given["show_settings"] or given["show_files"]:
        from compatkit.cli._migrate_show import list_files, list_settings

        ctx.exit(int(list_settings(settings) if given["show_settings"] else list_files(given["paths"], settings)))
    say_more(f"settings: {settings.project.origin or 'none'}")
    for migration in migrations:
        say_more(f"migration: {migration.id}, {migration.origin}")
    task = Task.of(migrations, settings.options)
    background = Background(describe_codes(migrations), given["verdict"])
    if given["paths"] == (STDIN,):
        ctx.exit(int(filter_input(task, background, given)))
    ctx.exit(int(migrate_paths(task, settings, background, given)))
