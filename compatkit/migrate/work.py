"""What a worker does: pure functions over picklable values, so that any executor can run them."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass

from compatkit.migration import Migration, Move
from compatkit.rewrite import Failed, Outcome, can_matter
from compatkit.rewrite.calls.mentions import can_call, can_name_keys
from compatkit.rewrite.options import Options
from compatkit.rewrite.surroundings import ALONE, Surroundings
from compatkit.rewrite.transforms.words import may_transform

DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of every file; it travels once with each batch of jobs."""

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

    `surroundings` is what other files tell of it.
    """

    source: bytes
    module: str = ""
    is_package: bool = False
    suffix: str = ""
    surroundings: Surroundings = ALONE


def process(job: Job, task: Task) -> Outcome:
    """Process one file's bytes. Never raises: a bug here must not end the run over the other files."""
    try:
        return _rewrite_document(job, task) if job.suffix else _rewrite_source(job, task)
    except Exception as error:  # noqa: BLE001 - the outermost loop over files
        reason = f"An internal error: {type(error).__name__}: {error}"
        hint = "please report this as a bug; the file was not touched"
        return Failed(reason, hint=hint, code="CK909", details=traceback.format_exc())


def process_all(jobs: tuple[Job, ...], task: Task) -> tuple[Outcome, ...]:
    """Process a batch."""
    return tuple(process(job, task) for job in jobs)


def may_matter(source: bytes, task: Task, path: str) -> bool:
    """Tell whether a file can be affected at all; if not, it need not travel to a worker. `path` is absolute."""
    return (
        can_matter(source, task.moves, path=path)
        or (bool(task.reexports) and can_matter(source, task.reexports, path=path))
        or can_call(source, task.migrations)
        or can_name_keys(source, task.migrations)
        or may_transform(source, task.migrations, task.options)
        or (task.options.modernize and _is_modern_matter(source, task.migrations))
    )


def _is_modern_matter(source: bytes, migrations: tuple[Migration, ...]) -> bool:
    """Tell whether a file can receive a history or call what takes moved arguments, and spells one of them."""
    for migration in migrations:
        spelled = any(field.v1.encode() in source for field in migration.fields)
        if spelled and any(_is_named(producer.function, source) for producer in migration.producers):
            return True
        if any(_is_named(name, source) for name in {argument.of for argument in migration.arguments}):
            return True
    return False


def _is_named(dotted: str, source: bytes) -> bool:
    """Tell whether a file could reach a function, a method or a class: it must at least name what holds it."""
    *_, holder, name = ["", *dotted.split(".")]
    # The name of a method, such as `train`, is everywhere; its class is what must be named.
    is_method = holder[:1].isupper()
    return holder.encode() in source or (not is_method and name.encode() in source)


def _rewrite_source(job: Job, task: Task) -> Outcome:
    from compatkit.rewrite import rewrite_source

    return rewrite_source(
        job.source,
        module=job.module,
        is_package=job.is_package,
        moves=task.moves,
        migrations=task.migrations,
        options=task.options,
        reexports=task.reexports,
        surroundings=job.surroundings,
    )


def _rewrite_document(job: Job, task: Task) -> Outcome:
    # Most runs meet no document that matters.
    from compatkit.rewrite.document import rewrite_document

    return rewrite_document(
        job.source, suffix=job.suffix, moves=task.moves, migrations=task.migrations, options=task.options
    )
