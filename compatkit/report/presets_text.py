"""Presets as a table: a row a setting, a column a preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def preset_lines(presets: Mapping[str, Mapping[str, object]], *, show_all: bool = False) -> Iterator[str]:
    """Yield the table of `presets`, by dotted path; settings in which all agree only if `show_all`.

    >>> list(preset_lines({"a": {"epochs": 1, "seed": 2}, "b": {"epochs": 30, "seed": 2}}))
    ['setting  a  b', 'epochs   1  30']
    """
    columns = list(presets.values())
    paths = [
        path
        for path in columns[0]
        if show_all or len(columns) == 1 or any(column[path] != columns[0][path] for column in columns)
    ]
    rows = [["setting", *presets], *([path, *(_text(column[path]) for column in columns)] for path in paths)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _text(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
