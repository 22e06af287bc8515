"""Asking, hunk by hunk, what is to be made of a file."""

from __future__ import annotations

import sys

import click

from compatkit.migrate import FileResult
from compatkit.migrate.choose import Answer
from compatkit.migrate.hunks import Hunk
from compatkit.report.migrate_diff import hunk_lines
from compatkit.report.migrate_text import printable

_ANSWERS: dict[str, Answer] = {"y": "yes", "n": "no", "r": "rest", "q": "quit"}
_HELP = "y: make this change; n: leave it; r: make it and the rest of this file's; q: leave it and all that follow"


def ask(result: FileResult, hunk: Hunk, number: int, count: int) -> Answer:
    """Show one hunk and read the answer; the end of the input is `quit`."""
    click.echo(f"{printable(result.path)}:{hunk.start + 1} ({number} of {count})", err=True)
    for line in hunk_lines(hunk):
        click.echo(line, nl=False, err=True)
    while True:
        click.echo("Make this change [y,n,r,q,?]? ", nl=False, err=True)
        said = sys.stdin.readline()
        if not said:
            click.echo(err=True)
            return "quit"
        if answer := _ANSWERS.get(said.strip().lower()):
            return answer
        click.echo(_HELP, err=True)
