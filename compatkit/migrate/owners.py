"""Find who owns a file, by the repository's CODEOWNERS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from compatkit.migrate.finding.git import repository_of
from compatkit.migrate.finding.patterns import path_regex

NO_OWNER = "(no owner)"
_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class Owners:
    """The rules in order; the last one that matches decides. Paths are relative to `root`."""

    root: Path
    rules: tuple[tuple[re.Pattern[str], str], ...] = ()

    def of(self, path: str) -> str:
        """Return the owners of a file as one text."""
        full = Path(path).resolve()
        if not full.is_relative_to(self.root):
            return NO_OWNER
        inner = full.relative_to(self.root).as_posix()
        return next((owners for regex, owners in reversed(self.rules) if regex.match(inner)), NO_OWNER)


def load_owners(start: Path) -> Owners:
    """Read the CODEOWNERS of the repository that `start` lies in; without one, nobody owns anything."""
    place = start.resolve()
    root = repository_of(place) or place
    for name in _PLACES:
        if (file := root / name).is_file():
            return Owners(root, parse_owners(file.read_text(encoding="utf-8", errors="replace")))
    return Owners(root)


def parse_owners(text: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Read the lines of a CODEOWNERS. GitLab's section headings are passed over."""
    rules = []
    for line in text.splitlines():
        words = _WORD.findall(line.partition(" #")[0])
        if not words or words[0].startswith(("#", "[", "^[")):
            continue
        if regex := _regex(words[0]):
            rules.append((regex, " ".join(words[1:]) or NO_OWNER))
    return tuple(rules)


def _regex(pattern: str) -> re.Pattern[str] | None:
    is_folder = pattern.endswith("/")
    body = pattern.strip("/")
    # As in .gitignore, a slash at the beginning or in the middle ties the pattern to the root.
    is_tied = "/" in pattern[:-1]
    compiled = path_regex(body if is_tied else f"**/{body}")
    if compiled is None:
        return None
    # What is in a folder that matches belongs to it too; only `docs/*` stops at the files in it.
    inside = r"/.+\Z" if is_folder else r"\Z" if body.endswith("/*") else r"(?:/.+)?\Z"
    return re.compile(f"(?:{compiled.pattern}){inside}", re.DOTALL)
