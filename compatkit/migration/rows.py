"""The outermost table of a `migration.toml`, declared, with those of moves and of what is left to people.

Read from top to bottom it is the reference of the file; `call_rows`, `member_rows`, `file_rows`, `record_rows` and
`equivalence_rows` have the other tables.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from compatkit.migration._entry import Entry
from compatkit.migration.column_kinds import CODE_COLUMN, CONFIDENCE_MEANING, CONFIDENCES, REASON, TO_SYMBOL, WHY
from compatkit.migration.columns import (
    DOTTED,
    SYMBOL,
    TEXT,
    TEXTS,
    Column,
    ColumnKind,
    Rule,
    Table,
    dotted_pattern,
    each_value,
    one_of,
    rows_of,
    table_of,
)
from compatkit.migration.equivalence import NOTHING_DECLARED
from compatkit.migration.equivalence_rows import EQUIVALENCE
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import Migration, Move, Unhandled, Versions
from compatkit.migration.record_rows import ARGUMENTS, CONFIGS, FIELDS, PRODUCERS

SCHEMA = 1


def _schema_version(entry: Entry, key: str) -> int:
    number = entry.number(key)
    if number != SCHEMA:
        shown = int(number) if number.is_integer() else number
        raise entry.wrong(key, shown, f"{SCHEMA}, the only schema known")
    return SCHEMA


def _types(entry: Entry, key: str) -> tuple[tuple[str, str], ...]:
    types = Entry(entry.table(key), f"{entry.where}, [{key}]")
    for name in types.given:
        owner, _, parameter = name.removesuffix(")").partition(".*(")
        parts = [*owner.removesuffix("(").split("."), parameter or "any"]
        if not all(part.isidentifier() for part in parts) or (name[-1:] == ")") != ("(" in name):
            known = ["a.b.function()", "a.b.Class.attribute", "a.b.Class.*(parameter)"]
            raise MigrationError.unknown_key(name, known, where=types.where)
    return tuple((name, types.symbol(name)) for name in sorted(types.given))


def _check_move(move: Move, entry: Entry) -> None:
    for key, dotted in (("old", move.old), ("new", move.new)):
        if not move.is_module and "." not in dotted:
            # Of a move, the one that needs no symbol is that of a module.
            expected = 'a dotted name of a module and a symbol in it, or `kind = "module"`'
            raise entry.wrong(key, dotted, expected)


VERSIONS = Table(Versions, Column("v1", TEXT, "The old release."), Column("v2", TEXT, "The new release."))


MOVES = Table(
    Move,
    CODE_COLUMN,
    Column("kind", one_of("symbol", "module"), '"module" takes all that is in a module, its submodules too.', "symbol"),
    Column(
        "old", DOTTED, "The dotted name that users import today. A re-export is another name: give it a row of its own."
    ),
    Column("new", DOTTED, "The dotted name in v2."),
    Column("confidence", one_of(*CONFIDENCES), CONFIDENCE_MEANING, "safe"),
    WHY,
    rules=(
        Rule(
            _check_move,
            {
                "anyOf": [
                    {"required": ["kind"], "properties": {"kind": {"const": "module"}}},
                    {"properties": {"old": TO_SYMBOL, "new": TO_SYMBOL}},
                ]
            },
        ),
    ),
    repeats=True,
    example="""\
# A module that moves with all that is in it. With `inventory = "names.txt"` above the first row, what is not listed
# in that file, which `compatkit migrations inventory` writes, does not move, and is reported.
[[moves]]
code = "{letters}102"
kind = "module"
old = "{library}.old_package"
new = "{library}.new_package"
""",
)


UNHANDLED = Table(
    Unhandled,
    Column("name", TEXT, "A dotted name; * stands for anything, and pkg.function(argument) is an argument."),
    REASON,
    repeats=True,
    example="""\
