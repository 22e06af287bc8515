"""The only code that changes a user's files: each file as a whole, or not at all."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from compatkit.errors import CompatkitError
from compatkit.migrate.finding.git import uncommitted
from compatkit.migrate.report import FileResult, Report, as_written
from compatkit.platforms import copy_attributes
from compatkit.rewrite import Failed, Rewritten

# Between the two stand the number of the process and what makes the name unique.
PREFIX = ".compatkit-"
SUFFIX = ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(PREFIX)}(\d+)-\w+{re.escape(SUFFIX)}")
_OLD = 3600.0  # seconds, more than any file takes to be written
_BEGAN = time.time()


@contextmanager
def interrupts_held() -> Iterator[Callable[[], bool]]:
    """Hold back the first interrupt, so that a file is written and counted, or neither; let a second one through."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        if held:
            raise KeyboardInterrupt
        held.append(number)

    # Only the main thread may set a handler, and only it is interrupted.
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, hold)
    try:
        yield lambda: bool(held)
    finally:
        signal.signal(signal.SIGINT, before)


def remove_leftovers(folders: set[Path]) -> None:
    """Remove from these folders what runs that have ended left there."""
    for folder in sorted(folders):
        with suppress(OSError):
            for file in folder.iterdir():
                if (match := _LEFTOVER.fullmatch(file.name)) and _is_abandoned(file, int(match[1])):
                    file.unlink(missing_ok=True)


def _is_abandoned(file: Path, process: int) -> bool:
    written = file.stat().st_mtime
    if time.time() - written > _OLD:
        return True
    if process == os.getpid():
        # In a container, every run may have the same number.
        return written < _BEGAN
    # On Windows, os.kill would end the process that it asks about.
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False


class WriteError(CompatkitError):
    """A file that could not be replaced; it still holds what it held."""

    @classmethod
    def shared(cls, path: Path, count: int) -> WriteError:
        what = f"The file has {count} hard links; replaced, it would no longer be the same as the others."
        return cls(what, where=str(path), hint="make it a file of its own (cp a b && mv b a), then run this again")

    @classmethod
    def outside(cls, path: Path, root: Path) -> WriteError:
        what = "The file lies outside of the folder that was given: a folder on the way to it is a link."
        return cls(what, where=str(path), hint=f"if that is wanted, give the folder itself, not {root}")

    @classmethod
    def failed(cls, path: Path, error: OSError) -> WriteError:
        what = f"The file cannot be written: {error.strerror}."
        return cls(what, where=str(path), hint="check permissions and free space")


class WriteInterrupted(KeyboardInterrupt):
    """An interrupt between two files; `report` tells which ones are written."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def refuse_uncommitted(report: Report) -> Report:
    """Turn each rewrite of a file that git could not bring back into `Failed`."""
    reasons = uncommitted(result.name for result in report.rewritten)
    hint = "commit it first, or give --allow-dirty"
    failed = {name: Failed(f"{reason}.", hint=hint, code="CK906") for name, reason in reasons.items()}
    return Report(
        tuple(replace(r, outcome=failed[r.name], job=None) if r.name in failed else r for r in report.results)
    )


def write_report(report: Report) -> Report:
    """Write every rewritten file; return the report with what could not be written as `Failed`.

    An interrupt waits for the file at hand, then raises `WriteInterrupted`.
    """
    written: list[FileResult] = []
    with interrupts_held() as is_interrupted:
        remove_leftovers({result.path.resolve().parent for result in report.rewritten})
        for result in report.results:
            if is_interrupted():
                raise WriteInterrupted(Report(tuple(written)))
            written.append(_write(result))
    return Report(tuple(written))


def replace_file(path: Path, *, before: bytes, after: bytes, root: Path | None = None) -> None:
    """Replace a file's content in one step, keeping its mode, owner and attributes.

    Raises `WriteError` if it no longer holds `before`, or lies outside of `root`.
    """
    # A link stays a link: what it leads to is replaced.
    target = path.resolve()
    if root:
        require_inside(path, root)
    status = target.stat()
    # The folder would allow the replacement, but someone has said that this file is not to change.
    if not status.st_mode & 0o222:
        hint = "make it writable, then run this again"
        raise WriteError("The file is read-only.", where=str(path), hint=hint)
    if status.st_nlink > 1:
        raise WriteError.shared(path, status.st_nlink)

    def check() -> None:
        # As late as possible, so that an editor's save in between is noticed.
        if target.read_bytes() != before:
            what = "The file changed while it was being processed."
            raise WriteError(what, where=str(path), hint="run this again; the change is not lost")

    _replace(target, after, check)


def require_inside(path: Path, root: Path) -> None:
    """Raise `WriteError` where links on the way to `path`, which need not exist yet, lead out of `root`."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise WriteError.outside(path, root)


def write_output(path: Path, content: bytes) -> None:
    """Write a report or a patch, as a whole or not at all. Raises `WriteError`."""
    is_new = False
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe has no whole to keep.
            path.write_bytes(content)
            return
        if not path.exists():
            # So that it gets the mode that the user's umask gives.
            path.touch()
            is_new = True
        _replace(path.resolve(), content, lambda: None)
    except OSError as error:
        if is_new:
            path.unlink(missing_ok=True)
        raise WriteError.failed(path, error) from error


def _replace(target: Path, content: bytes, check: Callable[[], None]) -> None:
    # With --check nothing is written, and it brings every kind of compression.
    import tempfile

    status = target.stat()
    handle, name = tempfile.mkstemp(prefix=f"{PREFIX}{os.getpid()}-", suffix=SUFFIX, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if (owner := (status.st_uid, status.st_gid)) != (temporary.stat().st_uid, temporary.stat().st_gid):
            with suppress(PermissionError):
                os.chown(temporary, *owner)
        temporary.chmod(status.st_mode & 0o7777)
        copy_attributes(target, temporary)
        check()
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(result: FileResult) -> FileResult:
    if not isinstance(result.outcome, Rewritten):
        return result
    try:
        root = Path(result.root) if result.root else None
        replace_file(result.path, before=result.before, after=result.outcome.source, root=root)
    except WriteError as error:
        return replace(result, outcome=Failed(error.what, hint=error.hint, code="CK905"))
    except OSError as error:
        failed = WriteError.failed(result.path, error)
        return replace(result, outcome=Failed(failed.what, hint=failed.hint, code="CK905"))
    return replace(result, outcome=as_written(result.outcome))
