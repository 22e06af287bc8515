"""The tables of records and of configuration objects, declared."""

from __future__ import annotations

from typing import Any

from compatkit.migration._entry import Entry
from compatkit.migration.column_kinds import CODE_COLUMN, TO_SYMBOL
from compatkit.migration.columns import (
    DOTTED,
    NAME,
    POSITION,
    SYMBOL,
    TEXT,
    TEXTS,
    Column,
    ColumnKind,
    Json,
    Table,
    each_value,
)
from compatkit.migration.model import Argument, Config, Field, Preset, Producer, Section, Setting
from compatkit.migration.shape import parse_records, parse_shape


def _returns(entry: Entry, key: str) -> str:
    if parse_shape(path := entry.any_text(key)) is None:
        raise entry.wrong(key, path, """a path such as '.history', '[1]' or '["history"]'""")
    return path


def _records(entry: Entry, key: str) -> tuple[str, ...]:
    for path in (paths := entry.texts(key)):
        if parse_records(path) is None:
            raise entry.wrong(key, path, """paths such as '["history"][*]' or '.final'""")
    return paths


def _settings(table: object, where: str) -> tuple[Setting, ...]:
    return tuple(Setting(path, value) for path, value in Entry(table, where).scalars())


def _defaults(entry: Entry, key: str) -> tuple[Setting, ...]:
    return _settings(entry.table(key), f"{entry.where}, {key}")


def _presets(entry: Entry, key: str) -> tuple[Preset, ...]:
    table = entry.table(key)
    return tuple(Preset(name, _settings(given, f"{entry.where}, {key}.{name}")) for name, given in table.items())


def _sections(entry: Entry, key: str) -> tuple[Section, ...]:
    table = Entry(entry.table(key), f"{entry.where}, {key}")
    return tuple(Section(path, table.symbol(path)) for path in sorted(table.given))


SETTINGS_SCHEMA: Json = {"$ref": "#/definitions/settings"}


def _make_config(preset_argument: str, presets: tuple[Preset, ...], **given: Any) -> Config:
    return Config(preset_argument=preset_argument if presets else "", presets=presets, **given)


FIELDS = Table(
    Field,
    CODE_COLUMN,
    Column("v1", TEXT, "The key in v1."),
    Column("v2", TEXT, "The key, or the attribute, in v2."),
    repeats=True,
    example="""\
# Records with other keys. Without `returns`, the function returns the list of them. Where v2 returns objects, say so
# above the first row, with `record = "{library}.survey.Reading"`: then r["temp"] becomes r.temperature.
[[fields]]
code = "{letters}601"
v1 = "temp"
v2 = "temperature"
""",
)


ARGUMENTS = Table(
    Argument,
    CODE_COLUMN,
    Column("of", SYMBOL, "The v1 callable, by dotted name."),
    Column("v1", DOTTED, "The argument's v1 name."),
    Column("v2", DOTTED, "The dotted path in the configuration where v2 keeps it."),
    Column("position", POSITION, "Its place among v1's positional arguments, from 0.", None),
)


PRODUCERS = Table(
    Producer,
    CODE_COLUMN,
    Column(
        "function",
        SYMBOL,
        "A function or method by its dotted name in v2. A re-export of its class is another name: give it a row of"
        " its own.",
    ),
    Column(
        "returns",
        ColumnKind(_returns, {"type": "string"}),
        'Where in what it returns the list of records lies: .history, [1], ["history"]. Left out: it is that list.',
        "",
    ),
    Column(
        "records",
        ColumnKind(_records, TEXTS.schema),
        "Where single records lie, for the rewrite; [*] stands for each element. Left out: the list's elements.",
        (),
    ),
    repeats=True,
    example="""\
[[producers]]
code = "{letters}651"
function = "{library}.survey.Survey.run"
returns = ".readings"
""",
)


CONFIGS = Table(
    _make_config,
    Column("of", SYMBOL, "The v1 callable whose flat arguments [[arguments]] lists."),
    Column("class", SYMBOL, "The class of the configuration.", into="name"),
    Column("argument", NAME, "The argument of v2's callable that takes it; `config` if left out.", "config"),
    Column("preset_argument", NAME, "The argument that takes the name of a preset.", "preset"),
    Column(
        "sections",
        ColumnKind(_sections, each_value(TO_SYMBOL)),
        "For each section of the configuration, the dotted name of its class.",
        (),
    ),
    Column("defaults", ColumnKind(_defaults, SETTINGS_SCHEMA), "The defaults of what the presets set.", ()),
    Column("presets", ColumnKind(_presets, each_value(SETTINGS_SCHEMA)), "For each preset, what it sets.", ()),
)
