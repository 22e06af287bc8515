"""A table of columns describes each kind of table in a `migration.toml`; the loader and the JSON Schema read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from compatkit.migration._entry import Entry
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Row

Json: TypeAlias = dict[str, Any]
REQUIRED: Final = object()

# A word in braces stands for a name, which `each` tells.
_IDENTIFIER = r"(?:[^\W\d]|\{\w+\})(?:\w|\{\w+\})*"


class ColumnKind(NamedTuple):
    """A kind of column: the reader of its values, and their JSON Schema.

    `inner` returns the table that lies under the column, once it is needed; `is_list` says that it is a list of them.
    `is_names` says that it takes a list of dotted names.
    """

    read: Callable[[Entry, str], Any]
    schema: Json
    inner: Callable[[], Table] | None = None
    is_list: bool = False
    is_names: bool = False


class Column(NamedTuple):
    """A key of a table: how its value is read, what it means, and its default, unless it must be there.

    `into` is the name of the field that takes the value, where the field is called otherwise.
    """

    name: str
    kind: ColumnKind
    meaning: str
    default: object = REQUIRED
    into: str = ""


class Rule(NamedTuple):
    """A condition over several columns of a row: `check` raises; `schema` says the same, as far as JSON Schema can."""

    check: Callable[[Any, Entry], None]
    schema: Json


class Table:
    """All that can stand in one kind of table, and the value that is made of it.

    Attributes:
        columns: its keys.
        make: takes the value of every column by name.
        about: keys whose values go together into one value, which `make` takes as `about`.
        rules: conditions over several columns.
        repeats: a row may stand for many, with `each` or `listed`.
        example: how such a table is written, for the skeleton of a migration; {letters} and {library} are filled in.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        *columns: Column,
        about: tuple[Column, ...] = (),
        make_about: Callable[..., object] | None = None,
        rules: tuple[Rule, ...] = (),
        example: str = "",
        repeats: bool = False,
    ) -> None:
        self.columns = (*columns, *about, *(TEMPLATE if repeats else ()))
        self.rules, self.example = rules, example
        self.known = frozenset(column.name for column in self.columns)
        self._repeats = repeats
        self._lists = frozenset(column.name for column in columns if column.kind.is_names)
        self._make, self._make_about = make, make_about
        self._plan = [(column.name, column.into or column.name, column.kind.read, column.default) for column in columns]
        self._about = [(column.name, column.name, column.kind.read, column.default) for column in about]

    def read(self, entry: Entry) -> Any:
        """Return the value of one table. Raises `MigrationError`, naming the entry and the nearest known word."""
        values = self._values(entry, self._plan)
        if self._make_about:
            values["about"] = self._make_about(**self._values(entry, self._about))
        made = self._make(**values)
        for rule in self.rules:
            rule.check(made, entry)
        if not entry.given.keys() <= self.known:
            entry.refuse_unknown(self.known)
        return made

    def read_each(self, entry: Entry) -> Iterator[Any]:
        """Yield the values of a row that may stand for many."""
        if not self._repeats or entry.given.keys().isdisjoint(("each", "listed")):
            yield self.read(entry)
            return
        # Most migrations have no such row.
        from compatkit.migration.templates import expand

        yield from (self.read(entry.like(row)) for row in expand(entry, self._lists))

    def _values(self, entry: Entry, plan: list[tuple[str, str, Callable[[Entry, str], Any], object]]) -> dict[str, Any]:
        given = entry.given
        values = {}
        for name, into, read, default in plan:
            if name in given:
                values[into] = read(entry, name)
            elif default is REQUIRED:
                raise entry.missing(name, self.known)
            else:
                values[into] = default
        return values


