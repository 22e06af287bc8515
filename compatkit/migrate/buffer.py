"""Check the text in an editor: return the findings and edits that a run over the project would have for it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compatkit.migrate.finding.find import FileScope
from compatkit.migrate.hunks import Hunk, find_hunks, hunk_of, is_whole_without
from compatkit.migrate.job import Task
from compatkit.migrate.report import FileResult, Overview, Remark, Report
from compatkit.migrate.run import plan_source
from compatkit.migrate.settings import load_settings, refuse_wrong_homes
from compatkit.migration import Migration, codes_of
from compatkit.rewrite import Failed, Rewritten

_MARK = "# compatkit: ignore["


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Lines `start` to `end` of a text (from 0, end excluded), and the text that takes their place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FolderTask:
    """Hold the task, the migrations and the left-out files of one folder."""

    task: Task
    migrations: tuple[Migration, ...]
    scope: FileScope

    @classmethod
    def at(cls, folder: Path) -> FolderTask:
        """Load what `[tool.compatkit]` says for a folder. Raises `CompatkitError`."""
        settings = load_settings(folder)
        migrations = settings.project.load()
        refuse_wrong_homes(settings.project)
        return cls(Task.of(migrations, settings.options), migrations, FileScope.of(settings))

    def migration_of(self, code: str) -> Migration | None:
        """Return the migration that declares a code."""
        return next((migration for migration in self.migrations if code in codes_of(migration)), None)


@dataclass(frozen=True, slots=True)
class Buffer:
    """One version of a text, and what became of it."""

    text: str
    encoding: str
    result: FileResult
    project: FolderTask

    @classmethod
    def of(cls, text: str, path: Path, project: FolderTask) -> Buffer:
        """Look at a text as if it lay at `path`."""
        encoding = _encoding(text)
        source = text.encode(encoding, "surrogateescape")
        if project.scope.left_out([str(path)]):
            source = b""
        return cls(text, encoding, plan_source(source, str(path), project.task, path=path), project)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Return the rewrites to be made, and the findings."""
        ignored = self.project.scope.ignored_codes(self.result.name)
        every = Overview.of(Report.of([self.result]), is_written=False).remarks
        return tuple(one for one in every if not any(one.code.startswith(code) for code in ignored))

    @property
    def failure(self) -> Failed | None:
        """Return the failure, if the text could not be looked at."""
        return self.result.outcome if isinstance(self.result.outcome, Failed) else None

    def all_edits(self) -> list[TextEdit]:
        """Return what rewrites the whole text."""
        return self._edits(self._hunks())

    def edits_of(self, remark: Remark) -> list[TextEdit]:
        """Return what makes one rewrite; nothing where it belongs together with others."""
        hunks = self._hunks()
        edit = next((one for one in self.result.edits if (one.line, one.code) == (remark.line, remark.code)), None)
        if edit is None or not hunks:
            return []
        hunk = hunk_of(edit, hunks)
        return self._edits([hunk]) if is_whole_without(self.result, [hunk], self.project.task) else []

    def ignoring(self, remark: Remark) -> list[TextEdit]:
        """Return what puts the comment that leaves a place alone on its line; nothing where that is no comment."""
        lines = self.text.split("\n")
        if remark.line > len(lines) or not self.result.name.endswith((".py", ".pyi")):
            return []
        line = lines[remark.line - 1]
        end = "\r" if line.endswith("\r") else ""
        plain = line.removesuffix("\r")
        if _MARK in plain:
            marked = plain.replace(_MARK, f"{_MARK}{remark.code}, ", 1) + end
        else:
            marked = f"{plain}  {_MARK}{remark.code}]{end}"
        lines[remark.line - 1] = marked
        if not _is_same_program(self.text, "\n".join(lines)):
            # The line ends within a text, or goes on after a backslash.
            return []
        last = "" if remark.line == len(lines) else "\n"
        return [TextEdit(remark.line - 1, remark.line, marked + last)]

    def _hunks(self) -> tuple[Hunk, ...]:
        outcome = self.result.outcome
        return find_hunks(self.result.before, outcome.source) if isinstance(outcome, Rewritten) else ()

    def _edits(self, hunks: Iterable[Hunk]) -> list[TextEdit]:
        return [TextEdit(hunk.start, hunk.end, b"".join(hunk.new).decode(self.encoding)) for hunk in hunks]


def _encoding(text: str) -> str:
    """Return the encoding that the text says of itself, with which its bytes are what a file would hold."""
    head = "\n".join(text.split("\n", 2)[:2]).encode("utf-8", "replace")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
        text.encode(encoding, "surrogateescape")
    except (SyntaxError, LookupError, UnicodeEncodeError):
        return "utf-8"
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _is_same_program(before: str, after: str) -> bool:
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except (SyntaxError, ValueError, RecursionError):
        return False
