"""`compatkit migrations check`: what is wrong with a migration file, line by line."""

from __future__ import annotations

import click

from compatkit.cli._status import ExitStatus


@click.command("check", epilog="Example: compatkit migrations check acme-v2/")
@click.argument("path", metavar="ID_OR_PATH")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings, too.")
@click.pass_context
def command(ctx: click.Context, path: str, *, strict: bool) -> None:
    """Check a migration.toml, and print each error and warning with its line.

    \b
    Exit status: 0 it is valid; 1 it has errors, or, with --strict, warnings; 2 it cannot be read.
    """
    from compatkit.authoring.problems import find_problems, format_problems
    from compatkit.migration.registry import find_file

    file = find_file(path)
    problems = find_problems(file)
    for line in format_problems(problems, str(file)):
        click.echo(line)
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{errors} errors, {len(problems) - errors} warnings.", err=True)
    ctx.exit(int(ExitStatus.FINDINGS if errors or (strict and problems) else ExitStatus.OK))