def rows_of(table: Table | Callable[[], Table]) -> ColumnKind:
    """A list of tables. A function that returns the table is called once there is a row."""
    inner = table if callable(table) else lambda: table

    def read(entry: Entry, key: str) -> tuple[Any, ...]:
        if not (rows := entry.rows(key)):
            return ()
        place, of = f"{entry.where}, [[{key}]]", inner()
        found: list[Any] = []
        labels: dict[str, str] = {}
        for number, row in enumerate(rows, start=1):
            made = [*of.read_each(Entry(row, place, number=number, folder=entry.folder))]
            found += made
            # The rows that one stands for share its code; those of two do not.
            if isinstance(made[0], Row):
                code, label = made[0].code, made[0].label
                if code in labels:
                    raise MigrationError.declared_twice(f"The code {code!r}", labels[code], label, where=entry.where)
                labels[code] = label
        return tuple(found)

    return ColumnKind(read, {"type": "array"}, inner, is_list=True)


def table_of(table: Table | Callable[[], Table], place: str = "{}") -> ColumnKind:
    """A table in a table; `place` is how errors name it."""
    inner = table if callable(table) else lambda: table

    def read(entry: Entry, key: str) -> Any:
        return inner().read(Entry(entry.table(key), f"{entry.where}, {place.format(key)}"))

    return ColumnKind(read, {}, inner)


def one_of(*choices: str) -> ColumnKind:
    """One of a few words."""

    def read(entry: Entry, key: str) -> str:
        if (value := entry.value(key)) in choices:
            return str(value)
        raise entry.wrong(key, value, f"one of {', '.join(choices)}")

    return ColumnKind(read, {"enum": list(choices)})


def each_value(schema: Json, *, names: str = "") -> Json:
    """Return the schema of a table whose keys are free; `names` is a pattern of them."""
    found: Json = {"type": "object", "additionalProperties": schema}
    return {**found, "propertyNames": {"pattern": names}} if names else found


def is_given(keys: Mapping[str, Json]) -> list[Json]:
    """Return, for each key, a schema that says that it is there and fits."""
    return [{"required": [key], "properties": {key: schema}} for key, schema in keys.items()]


def dotted_pattern(parts: int) -> str:
    any_number = rf"{_IDENTIFIER}(\.{_IDENTIFIER})*"
    if parts < 2:
        return f"^{any_number}$"
    # The name that a word in braces stands for may have dots.
    return rf"^(?:{_IDENTIFIER}(\.{_IDENTIFIER}){{{parts - 1},}}|(?=.*\{{){any_number})$"


IDENTIFIER_PATTERN = f"^{_IDENTIFIER}$"
CODE = ColumnKind(Entry.code, {"type": "string", "pattern": "^[A-Z]{2,}[0-9]{3,}$"})
TEXT = ColumnKind(Entry.text, {"type": "string", "pattern": r"\S"})
ANY_TEXT = ColumnKind(Entry.any_text, {"type": "string"})
NUMBER = ColumnKind(Entry.number, {"type": "number", "minimum": 0})
POSITION = ColumnKind(Entry.position, {"type": "integer", "minimum": 0})
DAY = ColumnKind(Entry.day, {"type": "string", "format": "date"})
# Or a word in braces, in a row that stands for many.
SWITCH = ColumnKind(Entry.switch, {"type": ["boolean", "string"], "pattern": r"^\{\w+\}$"})
TEXTS = ColumnKind(Entry.texts, {"type": "array", "items": {"type": "string"}})
NAME = ColumnKind(Entry.name, {"type": "string", "pattern": IDENTIFIER_PATTERN})
DOTTED = ColumnKind(Entry.dotted, {"type": "string", "pattern": dotted_pattern(1)})
SYMBOL = ColumnKind(Entry.symbol, {"type": "string", "pattern": dotted_pattern(2)})

# Keys of a row that stands for many; `compatkit.migration.templates` reads them.
TEMPLATE = (
    Column(
        "each",
        ColumnKind(Entry.table, each_value({"anyOf": [TEXTS.schema, {"type": "object"}]}, names=IDENTIFIER_PATTERN)),
        "The row stands for many: {name} in its texts takes each name of each.name, a list. Any other word has a list,"
        ' too, or a table with a value for each name, "*" for all others.',
        None,
    ),
    Column(
        "listed",
        TEXT,
        "The row stands for many: its old name is a pattern such as shop.{name}, and {name} takes what fits in it among"
        " the names of v1 in this file, which `migrations inventory` writes.",
        None,
    ),
)
