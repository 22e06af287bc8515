"""One file and one `transform.py`: what it makes of the text, held to what every rewrite is held to."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from compatkit.migration import Migration, Transform
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import Ignored, Source
from compatkit.rewrite.file.tree import compiles, parse
from compatkit.rewrite.outcome import Finding, RewriteError
from compatkit.rewrite.transforms.errors import TransformError
from compatkit.rewrite.transforms.load import load_transform
from compatkit.transform import SourceFile


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
        raise TransformError.broken(migration.id, f"is no Python: {error.what}") from error
    if not compiles(first.text) and compiles(source.text):
        raise TransformError.broken(migration.id, "does not compile")
    if _run(first.text, Ignored(source), home, migration, declared).text != first.text:
        raise TransformError.broken(migration.id, "would be changed again by a second run")
    return first


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
        raise TransformError.raised(migration.id, error) from error
    if not isinstance(tree, cst.Module):
        raise TransformError.wrong_result(migration.id, tree)
    found = (Finding(declared.code, each.line, each.column, each.message) for each in file.reports)
    return Transformed(tree.code, tuple(one for one in found if not ignored.holds(one.line, one.code)))


def _unread(declared: Transform, reason: str) -> Finding:
    return Finding(declared.code, 1, 1, f"not seen by the migration's transform.py: {reason}", "manual")
