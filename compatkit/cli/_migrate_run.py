"""Run `compatkit migrate`, in order: plan, choose, write, tell."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._migrate_options import MigrateCliOptions
from compatkit.cli._migrate_show import show_result, to_stdout, write_outputs, write_patch
from compatkit.cli._progress import ProgressBar
from compatkit.cli._verbosity import say
from compatkit.migrate import FileResult, Report, plan_source, plan_task
from compatkit.migrate.baseline import count_fixed, read_baseline, set_against, updated
from compatkit.migrate.finding.find import FileScope
from compatkit.migrate.finding.git import repository_of
from compatkit.migrate.hunks import Answer, Hunk, choose_hunks, split_lines
from compatkit.migrate.report import Overview
from compatkit.migrate.workers import load_executor
from compatkit.migrate.write import WriteInterrupted, refuse_uncommitted, write_output, write_report
from compatkit.platforms import only_one
from compatkit.report.migrate_diff import hunk_lines
from compatkit.report.migrate_text import printable, style
from compatkit.rewrite import Rewritten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor

    from compatkit.migrate import Task
    from compatkit.migrate.settings import Settings
    from compatkit.report.migrate_formats import Background


_ANSWERS: dict[str, Answer] = {"y": "yes", "n": "no", "r": "rest", "c": "code", "q": "quit"}
_CONTEXT = 2  # lines around a change
_HELP = (
    "y: make this change; n: leave it; r: make it and the rest of this file's; c: make it and all of its code; "
    "q: leave it and all that follow"
)


def migrate_paths(task: Task, settings: Settings, background: Background, given: MigrateCliOptions) -> ExitStatus:
    """Plan, write and tell; the order in which nothing is lost if it ends early."""
    is_written = not (given["check"] or given["show_diff"])
    if is_written:
        # Two that plan on the same text would get in each other's way at every file.
        with _alone(given["paths"]):
            report = _write(_plan(task, settings, given), task, settings, given)
    else:
        report = _plan(task, settings, given)
        if given["patch"]:
            _patch(report, given["patch"], is_written=False)
    overview = Overview.of(report, is_written=is_written)
    if settings.baseline:
        overview = _ratchet(overview, settings.baseline, is_update=given["update_baseline"])
    write_outputs(overview, given["outputs"], background)
    show_result(overview, given["form"], background, as_diff=given["show_diff"], statistics=given["statistics"])
    if overview.left or report.rewritten:
        _say_what_is_older(task, settings)
    return _status(overview, given)


def _say_what_is_older(task: Task, settings: Settings) -> None:
    # Imported here: a run that changes and finds nothing reads no lock files.
    from compatkit.migrate.pins import older_pins, read_pins

    pins = read_pins(settings.project.origin.parent if settings.project.origin else Path.cwd())
    for migration in task.migrations:
        for said in older_pins(migration, pins):
            say(f"note: {said}")


@contextmanager
def _alone(paths: Iterable[Path]) -> Iterator[None]:
    """Run the block while no other run writes in the same trees; say once that one is waited for."""
    # Unlike `resolve`, this has an answer for a link that leads to itself.
    places = [Path(os.path.realpath(path)) for path in paths]
    trees = {repository_of(place) or place for place in places}
    with ExitStack() as stack:
        # In order, so that two runs do not wait for each other.
        for tree in sorted(trees):
            stack.enter_context(only_one(f"migrate {tree}", say=_say_that_it_waits))
        yield


def _say_that_it_waits() -> None:
    say("Another run of compatkit migrate writes in this tree: waiting for its end.")


def _plan(task: Task, settings: Settings, given: MigrateCliOptions) -> Report:
    bar, scope = ProgressBar(), FileScope.of(settings)
    with _executor(given["executor"]) as executor:
        try:
            return plan_task(
                given["paths"], task, executor=executor, jobs=settings.jobs, progress=bar.update, scope=scope
            )
        finally:
            bar.clear()


def _executor(name: str | None) -> AbstractContextManager[Executor | None]:
    if name is None:
        return nullcontext()
    return load_executor(name)


def _write(report: Report, task: Task, settings: Settings, given: MigrateCliOptions) -> Report:
    if not settings.allow_dirty:
        report = refuse_uncommitted(report)
    if given["interactive"]:
        report = _choose(report, task)
    if given["patch"]:
        # Written first, so that a run that is killed can be undone; then again, without what could not be written.
        _patch(report, given["patch"], is_written=True, is_quiet=True)
    try:
        written = write_report(report)
    except WriteInterrupted as interrupt:
        done = len(interrupt.report.rewritten)
        click.echo(f"{done} of {len(report.rewritten)} files are written; run this again for the rest.", err=True)
        if given["patch"]:
            _patch(interrupt.report, given["patch"], is_written=True)
        raise
    if given["patch"]:
        _patch(written, given["patch"], is_written=True)
    return written


def _patch(report: Report, file: Path, *, is_written: bool, is_quiet: bool = False) -> None:
    write_patch(report, file, is_written=is_written, is_quiet=is_quiet)


def _choose(report: Report, task: Task) -> Report:
    report, refused = choose_hunks(report, _ask, task)
    for name in refused:
        click.echo(f"{name}: these changes belong together; none of them was made", err=True)
    return report


def _ratchet(overview: Overview, file: Path, *, is_update: bool) -> Overview:
    if is_update:
        old = read_baseline(file) if file.exists() else None
        write_output(file, updated(overview, file, old=old))
        say(f"{file} holds {len(overview.left)} places of this run.")
    shown, fixed = set_against(overview, read_baseline(file))
    if fixed:
        say(count_fixed(fixed.values()))
    return shown


def filter_input(task: Task, background: Background, given: MigrateCliOptions) -> ExitStatus:
    """Rewrite standard input to standard output; what fails comes out as it went in."""
    source, path = sys.stdin.buffer.read(), given["stdin_filename"]
    result = plan_source(source, str(path or "stdin"), task, path=path)
    is_shown_only = given["check"] or given["show_diff"]
    overview = Overview.of(Report.of([result]), is_written=not is_shown_only)
    if not is_shown_only:
        after = result.outcome.source if isinstance(result.outcome, Rewritten) else source
        to_stdout(lambda: click.echo(after, nl=False))
    show_result(overview, given["form"], background, as_diff=given["show_diff"], is_talk=not given["check"])
    return _status(overview, given)


def _status(overview: Overview, given: MigrateCliOptions) -> ExitStatus:
    status = ExitStatus.FINDINGS if overview.left and not given["exit_zero"] else ExitStatus.OK
    return status | ExitStatus.FAILED if overview.report.failed else status


def _ask(result: FileResult, hunk: Hunk, number: int, count: int) -> Answer:
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
