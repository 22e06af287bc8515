"""Process one file, as a worker does: pure functions over picklable values, so that any executor can run them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from compatkit.migration import Migration, Move
from compatkit.options import Options
from compatkit.rewrite import Failed, Outcome
from compatkit.rewrite.file.neighbours import ALONE, Neighbours

DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Task:
    """The moves, migrations and options for every file; it travels once with each batch of jobs."""

    moves: tuple[Move, ...]
    migrations: tuple[Migration, ...] = ()
    options: Options = DEFAULTS
    reexports: tuple[Move, ...] = ()

    @classmethod
    def of(cls, migrations: Iterable[Migration], options: Options = DEFAULTS) -> Task:
        every = tuple(migrations)
        return cls(tuple(move for migration in every for move in migration.moves), every, options)


@dataclass(frozen=True, slots=True)
class Job:
    """One file: no path, nothing but values. `suffix` is that of a document, and empty for a Python source.

    `neighbours` is what other files tell of it; `ignore` are codes on which nothing acts in this file.
    """

    source: bytes
    module: str = ""
    is_package: bool = False
    suffix: str = ""
    neighbours: Neighbours = ALONE
    ignore: frozenset[str] = frozenset()


def process(job: Job, task: Task) -> Outcome:
    """Process one file's bytes. Never raises: a bug here must not end the run over the other files."""
    if job.ignore:
        task = replace(task, options=replace(task.options, ignore=task.options.ignore | job.ignore))
    try:
        if job.suffix:
            return _rewrite_document(job, task)
        outcome = _rewrite_source(job, task)
        if task.options.report_unused_ignores and b"compatkit:" in job.source:
            return _with_unused_ignores(outcome, job, task)
        return outcome
    except Exception as error:  # noqa: BLE001 - the outermost loop over files
        # Only a failure waits for it.
        import traceback

        reason = f"An internal error: {type(error).__name__}: {error}"
        hint = "please report this as a bug; the file was not touched"
        return Failed(reason, hint=hint, code="CK909", details=traceback.format_exc())


def process_all(jobs: tuple[Job, ...], task: Task) -> tuple[Outcome, ...]:
    """Process a batch."""
    return tuple(process(job, task) for job in jobs)


def _with_unused_ignores(outcome: Outcome, job: Job, task: Task) -> Outcome:
    # Few ask for it.
    from compatkit.migrate.unused_ignores import CODE, known_codes, with_unused

    def process_anew(source: bytes, options: Options) -> Outcome:
        return _rewrite_source(replace(job, source=source), replace(task, options=options))

    if not task.options.acts_on(CODE):
        return outcome
    return with_unused(outcome, job.source, known_codes(task.migrations), process_anew)


def _rewrite_source(job: Job, task: Task) -> Outcome:
    # It brings the rules, and a file without a match needs none.
    from compatkit.rewrite import rewrite_source

    return rewrite_source(
        job.source,
        module=job.module,
        is_package=job.is_package,
        moves=task.moves,
        migrations=task.migrations,
        options=task.options,
        reexports=task.reexports,
        neighbours=job.neighbours,
    )


def _rewrite_document(job: Job, task: Task) -> Outcome:
    # Most runs meet no document that matters.
    from compatkit.rewrite.rewrite_document import rewrite_document

    return rewrite_document(
        job.source,
        suffix=job.suffix,
        moves=task.moves,
        migrations=task.migrations,
        options=task.options,
        own_options=job.neighbours.options,
        unspelled=job.neighbours.unspelled,
    )
