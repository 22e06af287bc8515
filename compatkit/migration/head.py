"""Read what the first lines of a `migration.toml` say of the whole: its id, its releases, a sentence."""

from __future__ import annotations

import re
from pathlib import Path

from compatkit.budget import load_toml
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Migration, Versions
from compatkit.migration.registry import load_registered, read_each
from compatkit.migration.value import Value, value

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


@value
class Head(Value):
    """The head of a declaration."""

    id: str
    versions: Versions
    summary: str

    @classmethod
    def of(cls, migration: Migration) -> Head:
        return cls(migration.id, migration.versions, migration.summary)


def read_heads() -> tuple[list[Head], list[MigrationError]]:
    """Return the head of every migration at hand, in the order of their ids, and what is wrong with those left out.

    The rows of the bundled ones are not read: that they are right is tested with each change of compatkit.
    """

    def read(name: str, file: Path, is_bundled: bool) -> Head:
        return (read_head(file) if is_bundled else None) or Head.of(load_registered(name, file))

    return read_each(read)


def read_head(file: Path) -> Head | None:
    """Return the head of a file, or None where it does not stand above the first table, or is wrong."""
    # Not before a migration is read.
    import tomllib

    try:
        text = file.read_text(encoding="utf-8")
        first = _TABLE.search(text)
        match load_toml(text[: first.start()] if first else text):
            case {"id": str(name), "summary": str(summary), "versions": {"v1": str(one), "v2": str(two)}}:
                return Head(name, Versions(one, two), summary)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        # The loader tells what is wrong.
        pass
    return None
