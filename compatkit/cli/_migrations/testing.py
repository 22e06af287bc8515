"""Commands that hold a migration against its file, its examples, and the library that it is about."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._extras import require
from compatkit.cli._migrations.releases import compare_releases, release_options


@click.command("check", epilog="Example: compatkit migrations check acme-v2/")
@click.argument("path", metavar="ID_OR_PATH")
@click.option("--strict", is_flag=True, help="Also exit 1 on warnings.")
@click.option(
    "--library",
    metavar="RELEASE",
    help="v1 of the library, as PACKAGE==VERSION, a folder or an archive: warn of its second names that no row has.",
)
@click.option("--package", metavar="NAME", help="The package in it, where a release has several.")
@click.pass_context
def check_command(ctx: click.Context, path: str, library: str | None, package: str | None, *, strict: bool) -> None:
    """Check a migration.toml, and print each error and warning with its line.

    With --library, a class or a function that the library also hands on elsewhere is to be listed under each name. The
    release is read, not run.

    Exit status: 0 it is valid; 1 it has errors, or, with --strict, warnings; 2 it cannot be read.
    """
    from compatkit.authoring.problems import find_problems, format_problems
    from compatkit.migration.registry import find_file

    file = find_file(path)
    problems = find_problems(file)
    if library and not any(problem.severity == "error" for problem in problems):
        require("griffe", extra="draft")
        from compatkit.authoring.problems import find_missing_names

        problems += find_missing_names(file, library, package)
    for line in format_problems(problems, str(file)):
        click.echo(line)
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{errors} errors, {len(problems) - errors} warnings.", err=True)
    ctx.exit(int(ExitStatus.FINDINGS if errors or (strict and problems) else ExitStatus.OK))


@click.command("test", epilog="Example: compatkit migrations test acme-v2/")
@click.argument("path", metavar="ID_OR_PATH")
@click.option("--verbose", "-v", is_flag=True, help="Also show what holds.")
@click.pass_context
def test_command(ctx: click.Context, path: str, *, verbose: bool) -> None:
    """Test a migration on the examples beside its migration.toml.

    Each pair NAME.before.txt and NAME.after.txt is rewritten as shown, compiles, is not rewritten again, and does not
    depend on the order of the entries; NAME.unchanged.txt is not touched. An example that begins with the comment
    `# runnable` is also run: as it is with the shim, and rewritten without it. What it prints and binds is the same.

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


@click.command(
    "audit", epilog="\b\nExample:\n  compatkit migrations audit numpy-2 --old numpy==1.26.4 --new numpy==2.0.2"
)
@click.argument("path", metavar="ID_OR_PATH")
@partial(release_options, is_required=False)
@click.option(
    "--used-by",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of code that uses the library: what it uses most comes first.",
)
@click.option(
    "--guide",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the names of an official guide, one a line; instead of two releases.",
)
@click.option(
    "--at-least",
    type=click.IntRange(0, 100),
    default=100,
    metavar="PERCENT",
    help="Pass from this share of the guide on.",
)
@click.pass_context
def audit_command(
    ctx: click.Context,
    path: str,
    old: str | None,
    new: str | None,
    packages: tuple[str, ...],
    cache: Path | None,
    used_by: Path | None,
    guide: Path | None,
    at_least: int,
) -> None:
    """Fail where the public interface of a library changed, and a migration neither declares it nor lists it.

    What a migration leaves to people is listed in it: [[unhandled]] with a name, in which * stands for anything, and
    why. An argument is called pkg.function(argument) there. What is used most, exported and documented comes first.

    With --guide, the names are those of a file: names, arguments, options (--flag) and keys of configurations.

    Exit status: 0 all is declared or listed; 1 something is not; 2 a release cannot be read.
    """
    from compatkit.migration import load_migration
    from compatkit.migration.registry import find_file

    migration = load_migration(find_file(path))
    require("griffe", extra="draft")
    if guide:
        from compatkit.authoring.auditing import coverage

        covered = coverage(guide.read_text(encoding="utf-8").splitlines(), migration)
        for name in covered.absent:
            click.echo(f"{name}: absent")
        click.echo(covered.summary)
        ctx.exit(int(ExitStatus.OK if covered.percent >= at_least else ExitStatus.FINDINGS))
    if not (old and new):
        raise click.UsageError("Give --old and --new, or --guide.")
    from compatkit.authoring.auditing import Ranking, uncovered
    from compatkit.authoring.drafting import describe_change

    _, changes, items = compare_releases(old, new, packages, cache)
    ranking = Ranking.of(items, used_by)
    left = sorted(uncovered(changes, migration), key=ranking.place)
    for change in left:
        click.echo(
            f"{change.name}: {describe_change(change)} ({'; '.join([*ranking.remarks_on(change), change.evidence])})"
        )
    click.echo(f"{len(changes)} changes, {len(changes) - len(left)} of them declared or listed.", err=True)
    ctx.exit(int(ExitStatus.FINDINGS if left else ExitStatus.OK))
