"""On which line of a `migration.toml` an error is: found from what the error says, once there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compatkit.migration.errors import MigrationError
from compatkit.migration.lines import Path, find_lines

_ROW = re.compile(r"\[\[(\w+)\]\] (\d+)(?: \(.*\))?")
_ROW_OF = re.compile(r"\[\[(\w+)\]\] of (.+)")
_TABLE = re.compile(r"\[(\w+)\]")
_QUOTED = re.compile(r"'([^']+)'")
_SYNTAX = re.compile(r"\(at line (\d+), column \d+\)")


def locate(error: MigrationError, text: str, document: Mapping[str, object], origin: str) -> int | None:
    """Return the line, from 1, of the entry that an error names, or None where it names none."""
    lines = find_lines(text)
    path = entry_path(error, document, origin)
    inside = [found for found in lines if found[: len(path)] == path and len(found) > len(path)]
    key = error.key_path
    if key and (named := [found for found in inside if found[-len(key) :] == key]):
        return lines[named[0]]
    if path in lines:
        return lines[path]
    if said := [lines[found] for found in _said_twice(error, document) if found in lines]:
        return max(said)
    return 1 if key else None


def syntax_line(reason: str) -> int | None:
    """Return the line that an error of `tomllib` names."""
    found = _SYNTAX.search(reason)
    return int(found[1]) if found else None


def entry_path(error: MigrationError, document: Mapping[str, object], origin: str) -> Path:
    """Return the path of the table that an error names; empty for the whole file.

    Errors name a table as `Entry` does: the file, then one part for each step inwards, such as `[[moves]] 3 (CK103)`.
    """
    path: Path = ()
    for part in error.where.removeprefix(origin).split(", ")[1:]:
        if row := _ROW.fullmatch(part):
            path = (*path, row[1], int(row[2]) - 1)
        elif row := _ROW_OF.fullmatch(part):
            path = (*path, row[1], _row_of(document.get(row[1]), row[2]))
        elif table := _TABLE.fullmatch(part):
            path = (*path, table[1])
        else:
            path = (*path, *part.split("."))
    return path


def _row_of(rows: object, name: str) -> int:
    owners = [row.get("of") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return owners.index(name) if name in owners else 0


def _said_twice(error: MigrationError, document: Mapping[str, object]) -> Iterator[Path]:
    """Yield where the value stands that two entries declare, or that several entries are about."""
    quoted = _QUOTED.search(error.what)
    # Without a quotation it is such as `position of the arguments of pkg.Thing is [1], expected …`.
    wanted = quoted[1] if quoted else error.what.partition(" is ")[0].rpartition(" ")[2]
    yield from (path for path, value in _leaves(document, ()) if value == wanted)


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, number))
    else:
        yield path, value
