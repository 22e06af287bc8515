"""The only code that changes a user's files: each file as a whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migrate.report import FileResult, Report, as_written
from compatkit.rewrite import Failed, Rewritten


class WriteError(CompatkitError):
    """A file that could not be replaced; it still holds what it held."""

    @classmethod
    def changed(cls, path: Path) -> WriteError:
        what = "The file changed while it was being processed."
        return cls(what, where=str(path), hint="run this again; the change is not lost")

    @classmethod
    def read_only(cls, path: Path) -> WriteError:
        return cls("The file is read-only.", where=str(path), hint="make it writable, then run this again")


def write_report(report: Report) -> Report:
    """Write every rewritten file; return the report with what could not be written as `Failed`."""
    return Report.of(_write(result) for result in report.results)


def replace_file(path: Path, *, before: bytes, after: bytes) -> None:
    """Replace a file's content in one step, keeping its mode. Raises `WriteError` if it no longer holds `before`."""
    # A link stays a link: what it leads to is replaced.
    target = path.resolve()
    mode = target.stat().st_mode & 0o7777
    # The folder would allow the replacement, but someone has said that this file is not to change.
    if not mode & 0o222:
        raise WriteError.read_only(path)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        # As late as possible, so that an editor's save in between is noticed.
        if target.read_bytes() != before:
            raise WriteError.changed(path)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(result: FileResult) -> FileResult:
    if not isinstance(result.outcome, Rewritten):
        return result
    try:
        replace_file(result.path, before=result.before, after=result.outcome.source)
    except WriteError as error:
        return replace(result, outcome=Failed(error.what, hint=error.hint, code="CK905"))
    except OSError as error:
        reason = f"The file cannot be written: {error.strerror}"
        return replace(result, outcome=Failed(reason, hint="check permissions and free space", code="CK905"))
    return replace(result, outcome=as_written(result.outcome))
