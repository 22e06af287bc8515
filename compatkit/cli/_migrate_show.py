"""Print what `compatkit migrate` found, and write its reports."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._verbosity import say
from compatkit.migrate.finding.find import FileScope, find_files
from compatkit.migrate.write import write_output
from compatkit.options import wishes
from compatkit.report.migrate_diff import diff, patch_folder
from compatkit.report.migrate_formats import Background, render
from compatkit.report.migrate_text import failures, printable, skipped, statistics_lines, style, summary

if TYPE_CHECKING:
    from compatkit.migrate import Report
    from compatkit.migrate.report import Overview
    from compatkit.migrate.settings import Settings


def write_outputs(overview: Overview, outputs: Iterable[tuple[str, Path]], background: Background) -> None:
    """Write the formats that were asked for to their files."""
    for form, file in outputs:
        text = render(overview, form, background)
        text = click.unstyle(text) if form in ("text", "concise") else text
        write_output(file, (text + "\n" if text else "").encode("utf-8", "replace"))


def list_settings(settings: Settings) -> ExitStatus:
    """Print the keys of `[tool.compatkit]` as they hold for this run."""
    say(f"from {settings.project.origin or 'no pyproject.toml'}")
    for key, (field, _) in sorted(wishes().items()):
        value = getattr(settings, field.name)
        shown = sorted(value) if isinstance(value, frozenset) else dict(value) if key == "per-file-ignores" else value
        click.echo(f"{key} = {json.dumps(shown, default=str)}")
    for key, table in (("homes", settings.project.homes), ("producers", settings.project.producers)):
        click.echo(f"{key} = {json.dumps(dict(table))}")
    click.echo(f"migrations = {json.dumps(list(settings.project.migrations))}")
    return ExitStatus.OK


def list_files(paths: Iterable[Path], settings: Settings) -> ExitStatus:
    """Print the files that a run would look at."""
    scope = FileScope.of(settings)
    files = find_files(paths, leave_out=scope.files)
    left_out = scope.left_out(file.name for file in files)
    names = [printable(file.name) for file in files if file.name not in left_out]
    to_stdout(lambda: click.echo("\n".join(names)) if names else None)
    say(f"{len(names)} files, {len(left_out)} left out by `exclude`.")
    return ExitStatus.OK


def write_patch(report: Report, file: Path, *, is_written: bool, is_quiet: bool) -> None:
    """Write the patch, and say how it is used."""
    write_output(file, b"".join(diff(report)))
    if is_quiet:
        return
    place, here = patch_folder(report), Path.cwd()
    shown = file if place == here else file.absolute()
    command = f"git apply {'-R ' if is_written else ''}{shown}"
    where = f"(cd {place} && {command})" if place != here else command
    say(f"{file} {'undoes' if is_written else 'makes'} these changes: {where}")


def show_result(
    overview: Overview,
    form: str,
    background: Background,
    *,
    as_diff: bool,
    statistics: bool = False,
    is_talk: bool = False,
) -> None:
    """Print the result to stdout and talk to stderr; where stdout has another purpose, all is talk."""
    if as_diff:
        # Bytes, past every text layer: a patch of a latin-1 or CRLF file must stay one.
        patch = b"".join(diff(overview.report))
        to_stdout(lambda: click.echo(_colored(patch), nl=False))
    text = "\n".join(statistics_lines(overview, background)) if statistics else render(overview, form, background)
    if text:
        # Beside a diff, the findings are talk: what is piped into `git apply` must be a patch.
        say(text) if as_diff or is_talk else to_stdout(lambda: click.echo(text))
    for line in skipped(overview.report):
        say(line)
    for line in failures(overview.report):
        click.echo(line, err=True)
    say(summary(overview))


def _colored(patch: bytes) -> bytes | str:
    """Colour a patch for a terminal, or where colours were asked for; else its bytes are what they are."""
    context = click.get_current_context()
    is_colored = sys.stdout.isatty() if context.color is None else context.color
    if not is_colored:
        return patch
    shown = []
    for line in patch.decode("utf-8", "replace").removesuffix("\n").split("\n"):
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        plain = "\t".join(map(printable, line.split("\t")))
        shown.append(style(plain, color=color) if color else plain)
    return "\n".join(shown) + ("\n" if shown else "")


def to_stdout(write: Callable[[], object]) -> None:
    """Write to stdout, where a reader such as `head` may have gone away: the run is no failure because of that."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python flushes at its end goes nowhere, instead of to a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
