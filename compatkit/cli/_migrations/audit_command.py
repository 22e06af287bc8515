"""`compatkit migrations audit`: is every change of the interface declared?"""

from __future__ import annotations

from pathlib import Path

import click

from compatkit.cli._migrations._releases import compare_releases, release_options
from compatkit.cli._status import ExitStatus


@click.command("audit", epilog="Example: compatkit migrations audit acme-v2/ --old acme==1.9 --new acme==2.0")
@click.argument("path", metavar="ID_OR_PATH")
@release_options
@click.pass_context
def command(ctx: click.Context, path: str, old: str, new: str, package: str | None, cache: Path | None) -> None:
    """Fail where the public interface of a library changed, and a migration neither declares it nor lists it.

    What a migration leaves to people is listed in it: [[unhandled]] with a name, in which * stands for anything, and
    why. An argument is called pkg.function(argument) there.

    \b
    Exit status: 0 all is declared or listed; 1 something is not; 2 a release cannot be read.
    """
    from compatkit.authoring.auditing import uncovered
    from compatkit.authoring.drafting import describe
    from compatkit.authoring.place import find_file
    from compatkit.migration import load_migration

    migration = load_migration(find_file(path))
    _, changes = compare_releases(old, new, package, cache)
    left = uncovered(changes, migration)
    for change in left:
        click.echo(f"{change.name}: {describe(change)} ({change.evidence})")
    click.echo(f"{len(changes)} changes, {len(changes) - len(left)} of them declared or listed.", err=True)
    ctx.exit(int(ExitStatus.FINDINGS if left else ExitStatus.OK))
