"""Asking, hunk by hunk, what is to be made of a file."""

from __future__ import annotations

import sys

import click

from compatkit.migrate import FileResult
from compatkit.migrate.hunks import Answer, Hunk, split_lines
from compatkit.report.migrate_diff import hunk_lines
from compatkit.report.migrate_text import printable, style

_ANSWERS: dict[str, Answer] = {"y": "yes", "n": "no", "r": "rest", "c": "code", "q": "quit"}
_CONTEXT = 2  # lines around a change
_HELP = (
    "y: make this change; n: leave it; r: make it and the rest of this file's; c: make it and all of its code; "
    "q: leave it and all that follow"
)


def ask(result: FileResult, hunk: Hunk, number: int, count: int) -> Answer:
    """Show one hunk and read the answer; the end of the input is `quit`."""
    codes = ", ".join(dict.fromkeys(edit.code for edit in result.edits if _touches(hunk, edit.line)))
    click.echo(style(f"{printable(result.path)}:{hunk.start + 1} {codes} ({number} of {count})", bold=True), err=True)
    lines = split_lines(result.before)
    context = (lines[max(0, hunk.start - _CONTEXT) : hunk.start], lines[hunk.end : hunk.end + _CONTEXT])
    for line in context[0]:
        click.echo(f" {_shown(line)}", err=True)
    for line in hunk_lines(hunk):
        text = _shown(line)
        color = {"+": "green", "-": "red"}.get(text[:1], "")
        click.echo(style(text, color=color) if color else text, err=True)
    for line in context[1]:
        click.echo(f" {_shown(line)}", err=True)
    while True:
        click.echo("Make this change [y,n,r,c,q,?]? ", nl=False, err=True)
        said = sys.stdin.readline()
        if not said:
            click.echo(err=True)
            return "quit"
        if answer := _ANSWERS.get(said.strip().lower()):
            return answer
        click.echo(_HELP, err=True)


def _touches(hunk: Hunk, line: int) -> bool:
    return hunk.start <= line <= hunk.end + 1


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    return "\t".join(map(printable, text.split("\t")))