# What you leave to people; `compatkit migrations audit` asks for nothing that is listed here.
[[unhandled]]
name = "{library}.report.Report(locale)"
why = "nobody gave it"
""",
)


def _late(module: str, name: str) -> Callable[[], Table]:
    """Return what finds a table, imported with its first row: a training script under the shim mostly has none."""

    def find() -> Table:
        found: Table = getattr(import_module(f"compatkit.migration.{module}"), name)
        return found

    return find


def _make_migration(schema: int, **values: Any) -> Migration:  # noqa: ARG001 - it is checked where it is read
    return Migration(**values)


ROOT = Table(
    _make_migration,
    Column("schema", ColumnKind(_schema_version, {"const": SCHEMA}), "The version of this format."),
    Column(
        "id",
        TEXT,
        "The name by which commands know the migration; an installed one registers its entry point under it.",
    ),
    Column("summary", TEXT, "A sentence: what moves, from where to where."),
    Column("versions", table_of(VERSIONS), "The two releases, as text."),
    Column(
        "moves",
        rows_of(MOVES),
        "Classes, functions, constants and whole modules that have a new home, a new name, or both.",
        (),
    ),
    Column(
        "calls",
        rows_of(_late("call_rows", "CALLS")),
        "Functions, methods and classes that are called otherwise: with other arguments, or under another name.",
        (),
    ),
    Column(
        "members",
        rows_of(_late("member_rows", "MEMBERS")),
        "Methods, attributes, constants and values of enumerations that have a new name, or none. They are found"
        " where the class of the object is known in the file.",
        (),
    ),
    Column(
        "hooks",
        rows_of(_late("member_rows", "HOOKS")),
        "Methods that users define in subclasses, and that the library calls with other parameters now.",
        (),
    ),
    Column(
        "removed",
        rows_of(_late("member_rows", "REMOVED")),
        "Modules, classes and functions that are gone. Each import and use is reported with `say`.",
        (),
    ),
    Column(
        "keys",
        rows_of(_late("file_rows", "KEYS")),
        "Keys of YAML, TOML and JSON files that are renamed, gone, or hold a callable's arguments.",
        (),
    ),
    Column(
        "flags",
        rows_of(_late("file_rows", "FLAGS")),
        "Options of command lines that are renamed, take other values, or are gone.",
        (),
    ),
    Column(
        "fields",
        rows_of(FIELDS),
        "Keys of a record that are called otherwise in v2. Those that keep their name are not listed.",
        (),
    ),
    Column(
        "producers",
        rows_of(PRODUCERS),
        "Functions and methods that return records. The shim wraps what they return; the rewrite follows it.",
        (),
    ),
    Column(
        "arguments",
        rows_of(ARGUMENTS),
        "Flat v1 arguments that became settings of a configuration object in v2. Else, [[calls]].",
        (),
    ),
    Column(
        "configs",
        rows_of(CONFIGS),
        "The classes that hold what [[arguments]] lists, with their sections, defaults and presets.",
        (),
    ),
    Column(
        "transform",
        table_of(_late("file_rows", "TRANSFORM"), "[{}]"),
        "Says that a transform.py beside this file does what no table can say; see `compatkit.transform`.",
        None,
    ),
    Column(
        "equivalence",
        table_of(EQUIVALENCE, "[{}]"),
        "What may differ between what v1 and v2 log to MLflow, each with its reason.",
        NOTHING_DECLARED,
    ),
    Column(
        "record",
        SYMBOL,
        'The class of v2\'s records, if they are objects with attributes: then `r["old"]` and `r.get("old")` become'
        " `r.new`. Leave it out where v2 returns dicts.",
        "",
    ),
    Column(
        "loaded",
        TEXTS,
        "Modules that come with their package, so that `package.module.name` needs no other import.",
        (),
    ),
    Column(
        "loads",
        TEXTS,
        "Functions, by their last part, and keys of tables and configurations whose text is loaded as code, such as"
        " `load_plugin` or `orchestrator`. import_module, mock.patch, `_target_` and entry points are known.",
        (),
    ),
    Column(
        "types",
        ColumnKind(_types, each_value(TO_SYMBOL, names=rf"{dotted_pattern(1)[:-1]}(\(\)|\.\*\(\w+\))?$")),
        'Classes that cannot be seen in a user\'s file: "shop.Client.info" = "shop.Info" for an attribute,'
        ' "shop.connect()" = "shop.Client" for what a call returns, "shop.Clerk.*(client)" = "shop.Client" for what'
        " the library hands to methods that subclasses define.",
        (),
    ),
    Column(
        "inventory",
        TEXT,
        "A file beside this one with the names that v2 has, as `compatkit migrations inventory` writes it. What it does"
        " not list does not move with its module; the uses are reported.",
        "",
    ),
    Column(
        "unhandled",
        rows_of(UNHANDLED),
        "Changes of the library's interface that the migration leaves to people; `migrations audit` reads it.",
        (),
    ),
)
