"""A migrate run as a patch that `git apply` and `patch` take, in the bytes of the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from compatkit.migrate import FileResult, Report
from compatkit.migrate.hunks import Hunk, split_lines
from compatkit.rewrite import Rewritten

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def diff(report: Report) -> Iterator[bytes]:
    """Yield the unified diff of each rewritten file, named from `patch_folder`. Their encodings are not touched."""
    folder = patch_folder(report)
    for result in report.rewritten:
        yield from _diff(result, folder)


def patch_folder(report: Report) -> Path:
    """Return where the patch is to be applied: here, if all the files lie below."""
    here = Path.cwd()
    files = [result.path.resolve() for result in report.rewritten]
    if all(file.is_relative_to(here) for file in files):
        return here
    return Path(os.path.commonpath([here, *(file.parent for file in files)]))


def hunk_lines(hunk: Hunk) -> Iterator[bytes]:
    """Yield one hunk without context, as a diff shows it."""
    for sign, lines in ((b"-", hunk.old), (b"+", hunk.new)):
        for line in lines:
            yield from _ended(sign + line)


def _diff(result: FileResult, folder: Path) -> Iterator[bytes]:
    assert isinstance(result.outcome, Rewritten)
    name = os.fsencode(_from(folder, result.path))
    # Only --diff and --patch wait for it.
    import difflib

    lines = difflib.diff_bytes(
        difflib.unified_diff,
        split_lines(result.before),
        split_lines(result.outcome.source),
        fromfile=_quoted(b"a/" + name),
        tofile=_quoted(b"b/" + name),
    )
    for line in lines:
        yield from _ended(line)


def _from(folder: Path, path: Path) -> str:
    # A patch must not go through links; what a link leads to is what is written.
    real = path.resolve()
    return real.relative_to(folder).as_posix() if real.is_relative_to(folder) else real.as_posix().lstrip("/")


def _ended(line: bytes) -> Iterator[bytes]:
    yield line if line.endswith(b"\n") else line + _NO_NEWLINE


def _quoted(name: bytes) -> bytes:
    """Spell a file name as git does where it would not be read back; a tab ends a name that holds blanks."""
    if any(byte < 0x20 or byte in b'"\\\x7f' for byte in name):
        escaped = b"".join(b"\\%03o" % byte if byte < 0x20 or byte in b'"\\\x7f' else bytes([byte]) for byte in name)
        return b'"' + escaped + b'"'
    return name + b"\t" if b" " in name else name
