"""Patterns of `.gitignore`, globs and CODEOWNERS, as regular expressions over paths with forward slashes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_STAR = "[^/]*"
_FOLDERS = "(?:[^/]+/)*"
_POSIX = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One line of a `.gitignore`: whether it takes in or lets out, and what it matches below its own folder."""

    regex: re.Pattern[str]
    is_ignored: bool
    folders_only: bool

    def matches(self, path: str, *, is_folder: bool) -> bool:
        return (is_folder or not self.folders_only) and self.regex.fullmatch(path) is not None


def parse_ignore(text: str) -> tuple[IgnorePattern, ...]:
    """Read a `.gitignore`. Not known: `[[:classes:]]` beyond letters, digits, case and blanks."""
    rules = (_rule(line.removesuffix("\r")) for line in text.removeprefix("\ufeff").split("\n"))
    return tuple(rule for rule in rules if rule)


def is_ignored(path: str, rules: Iterable[IgnorePattern], *, is_folder: bool) -> bool | None:
    """Return what the last rule that matches says, or None where none does."""
    verdict = None
    for rule in rules:
        if rule.matches(path, is_folder=is_folder):
            verdict = rule.is_ignored
    return verdict


def path_regex(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern for whole paths: `*` and `?` stay within a folder, `**` crosses folders. None: malformed."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        part, at = _token(pattern, at)
        if part is None:
            return None
        parts.append(part)
    return re.compile(_regex(parts), re.DOTALL)


def _regex(parts: list[str]) -> str:
    """Put tokens together such that no star is tried again once what stands behind it is found.

    The first place for that leaves most for the rest. Else six stars take years for a name that does not match
    (python/cpython#84660). Only the last star of each kind has to try on: its match must reach the end.
    """
    runs = _split(parts, _FOLDERS)
    first, *rest = ["".join(_atomic(_split(run, _STAR))) for run in runs]
    return "".join([first, *(f"(?>{_FOLDERS}?{run})" for run in rest[:-1]), *(f"{_FOLDERS}{run}" for run in rest[-1:])])


def _atomic(chunks: list[list[str]]) -> Iterator[str]:
    first, *rest = ["".join(chunk) for chunk in chunks]
    yield first
    yield from (f"(?>{_STAR}?{chunk})" for chunk in rest[:-1])
    yield from (f"{_STAR}{chunk}" for chunk in rest[-1:])


def _split(parts: list[str], mark: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for part in parts:
        if part == mark:
            found.append([])
        else:
            found[-1].append(part)
    return found


def _rule(line: str) -> IgnorePattern | None:
    if line.startswith("#"):
        return None
    line = _without_trailing_blanks(line)
    negated = line.startswith("!")
    body = line[negated:]
    folders_only = body.endswith("/")
    body = body.removesuffix("/")
    if not body or body == "/":
        return None
    # A slash at the beginning or in the middle ties the pattern to the folder of its file.
    regex = path_regex(body.removeprefix("/") if "/" in body else f"**/{body}")
    return IgnorePattern(regex, not negated, folders_only) if regex else None


def _without_trailing_blanks(line: str) -> str:
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    return line


def _token(pattern: str, at: int) -> tuple[str | None, int]:
    """Return the regex of what stands at `at`, and where the next begins."""
    is_start = at == 0 or pattern[at - 1] == "/"
    if is_start and pattern.startswith("**/", at):
        return _FOLDERS, at + 3
    if is_start and pattern[at:] == "**":
        return ".+", at + 2
    match pattern[at]:
        case "*":
            end = at
            while pattern[end : end + 1] == "*":
                end += 1
            return _STAR, end
        case "?":
            return "[^/]", at + 1
        case "[":
            return _bracket(pattern, at)
        case "\\":
            return (re.escape(pattern[at + 1]), at + 2) if at + 1 < len(pattern) else (None, at)
        case character:
            return re.escape(character), at + 1


def _bracket(pattern: str, at: int) -> tuple[str | None, int]:
    at += 1
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    first, members = at, ""
    while at < len(pattern) and (pattern[at] != "]" or at == first):
        if named := re.match(r"\[:(\w+):\]", pattern[at:]):
            if named[1] not in _POSIX:
                return None, at
            members, at = members + _POSIX[named[1]], at + named.end()
            continue
        low, at = _member(pattern, at)
        high = low
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("]", ""):
            high, at = _member(pattern, at + 1)
        if low <= high:
            members += f"{re.escape(low)}-{re.escape(high)}"
    if at >= len(pattern):
        return None, at
    inside = f"[^{members}]" if negated and members else f"[{members}]" if members else "." if negated else "(?!)"
    return f"(?!/){inside}", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    at += pattern[at] == "\\" and at + 1 < len(pattern)
    return pattern[at], at + 1
