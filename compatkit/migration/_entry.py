"""One TOML table on its way to a value: every read is checked, and every error names the entry."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Scalar

if TYPE_CHECKING:
    from pathlib import Path

_KEYWORDS = frozenset(keyword.kwlist)
_WORD = re.compile(r"\{(\w+)\}")
_CODE = re.compile(r"[A-Z]{2,}\d{3,}")
# What most dotted names are; what else Python takes for one is asked of it, part by part.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def is_name(text: object) -> bool:
    """Tell whether a text can be a name in Python code; a keyword cannot."""
    return isinstance(text, str) and text.isidentifier() and text not in _KEYWORDS


class Entry:
    """A TOML table. Each method reads the value of one key, which must be there."""

    def __init__(self, table: object, where: str, *, number: int = 0, folder: Path | None = None) -> None:
        """Read `table`, of which only an error says where it stands; `number` is that of a row.

        `folder` is that of the file, for a row that names another one.
        """
        self._place, self._number, self.folder = where, number, folder
        if not isinstance(table, dict):
            raise MigrationError.wrong_value("entry", table, "a table", where=self._numbered)
        self.given: dict[str, object] = table

    @property
    def where(self) -> str:
        code = self.given.get("code")
        return f"{self._numbered} ({code})" if isinstance(code, str) else self._numbered

    @property
    def _numbered(self) -> str:
        return f"{self._place} {self._number}" if self._number else self._place

    def like(self, table: object) -> Entry:
        """Return another table that stands at the same place."""
        return Entry(table, self._place, number=self._number, folder=self.folder)

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for key in self.given:
            if key not in known:
                raise MigrationError.unknown_key(key, known, where=self.where)

    def value(self, key: str) -> object:
        return self.given[key]

    def text(self, key: str) -> str:
        value = self.given[key]
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, value, "a non-empty string")
        return value

    def any_text(self, key: str) -> str:
        value = self.given[key]
        if not isinstance(value, str):
            raise self.wrong(key, value, "a string")
        return value

    def number(self, key: str) -> float:
        value = self.given[key]
        # TOML reads `nan` and `inf` as floats; neither is a tolerance.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise self.wrong(key, value, "a finite number, zero or more")
        return float(value)

    def position(self, key: str) -> int:
        value = self.given[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, value, "an integer, zero or more")
        return value

    def day(self, key: str) -> date:
        value = self.given[key]
        # A time of day would be read as a day by whoever forgets the time zone.
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(key, value, "a day without quotes, such as 2027-01-31")
        return value

    def dotted(self, key: str, *, parts: int = 1) -> str:
        value = self.text(key)
        names = value.split(".")
        is_plain = (plain := _PLAIN.fullmatch(value)) and (parts < 2 or plain[1])
        if is_plain and _KEYWORDS.isdisjoint(names):
            return value
        if len(names) < parts or not all(map(is_name, names)):
            raise self.wrong(key, value, f"a dotted name{' of a module and a symbol in it' if parts > 1 else ''}")
        return value

    def symbol(self, key: str) -> str:
        return self.dotted(key, parts=2)

    def name(self, key: str) -> str:
        value = self.text(key)
        if not is_name(value):
            raise self.wrong(key, value, "a name, and no keyword of Python")
        return value

    def scalars(self) -> Iterator[tuple[str, Scalar]]:
        """Yield every value by its dotted path, whether a table is written as one or as dotted keys."""
        for key, value in self.given.items():
            if isinstance(value, dict):
                yield from ((f"{key}.{inner}", found) for inner, found in Entry(value, f"{self.where}.{key}").scalars())
            elif isinstance(value, str | int | float | bool):
                yield key, value
            else:
                raise self.wrong(key, value, "a string, a number, true or false")

    def code(self, key: str) -> str:
        value = self.text(key)
        if not _CODE.fullmatch(value):
            raise self.wrong(key, value, "capital letters and at least three digits, such as 'CK101'")
        return value

    def rows(self, key: str) -> list[object]:
        value = self.given[key]
        if not isinstance(value, list):
            raise self.wrong(key, value, "a list")
        return value

    def switch(self, key: str) -> bool:
        value = self.given[key]
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.rows(key)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, values, "a list of strings")
        return tuple(str(value) for value in values)

    def table(self, key: str) -> Mapping[str, object]:
        value = self.given[key]
        if not isinstance(value, dict):
            raise self.wrong(key, value, "a table")
        return value

    def missing(self, key: str, known: frozenset[str]) -> MigrationError:
        """Return the error of a required key: a misspelt one reads better as "unknown, did you mean"."""
        for other in self.given.keys() - known:
            error = MigrationError.unknown_key(other, [key], where=self.where)
            if error.hint.startswith("did you mean"):
                return error
        return MigrationError.missing_key(key, where=self.where)

    def wrong(self, key: str, value: object, expected: str) -> MigrationError:
        error = MigrationError.wrong_value(key, value, expected, where=self.where)
        if (word := _WORD.search(str(value))) and "each" not in self.given:
            error.hint = f'for a row that stands for many, say which: each.{word[1]} = ["this", "that"]'
        return error
