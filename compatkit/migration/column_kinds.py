"""The kinds of values that columns of several tables take, and the columns that several tables have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from math import isfinite

from compatkit.migration._entry import Entry, is_name
from compatkit.migration.changes import Condition, Literal, Mapped, Match, RenamedArgument, SettingWrite
from compatkit.migration.columns import (
    ANY_TEXT,
    CODE,
    IDENTIFIER_PATTERN,
    NAME,
    TEXT,
    TEXTS,
    Column,
    ColumnKind,
    Json,
    dotted_pattern,
    each_value,
    one_of,
)
from compatkit.migration.errors import MigrationError

CODE_COLUMN = Column(
    "code",
    CODE,
    "Capital letters and at least three digits, such as ACME101; permanent, and given once. Warnings, findings,"
    " --select and `# compatkit: ignore[…]` name it.",
)


CONFIDENCES = ("safe", "review", "manual")


CONFIDENCE_MEANING = (
    '"safe": made by default. "review": made with --confidence review, else reported. "manual": only reported.'
)


WHY = Column("why", ANY_TEXT, "The reason, in a few words; users read it.", "")


REASON = Column("why", TEXT, "The reason, in a few words; users read it.")


TO_SYMBOL: Json = {"type": "string", "pattern": dotted_pattern(2)}


LITERAL: Json = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "object", "required": ["python"], "properties": {"python": {"type": "string"}}, "maxProperties": 1},
    ]
}


PAIR: Json = {"type": "array", "items": LITERAL, "minItems": 2, "maxItems": 2}


PATH: Json = {"type": "string", "pattern": r"\S"}


SAID: Json = {"minLength": 1}


def about(
    confidence: str = "safe", choices: tuple[str, ...] = CONFIDENCES, meaning: str = CONFIDENCE_MEANING
) -> tuple[Column, ...]:
    return (
        Column("confidence", one_of(*choices), meaning, confidence),
        Column("since", ANY_TEXT, "The release that deprecated the old form.", ""),
        Column("remove", ANY_TEXT, "The release that took the old form away.", ""),
        WHY,
        Column("link", ANY_TEXT, "Where the library itself says so.", ""),
    )


SAY = Column(
    "say",
    ANY_TEXT,
    "What a person is to do. Then nothing is rewritten; every use is reported with these words.",
    "",
)


def names_of_library(*, parts: int = 2, may_be_pattern: bool = False) -> ColumnKind:
    """One dotted name, or a list of them; in a pattern a `*` stands for one part."""

    def read(entry: Entry, key: str) -> tuple[str, ...]:
        names = entry.texts(key) if isinstance(entry.value(key), list) else (entry.text(key),)
        for name in names:
            components = name.split(".")
            fits = all(
                is_name(component) or (component == "*" and may_be_pattern and at)
                for at, component in enumerate(components)
            )
            if len(components) < parts or not fits or components[-1] == "*":
                of = " of a module and a symbol in it" if parts > 1 else ""
                raise entry.wrong(key, name, f"a dotted name{of}, or a list of them")
        if not names:
            raise MigrationError.missing_key(key, where=entry.where)
        return names

    schema: Json = {"anyOf": [TEXT.schema, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    return ColumnKind(read, schema, is_names=True)


def _parameters(entry: Entry, key: str) -> tuple[str, ...]:
    names = entry.texts(key)
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        raise entry.wrong(key, list(names), "names, each once")
    return names


def _renamings(entry: Entry, key: str) -> tuple[RenamedArgument, ...]:
    table = _by_name(entry, key)
    for name, value in table.items():
        if not is_name(value):
            raise entry.wrong(f"{key}.{name}", value, "a name, and no keyword of Python")
    return tuple(RenamedArgument(name, str(value)) for name, value in table.items())


def _settings(entry: Entry, key: str) -> tuple[SettingWrite, ...]:
    for name in (table := entry.table(key)):
        if not is_name(name):
            raise entry.wrong(key, name, "the name of an argument, and no keyword of Python")
    return tuple(SettingWrite(name, _literal(entry, f"{key}.{name}", value)) for name, value in table.items())


def _by_name(entry: Entry, key: str) -> Mapping[str, object]:
    """Return a table whose keys are arguments of v1; in a dict that a call spreads, one can be called as a keyword."""
    for name in (table := entry.table(key)):
        if not name.isidentifier():
            raise entry.wrong(key, name, "the name of an argument")
    return table


def _mapped(entry: Entry, key: str) -> tuple[Mapped, ...]:
    return tuple(_pairs(entry, key))


def _pairs(entry: Entry, key: str) -> Iterator[Mapped]:
    for name, rows in _by_name(entry, key).items():
        for row in rows if isinstance(rows, list) else [rows]:
            if not isinstance(row, list) or len(row) != 2:
                raise entry.wrong(f"{key}.{name}", row, "pairs [v1, v2]")
            yield Mapped(name, *(_literal(entry, f"{key}.{name}", value) for value in row))


def _conditions(entry: Entry, key: str) -> tuple[Condition, ...]:
    found = []
    for name, rows in _by_name(entry, key).items():
        values = rows if isinstance(rows, list) else [rows]
        found.append(Condition(name, tuple(_literal(entry, f"{key}.{name}", value) for value in values)))
    return tuple(found)


def _matches(entry: Entry, key: str) -> tuple[Match, ...]:
    found = []
    for name, pattern in _by_name(entry, key).items():
        try:
            found.append(Match(name, re.compile(str(pattern)).pattern if isinstance(pattern, str) else ""))
        except re.error as error:
            raise entry.wrong(f"{key}.{name}", pattern, f"a regular expression ({error})") from None
        if not found[-1].pattern:
            raise entry.wrong(f"{key}.{name}", pattern, "a regular expression")
    return tuple(found)


def _classes(entry: Entry, key: str) -> tuple[Condition, ...]:
    table = Entry(entry.table(key), f"{entry.where}, {key}")
    return tuple(Condition(name, names_of_library().read(table, name)) for name in table.given)


def _literal(entry: Entry, key: str, value: object) -> Literal:
    """Return a literal: TOML's own values, or `{ python = "None" }` for what TOML cannot say."""
    if isinstance(value, dict) and set(value) == {"python"} and isinstance(value["python"], str):
        try:
            found: Literal = ast.literal_eval(value["python"].strip())
            # Infinity can be read, and not be written again.
            ast.literal_eval(repr(found))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise entry.wrong(key, value, "a Python literal") from None
        return found
    if isinstance(value, str | int | float | bool) and not (isinstance(value, float) and not isfinite(value)):
        return value
    raise entry.wrong(key, value, 'a string, a number, true, false, or { python = "…" } with a literal')


PARAMETERS = ColumnKind(_parameters, TEXTS.schema)
RENAMINGS = ColumnKind(_renamings, each_value(NAME.schema, names=IDENTIFIER_PATTERN))
SETTINGS = ColumnKind(_settings, each_value(LITERAL))
PAIRS = ColumnKind(_mapped, each_value({"type": "array", "items": PAIR}))
CONDITIONS = ColumnKind(_conditions, each_value({"anyOf": [LITERAL, {"type": "array", "items": LITERAL}]}))
MATCHES = ColumnKind(_matches, each_value(TEXT.schema))
CLASSES = ColumnKind(_classes, each_value(names_of_library().schema))
