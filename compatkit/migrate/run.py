"""The run: read each file, drop those that cannot matter, hand the rest to workers, collect the outcomes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from compatkit.migrate.around import Around
from compatkit.migrate.find import FoundFile, find_files
from compatkit.migrate.naming import Namer
from compatkit.migrate.report import FileResult, Report
from compatkit.migrate.work import DEFAULTS, Job, Task, may_matter, process
from compatkit.migrate.workers import Workers
from compatkit.migration import Migration
from compatkit.rewrite import Failed, Outcome, Rewritten, Skipped, Unchanged
from compatkit.rewrite.calls.mentions import called_otherwise
from compatkit.rewrite.options import Options
from compatkit.rewrite.surroundings import Surroundings

Progress = Callable[[int, int], None]
# A larger document is data, not configuration; a Python source may have any size.
_MAX_DOCUMENT = 16 * 1024 * 1024
_NOTHING = Unchanged()
# A baseline or a report in the tree names old homes, and is no use of them.
_OURS = re.compile(rb'\s*\{\s*"compatkit": "')


def plan_tree(
    paths: Iterable[Path],
    migrations: Iterable[Migration],
    options: Options = DEFAULTS,
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Process every file at and below `paths` and report what would change. Nothing is written.

    `executor` runs the work; without one, `jobs` processes do (None: as many as pay). `progress` is told how many
    files of how many are done.
    """
    return plan_task(paths, Task.of(migrations, options), executor=executor, jobs=jobs, progress=progress)


def plan_task(
    paths: Iterable[Path],
    task: Task,
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    leave_out: Iterable[Path] = (),
) -> Report:
    """Like `plan_tree`, for a task that is already put together.

    The migrations' own files, and those in `leave_out`, are not looked at: they name old homes for good.
    """
    own = {migration.origin for migration in task.migrations if migration.origin} | set(leave_out)
    files = find_files(paths, leave_out=own)
    namer, here = Namer(task.moves), str(Path.cwd())
    if task.options.through_reexports:
        from compatkit.migrate.reexports import gather_reexports

        task = replace(task, reexports=gather_reexports(files, namer, task.moves))
    called = called_otherwise(task.migrations)
    around = Around(files, namer, task.moves, renames=task.options.rename, called=called)
    results: list[FileResult] = []
    pending: list[tuple[FoundFile, Job]] = []
    tell = progress or _tell_no_one
    with Workers(task, executor=executor, jobs=jobs) as workers:
        for file in files:
            prepared = _prepare(file, task, namer, around, here)
            if isinstance(prepared, Job):
                workers.submit(prepared)
                pending.append((file, prepared))
            else:
                results.append(FileResult(file.name, prepared))
                tell(len(results), len(files))
        for (file, job), outcome in zip(pending, workers.outcomes(), strict=True):
            results.append(_result(file.name, outcome, job))
            tell(len(results), len(files))
    return Report.of(results)


def plan_source(source: bytes, name: str, task: Task) -> FileResult:
    """Process one source that is no file, such as standard input; where it would lie is not known."""
    # Who imports from it cannot be seen.
    job = Job(source, surroundings=Surroundings(taken=None))
    return _result(name, process(job, task), job)


def _prepare(file: FoundFile, task: Task, namer: Namer, around: Around, here: str) -> Job | Outcome:
    try:
        source = _read(file.name, limit=_MAX_DOCUMENT if file.is_data else None)
    except OSError as error:
        return Failed(f"The file cannot be read: {error.strerror}", hint="check its permissions", code="CK904")
    if not isinstance(source, bytes):
        return source
    if not may_matter(source, task, f"{here}{os.sep}{file.name}"):
        return _NOTHING
    if file.is_data and _OURS.match(source):
        return Skipped("compatkit wrote it")
    if file.is_data:
        return Job(source, suffix=file.suffix)
    named = namer.name(file.path, file.root)
    return Job(source, named.name, named.is_package, surroundings=around.of(source, file, named))


def _read(name: str, *, limit: int | None) -> bytes | Outcome:
    """Read a file as a whole. Nothing is awaited: a pipe that no one writes to must not stop the run."""
    handle = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            hint = "give a file, or a folder of files"
            return Failed("The file cannot be read: it is a device, a pipe or a socket", hint=hint, code="CK904")
        if limit is not None and status.st_size > limit:
            return Skipped(f"it is larger than {limit // 2**20} MB, which no configuration is")
        parts = []
        # One byte more than there should be, so that the end is seen in the same call.
        while part := os.read(handle, max(status.st_size + 1, 2**16)):
            parts.append(part)
            if len(part) == status.st_size:
                break
        return b"".join(parts)
    finally:
        os.close(handle)


def _result(name: str, outcome: Outcome, job: Job) -> FileResult:
    result = FileResult(name, outcome)
    is_needed = isinstance(outcome, Rewritten) or result.findings
    return FileResult(name, outcome, job) if is_needed else result


def _tell_no_one(done: int, total: int) -> None:
    pass
