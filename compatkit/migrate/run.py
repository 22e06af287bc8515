"""The run: find the files, hold back those that cannot matter, hand the rest to workers, collect the outcomes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.migrate.between.naming import Namer
from compatkit.migrate.finding.find import FileScope, FoundFile, find_files
from compatkit.migrate.finding.reading import read_input, size_of, sort
from compatkit.migrate.finding.sieve import SPELLS, WANTED, Sieve
from compatkit.migrate.job import DEFAULTS, Job, Task, process
from compatkit.migrate.report import FileResult, Report
from compatkit.migration import Migration
from compatkit.options import Options
from compatkit.platforms import usable_cores
from compatkit.rewrite import Outcome, Rewritten, Skipped, Unchanged
from compatkit.rewrite.file.neighbours import Neighbours
from compatkit.rewrite.prefilter.interfaces import called_otherwise, changes_interface

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from compatkit.migrate.between.project_index import ProjectIndex
    from compatkit.migrate.workers import Workers

Progress = Callable[[int, int], None]
_NOTHING = Unchanged()
_EXCLUDED = Skipped("`exclude` leaves it out")
EVERY_FILE = FileScope()
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
    scope: FileScope = EVERY_FILE,
) -> Report:
    """Like `plan_tree`, for a task that is already put together.

    The migrations' own files, and those that `scope` names, are not looked at: they name old homes for good.
    """
    own = {migration.origin for migration in task.migrations if migration.origin} | set(scope.files)
    listed, namer = find_files(paths, leave_out=own), Namer(task.moves)
    left_out = scope.left_out(file.name for file in listed)
    files = [file for file in listed if file.name not in left_out]
    processes = usable_cores() if jobs is None else jobs
    tell = progress or _ignore_progress
    # To be searched is one half of what is done with a file.
    kinds = sort(files, Sieve(task).sort, processes=processes, tell=lambda done: tell(done // 2, len(files)))
    if task.options.through_reexports:
        # Only --through-reexports needs it, and it brings the rules.
        from compatkit.migrate.between.reexports import gather_reexports

        near = [file for file, kind in zip(files, kinds, strict=True) if kind & SPELLS]
        if reexports := gather_reexports(files, near, namer, task.moves, processes=processes):
            task = replace(task, reexports=reexports)
            kinds = sort(files, Sieve(task).sort, processes=processes)
    wanted = [number for number, kind in enumerate(kinds) if kind & WANTED]
    roots = {file.name: "" if file.is_named else file.below for file in listed}
    results = {file.name: FileResult(file.name, _NOTHING, root=roots[file.name]) for file in files}
    # One that was given by its name is not left out in silence.
    results |= {
        file.name: FileResult(file.name, _EXCLUDED) for file in listed if file.is_named and file.name in left_out
    }
    # Where an interface changed, files that hand on what it is of may matter, none of which does by itself.
    is_spelled = any(kind & SPELLS for kind in kinds)
    if wanted or (is_spelled and task.moves) or any(map(changes_interface, task.migrations)):
        # Imported here: most other runs meet no file that matters, and start in half the time.
        from compatkit.migrate.between.project_index import ProjectIndex
        from compatkit.migrate.workers import Workers
        from compatkit.rewrite.file.syntax import keeping_syntax

        called, renames = called_otherwise(task.migrations), task.options.rename
        index = ProjectIndex(
            files,
            kinds,
            namer,
            task.moves,
            renames=renames,
            called=called,
            processes=processes,
            migrations=task.migrations,
            reexports=task.reexports,
            wishes=task.options,
        )
        with keeping_syntax():
            wanted = index.reach(wanted)
            index.prepare([files[number] for number in wanted])
            expected = sum(size_of(files[number].name) for number in wanted)
            with Workers(task, executor=executor, jobs=jobs, expected=expected, files=len(wanted)) as workers:
                found = _processed([files[number] for number in wanted], namer, index, workers, scope)
                for done, result in enumerate(found, start=len(files) - len(wanted) + 1):
                    results[result.name] = replace(result, root=roots[result.name])
                    tell((len(files) + done) // 2, len(files))
    tell(len(files), len(files))
    return Report.of(results.values())


def plan_source(source: bytes, name: str, task: Task, *, path: Path | None = None) -> FileResult:
    """Process one source that is no file, such as standard input; `path` says where it would lie, if that is known."""
    # Who imports from it cannot be seen.
    neighbours = Neighbours(taken=None, read=None)
    file = FoundFile(str(path), os.path.dirname(path) or ".", is_named=True) if path else None  # noqa: PTH120
    if file is None:
        job = Job(source, neighbours=neighbours)
    elif file.is_data:
        job = Job(source, suffix=file.suffix)
    else:
        named = Namer(task.moves).name(file.path, file.root)
        job = Job(source, named.name, named.is_package, neighbours=neighbours)
    return _result(name, process(job, task), job)


def _processed(
    files: Iterable[FoundFile], namer: Namer, index: ProjectIndex, workers: Workers, scope: FileScope
) -> Iterator[FileResult]:
    """Hand each file to the workers, but for those that need none; yield the results as they come."""
    jobs: list[tuple[str, Job]] = []
    for file in files:
        prepared = _prepare(file, namer, index)
        if isinstance(prepared, Job):
            if codes := scope.ignored_codes(file.name):
                prepared = replace(prepared, ignore=codes)
            workers.submit(prepared)
            jobs.append((file.name, prepared))
        else:
            yield FileResult(file.name, prepared)
    for (name, job), outcome in zip(jobs, workers.outcomes(), strict=True):
        yield _result(name, outcome, job)


def _prepare(file: FoundFile, namer: Namer, index: ProjectIndex) -> Job | Outcome:
    source = read_input(file.name, is_data=file.is_data)
    if not isinstance(source, bytes):
        return source
    if file.is_data and _OURS.match(source):
        return Skipped("compatkit wrote it")
    if file.is_data:
        return Job(source, suffix=file.suffix, neighbours=index.of_document(source))
    named = namer.name(file.path, file.root)
    return Job(source, named.name, named.is_package, neighbours=index.of(source, file, named))


def _result(name: str, outcome: Outcome, job: Job) -> FileResult:
    result = FileResult(name, outcome)
    is_needed = isinstance(outcome, Rewritten) or result.findings
    return FileResult(name, outcome, job) if is_needed else result


def _ignore_progress(done: int, total: int) -> None:
    pass
