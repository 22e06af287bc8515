"""Run a migration's `transform.py` over one file, and hold its result to what every rewrite is held to."""

from __future__ import annotations

import importlib.util
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import libcst as cst

from compatkit.migration import TRANSFORM_FILE, Migration, Transform
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import Ignored, Source
from compatkit.rewrite.file.tree import compiles, parse
from compatkit.rewrite.outcome import Failed, Finding, RewriteError
from compatkit.transform import SourceFile

Function: TypeAlias = Callable[[SourceFile], object]

_CODE = "CK907"


def load_transform(migration: Migration) -> Function:
    """Return the function `transform` of a migration. Raises `TransformError`."""
    assert migration.origin is not None, "a migration without a file has no transform.py"
    return _load(migration.id, migration.origin.with_name(TRANSFORM_FILE).resolve())


@lru_cache(maxsize=64)
def _load(migration: str, file: Path) -> Function:
    # A name of its own: transform.py of one migration is not that of another, nor a module of the user's.
    name = f"_compatkit_transform_of_{re.sub(r'[^0-9a-zA-Z]', '_', migration)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        what = f"{file.name} of the migration {migration} cannot be loaded: {type(error).__name__}: {error}"
        raise TransformError.of(what, migration, error) from error
    function = getattr(module, "transform", None)
    if not callable(function):
        raise TransformError.of(f"{file.name} of the migration {migration} has no function `transform`", migration)
    found: Function = function
    return found


class TransformError(RewriteError):
    """A file that could not be processed, because the code of a migration failed."""

    details: str = ""

    def as_outcome(self) -> Failed:
        return replace(super().as_outcome(), details=self.details)

    @classmethod
    def of(cls, what: str, migration: str, error: BaseException | None = None) -> TransformError:
        """Return the error of a migration's code; the traceback of `error` is kept as its details."""
        hint = f"report it to whoever wrote {migration}, or go on without it: --ignore and the code of its [transform]"
        made = cls(what, hint=hint, code=_CODE)
        made.details = "".join(traceback.format_exception(error)) if error else ""
        return made


@dataclass(frozen=True, slots=True)
class Transformed:
    """The text that came out, which may be the one that went in, and what was reported of it."""

    text: str
    findings: tuple[Finding, ...] = ()


def transform_text(source: Source, home: FileModule, migration: Migration, declared: Transform) -> Transformed:
    """Run the transform of a migration over a file. Raises `TransformError` if it fails, or makes what cannot stay."""
    first = _run(source.text, Ignored(source), home, migration, declared)
    if first.text == source.text:
        return first
    try:
        parse(first.text)
    except RewriteError as error:
        raise _broken(migration, f"is no Python: {error.what}") from error
    if not compiles(first.text) and compiles(source.text):
        raise _broken(migration, "does not compile")
    if _run(first.text, Ignored(source), home, migration, declared).text != first.text:
        raise _broken(migration, "would be changed again by a second run")
    return first


def _broken(migration: Migration, reason: str) -> TransformError:
    return TransformError.of(f"What the transform.py of the migration {migration.id} made {reason}", migration.id)


def _run(text: str, ignored: Ignored, home: FileModule, migration: Migration, declared: Transform) -> Transformed:
    function = load_transform(migration)
    try:
        file = SourceFile(
            text,
            module=home.name,
            is_package=home.is_package,
            is_ignored_line=lambda line: ignored.holds(line, declared.code),
        )
    except (cst.ParserSyntaxError, RecursionError) as error:
        return Transformed(text, (_unread(declared, f"LibCST cannot read this file: {type(error).__name__}"),))
    if file.tree.code != text:
        return Transformed(text, (_unread(declared, "LibCST would not give this file back as it is"),))
    try:
        tree = function(file)
    except (Exception, SystemExit) as error:
        what = f"The transform.py of the migration {migration.id} failed: {type(error).__name__}: {error}"
        raise TransformError.of(what, migration.id, error) from error
    if not isinstance(tree, cst.Module):
        what = (
            f"The transform.py of the migration {migration.id} returned a {type(tree).__name__}, and no libcst.Module"
        )
        raise TransformError.of(what, migration.id)
    found = (Finding(declared.code, one.line, one.column, one.message) for one in file.reports)
    return Transformed(tree.code, tuple(one for one in found if not ignored.holds(one.line, one.code)))


def _unread(declared: Transform, reason: str) -> Finding:
    return Finding(declared.code, 1, 1, f"not seen by the migration's transform.py: {reason}", "manual")
