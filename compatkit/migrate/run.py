"""The run: read each file, drop those that cannot matter, hand the rest to workers, collect the outcomes.

A worker is the pure function `process`, so any `concurrent.futures.Executor` can run it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from compatkit.migrate.find import FoundFile, find_files
from compatkit.migrate.naming import module_name
from compatkit.migrate.report import FileResult, Report
from compatkit.migration import Move
from compatkit.rewrite import Failed, Outcome, Rewritten, Unchanged, can_matter, find_in_data, rewrite_source


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs: no path, no file, nothing but values."""

    source: bytes
    module: str
    is_package: bool
    moves: tuple[Move, ...]


def process(job: Job) -> Outcome:
    """Process one file's bytes. Never raises: a bug here must not end the run over the other files."""
    try:
        return rewrite_source(job.source, module=job.module, is_package=job.is_package, moves=job.moves)
    except Exception as error:  # noqa: BLE001 - the outermost loop over files
        reason = f"An internal error: {type(error).__name__}: {error}"
        hint = "please report this as a bug; the file was not touched"
        return Failed(reason, hint=hint, code="CK909", details=traceback.format_exc())


def plan_tree(paths: Iterable[Path], moves: Iterable[Move], *, executor: Executor | None = None) -> Report:
    """Process every file at and below `paths` and report what would change. Nothing is written."""
    all_moves = tuple(moves)
    pending: list[tuple[FoundFile, Job, Future[Outcome] | None]] = []
    results: list[FileResult] = []
    for file in find_files(paths):
        match _prepare(file, all_moves):
            case Job() as job:
                pending.append((file, job, executor.submit(process, job) if executor else None))
            case outcome:
                results.append(FileResult(file.path, outcome))
    return Report.of([*results, *_collect(pending)])


def _prepare(file: FoundFile, moves: tuple[Move, ...]) -> Job | Outcome:
    try:
        source = file.path.read_bytes()
    except OSError as error:
        return Failed(f"The file cannot be read: {error.strerror}", hint="check its permissions", code="CK904")
    if file.is_data:
        return Unchanged(find_in_data(source, moves))
    if not can_matter(source, moves):
        return Unchanged()
    named = module_name(file.path, file.root, moves)
    return Job(source, named.name, named.is_package, moves)


def _collect(pending: Iterable[tuple[FoundFile, Job, Future[Outcome] | None]]) -> Iterator[FileResult]:
    for file, job, future in pending:
        outcome = future.result() if future else process(job)
        before = job.source if isinstance(outcome, Rewritten) else b""
        yield FileResult(file.path, outcome, before)
