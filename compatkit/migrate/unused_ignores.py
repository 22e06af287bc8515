"""Report `# compatkit: ignore` comments that hold nothing back, so that they do not hide what comes later."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from compatkit.migration import Migration, codes_of
from compatkit.options import Options
from compatkit.rewrite import Finding, Outcome, Rewritten, Unchanged
from compatkit.rewrite.file.text import IGNORE_MARK

CODE = "CK911"
# All that a run could do, whatever this one was asked for: a comment may be there for another.
_EVERYTHING = Options(confidence="review", modernize=True)


@dataclass(frozen=True, slots=True)
class _Comment:
    line: int
    column: int
    text: str
    codes: tuple[str, ...] | None


def with_unused(
    outcome: Outcome, source: bytes, known: frozenset[str], process: Callable[[bytes, Options], Outcome]
) -> Outcome:
    """Add a finding for each comment of a Python source without which no edit or finding of its codes is more.

    `known` are the codes of the migrations of the run: a comment about another's is not judged. `process` looks at the
    source anew.
    """
    comments = [comment for comment in _comments(source) if _is_about(comment, known)]
    if not comments or not isinstance(outcome, Rewritten | Unchanged):
        return outcome
    bare = process(re.sub(rb"compatkit:(?=\s*ignore)", b"compatkit-", source), _EVERYTHING)
    if not isinstance(bare, Rewritten | Unchanged):
        return outcome
    met = {(one.line, one.code) for one in bare.findings}
    met |= {(one.line, one.code) for one in (bare.edits if isinstance(bare, Rewritten) else ())}
    spans = _spans(source)
    found = [_finding(one) for one in comments if not _holds(one, spans.get(one.line, (one.line, one.line)), met)]
    every = sorted((*outcome.findings, *found), key=lambda one: (one.line, one.column, one.code, one.message))
    return replace(outcome, findings=tuple(every)) if found else outcome


def known_codes(migrations: tuple[Migration, ...]) -> frozenset[str]:
    """Return the codes of all migrations."""
    return frozenset(code for migration in migrations for code in codes_of(migration))


def _comments(source: bytes) -> Iterator[_Comment]:
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT and (match := IGNORE_MARK.search(token.string)):
                codes = match["codes"]
                split = None if codes is None else tuple(filter(None, re.split(r"[\s,]+", codes)))
                yield _Comment(token.start[0], token.start[1] + match.start() + 1, match[0], split)
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return


def _is_about(comment: _Comment, known: frozenset[str]) -> bool:
    return comment.codes is None or any(code.startswith(prefix) for prefix in comment.codes for code in known)


def _holds(comment: _Comment, span: tuple[int, int], met: set[tuple[int, str]]) -> bool:
    return any(
        span[0] <= line <= span[1]
        and (comment.codes is None or any(code.startswith(prefix) for prefix in comment.codes))
        for line, code in met
    )


def _spans(source: bytes) -> dict[int, tuple[int, int]]:
    """Return for each line the first and the last of the innermost statement that it lies in."""
    spans: dict[int, tuple[int, int]] = {}
    try:
        # Level by level: an inner statement overwrites the outer one.
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.stmt):
                end = node.end_lineno or node.lineno
                spans |= dict.fromkeys(range(node.lineno, end + 1), (node.lineno, end))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return spans


def _finding(comment: _Comment) -> Finding:
    message = f"`{comment.text}` holds nothing back: no migration of this run has anything to say here; remove it"
    return Finding(CODE, comment.line, comment.column, message, "manual")
