"""One TOML table on its way to a value: every read is checked, and every error names the entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Scalar

if TYPE_CHECKING:
    from datetime import date

_CODE = re.compile(r"[A-Z]{2,}\d{3,}")
# What most dotted names are; what else Python takes for one is asked of it, part by part.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
Choice = TypeVar("Choice", bound=str)
Row = TypeVar("Row")


class Entry:
    """A TOML table of which each key is taken once; `close` refuses what is left over."""

    def __new__(cls, table: object, where: str, *, number: int = 0) -> Entry:  # noqa: ARG004 - as `__init__`
        # A table that is to be described, not read (see `authoring.schema`), brings the class that does so.
        chosen: type[Entry] = getattr(table, "entry_class", cls)
        return super().__new__(chosen)

    def __init__(self, table: object, where: str, *, number: int = 0) -> None:
        """Read `table`, of which only an error says where it stands; `number` is that of a row."""
        self._place, self._number = where, number
        if not isinstance(table, dict):
            raise MigrationError.wrong_value("entry", table, "a table", where=self._numbered)
        self._table: dict[str, object] = table
        self._known: set[str] = set()

    @property
    def where(self) -> str:
        code = self._table.get("code")
        return f"{self._numbered} ({code})" if isinstance(code, str) else self._numbered

    @property
    def _numbered(self) -> str:
        return f"{self._place} {self._number}" if self._number else self._place

    def close(self) -> None:
        if self._table.keys() <= self._known:
            return
        for key in self._table:
            if key not in self._known:
                raise MigrationError.unknown_key(key, self._known, where=self.where)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self._wrong(key, value, "a non-empty string")
        return value

    def number(self, key: str, default: float) -> float:
        value = self._take(key, default)
        # TOML reads `nan` and `inf` as floats; neither is a tolerance.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise self._wrong(key, value, "a finite number, zero or more")
        return float(value)

    def position(self, key: str) -> int | None:
        if key not in self._table:
            self._known.add(key)
            return None
        value = self._take(key, None)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._wrong(key, value, "an integer, zero or more")
        return value

    def day(self, key: str) -> date | None:
        from datetime import date, datetime

        if key not in self._table:
            self._known.add(key)
            return None
        value = self._take(key, None)
        # A time of day would be read as a day by whoever forgets the time zone.
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._wrong(key, value, "a day without quotes, such as 2027-01-31")
        return value

    def dotted(self, key: str, *, parts: int = 1) -> str:
        value = self.text(key)
        if (plain := _PLAIN.fullmatch(value)) and (parts < 2 or plain[1]):
            return value
        names = value.split(".")
        if len(names) < parts or not all(name.isidentifier() for name in names):
            # Of a move, the one that needs no symbol is that of a module.
            other = ', or `kind = "module"`' if parts > 1 and key in ("old", "new") else ""
            raise self._wrong(
                key, value, f"a dotted name{' of a module and a symbol in it' if parts > 1 else ''}{other}"
            )
        return value

    def name(self, key: str, default: str | None = None) -> str:
        value = self.text(key, default)
        if not value.isidentifier():
            raise self._wrong(key, value, "a name")
        return value

    def scalars(self) -> Iterator[tuple[str, Scalar]]:
        """Yield every value by its dotted path, whether a table is written as one or as dotted keys."""
        for key in self._table:
            value = self._take(key, None)
            if isinstance(value, dict):
                yield from ((f"{key}.{inner}", found) for inner, found in Entry(value, f"{self.where}.{key}").scalars())
            elif isinstance(value, str | int | float | bool):
                yield key, value
            else:
                raise self._wrong(key, value, "a string, a number, true or false")

    def code(self) -> str:
        value = self.text("code")
        if not _CODE.fullmatch(value):
            raise self._wrong("code", value, "capital letters and at least three digits, such as 'CK101'")
        return value

    def choice(self, key: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
        value = self._take(key, default)
        for known in choices:
            if value == known:
                return known
        raise self._wrong(key, value, f"one of {', '.join(choices)}")

    def rows(self, key: str) -> Sequence[object]:
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, value, "a list")
        return value

    def switch(self, key: str) -> bool:
        value = self._take(key, default=False)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def is_false(self, key: str) -> bool:
        return self._table.get(key) is False and not self.switch(key)

    def has(self, key: str) -> bool:
        return key in self._table

    def is_list(self, key: str) -> bool:
        return isinstance(self._table.get(key), list)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.rows(key)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(key, values, "a list of strings")
        return tuple(str(value) for value in values)

    def table(self, key: str, *, required: bool = False) -> Mapping[str, object]:
        value = self._take(key, None if required else {})
        if not isinstance(value, dict):
            raise self._wrong(key, value, "a table")
        return value

    def keys(self) -> frozenset[str]:
        return frozenset(self._table)

    def _take(self, key: str, default: object) -> object:
        self._known.add(key)
        value = self._table.get(key, default)
        if value is None:
            # A misspelt required key reads better as "unknown, did you mean" than as "missing".
            for other in self._table.keys() - self._known:
                error = MigrationError.unknown_key(other, [key], where=self.where)
                if error.hint.startswith("did you mean"):
                    raise error
            raise MigrationError.missing_key(key, where=self.where)
        return value

    def _wrong(self, key: str, value: object, expected: str) -> MigrationError:
        return MigrationError.wrong_value(key, value, expected, where=self.where)


def each(entry: Entry, key: str, build: Callable[[Entry], Row]) -> tuple[Row, ...]:
    """Build a value from each table in the list under `key`, and refuse what is left over in one."""
    found: list[Row] = []
    rows = entry.rows(key)
    if not rows:
        return ()
    place = f"{entry.where}, [[{key}]]"
    for number, table in enumerate(rows, start=1):
        row = Entry(table, place, number=number)
        found.append(build(row))
        row.close()
    return tuple(found)
