"""Leave out files, and ignore codes in some of them, by the patterns of the settings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.migrate.finding.patterns import Rule, is_ignored, parse_ignore
from compatkit.migration.value import Value, value

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings


@value
class FileScope(Value):
    """`exclude` and `ignores` hold patterns as of a `.gitignore` in `folder`; `files` are left out by name."""

    folder: Path = Path()
    exclude: tuple[str, ...] = ()
    ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> FileScope:
        """Return what the settings say. The baseline names old homes for good, and is not looked at."""
        exclude = (*settings.exclude, *settings.extend_exclude)
        files = (settings.baseline,) if settings.baseline else ()
        return cls(settings.folder, exclude, settings.per_file_ignores, files)

    def left_out(self, names: Iterable[str]) -> frozenset[str]:
        """Return the names that `exclude` matches, or of which it matches a folder above."""
        rules = parse_ignore("\n".join(self.exclude))
        return frozenset(name for name in names if _is_below(self._spelled(name), rules)) if rules else frozenset()

    def ignored_codes(self, name: str) -> frozenset[str]:
        """Return the codes on which a run does not act in this file."""
        found: set[str] = set()
        for pattern, codes in self.ignores:
            if _is_below(self._spelled(name), parse_ignore(pattern)):
                found.update(codes)
        return frozenset(found)

    def _spelled(self, name: str) -> str:
        # From elsewhere, `..` in front: a pattern without a slash matches there, too.
        return os.path.relpath(os.path.realpath(name), os.path.realpath(self.folder)).replace(os.sep, "/")


def _is_below(name: str, rules: tuple[Rule, ...]) -> bool:
    parts = name.split("/")
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        if is_ignored(path, rules, is_folder=length < len(parts)):
            return True
    return False
