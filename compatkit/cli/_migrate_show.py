"""What `compatkit migrate` prints and writes besides the sources."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compatkit.migrate import Report
    from compatkit.migrate.remarks import Overview


def render(overview: Overview, form: str, codes: Mapping[str, str]) -> str:
    """Return the run in one of the formats; each is imported only when it is asked for."""
    match form:
        case "json":
            from compatkit.report.migrate_json import overview_json

            return overview_json(overview)
        case "sarif":
            from compatkit.report.migrate_sarif import overview_sarif

            return overview_sarif(overview, codes)
        case "github":
            from compatkit.report.migrate_github import overview_github

            return "\n".join(overview_github(overview))
        case "junit":
            from compatkit.report.migrate_junit import overview_junit

            return overview_junit(overview)
    from compatkit.report.migrate_text import listing

    return "\n".join(listing(overview))


def write_outputs(overview: Overview, outputs: Iterable[tuple[str, Path]], codes: Mapping[str, str]) -> None:
    """Write the formats that were asked for to their files."""
    for form, file in outputs:
        from compatkit.migrate.write import write_output

        text = render(overview, form, codes)
        write_output(file, (text + "\n" if text else "").encode("utf-8", "replace"))


def write_patch(report: Report, file: Path, *, is_written: bool, is_quiet: bool) -> None:
    """Write the patch, and say how it is used."""
    from compatkit.migrate.write import write_output
    from compatkit.report.migrate_diff import diff, patch_folder

    write_output(file, b"".join(diff(report)))
    if is_quiet:
        return
    place, here = patch_folder(report), Path.cwd()
    shown = file if place == here else file.absolute()
    command = f"git apply {'-R ' if is_written else ''}{shown}"
    where = f"(cd {place} && {command})" if place != here else command
    click.echo(f"{file} {'undoes' if is_written else 'makes'} these changes: {where}", err=True)


def show(overview: Overview, form: str, codes: Mapping[str, str], *, as_diff: bool, is_talk: bool = False) -> None:
    """Print the result to stdout and talk to stderr; where stdout has another purpose, all is talk."""
    from compatkit.report.migrate_text import failures, skipped, summary

    if as_diff:
        from compatkit.report.migrate_diff import diff

        # Bytes, past every text layer: a patch of a latin-1 or CRLF file must stay one.
        patch = b"".join(diff(overview.report))
        to_stdout(lambda: click.echo(patch, nl=False))
    if text := render(overview, form, codes):
        # Beside a diff, the findings are talk: what is piped into `git apply` must be a patch.
        click.echo(text, err=True) if as_diff or is_talk else to_stdout(lambda: click.echo(text))
    for line in (*skipped(overview.report), *failures(overview.report)):
        click.echo(line, err=True)
    click.echo(summary(overview), err=True)


def to_stdout(write: Callable[[], object]) -> None:
    """Write to stdout, where a reader such as `head` may have gone away: the run is no failure because of that."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python flushes at its end goes nowhere, instead of to a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
