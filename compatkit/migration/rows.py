"""The tables of a `migration.toml`, declared: columns, meanings, examples. `change_rows` has those of an interface.

Long on purpose: it is the reference of the file format, read from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from compatkit.migration._entry import Entry
from compatkit.migration.columns import (
    ANY_TEXT,
    CODE,
    DAY,
    DOTTED,
    NAME,
    NUMBER,
    POSITION,
    SWITCH,
    SYMBOL,
    TEXT,
    TEXTS,
    Column,
    ColumnKind,
    Json,
    Rule,
    Table,
    dotted_pattern,
    each_value,
    is_given,
    one_of,
    rows_of,
    table_of,
)
from compatkit.migration.equivalence import NOTHING_DECLARED, Allowance, AllowanceKind, Bound, Equivalence, Margin
from compatkit.migration.errors import MigrationError
from compatkit.migration.model import (
    Argument,
    Config,
    Field,
    Migration,
    Move,
    Preset,
    Producer,
    Section,
    Setting,
    Unhandled,
    Versions,
)
from compatkit.migration.shape import parse_records, parse_shape

SCHEMA = 1

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


# Values that are tables with free keys, or texts of a form of their own.


def _schema_version(entry: Entry, key: str) -> int:
    number = entry.number(key)
    if number != SCHEMA:
        shown = int(number) if number.is_integer() else number
        raise entry.wrong(key, shown, f"{SCHEMA}, the only schema known")
    return SCHEMA


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


def _types(entry: Entry, key: str) -> tuple[tuple[str, str], ...]:
    types = Entry(entry.table(key), f"{entry.where}, [{key}]")
    for name in types.given:
        if not all(part.isidentifier() for part in name.removesuffix("()").split(".")):
            raise MigrationError.unknown_key(name, ["a.b.function()", "a.b.Class.attribute"], where=types.where)
    return tuple((name, types.symbol(name)) for name in sorted(types.given))


SETTINGS_SCHEMA: Json = {"$ref": "#/definitions/settings"}
_TO_SYMBOL: Json = {"type": "string", "pattern": dotted_pattern(2)}


# Conditions over several columns.


def _check_move(move: Move, entry: Entry) -> None:
    for key, dotted in (("old", move.old), ("new", move.new)):
        if not move.is_module and "." not in dotted:
            # Of a move, the one that needs no symbol is that of a module.
            expected = 'a dotted name of a module and a symbol in it, or `kind = "module"`'
            raise entry.wrong(key, dotted, expected)


def _check_bound(_bound: Bound, entry: Entry) -> None:
    if not any(key in entry.given for key in ("rtol", "atol", "ulps")):
        raise entry.wrong("tolerance", sorted(entry.given), "one of rtol, atol, ulps, or several (rtol = 0 is exact)")
    if sum(key in entry.given for key in ("metric", "param", "artifact")) != 1:
        raise entry.wrong("tolerance", sorted(entry.given), "exactly one of metric, param, artifact")


def _check_margin(margin: Margin, entry: Entry) -> None:
    if (margin.absolute is None) == (margin.relative is None):
        raise entry.wrong("margin", sorted(entry.given), "exactly one of absolute, relative")
    if margin.relative is not None and not 0 < margin.relative < 1:
        raise entry.wrong("relative", margin.relative, "a share between 0 and 1")


def _make_config(preset_argument: str, presets: tuple[Preset, ...], **given: Any) -> Config:
    return Config(preset_argument=preset_argument if presets else "", presets=presets, **given)


def _make_allowance(why: str, until: Any, *, optional: bool, **given: Any) -> Allowance:
    # Without any, `_check_allowance` refuses the row.
    kind: AllowanceKind = next((kind for kind in get_args(AllowanceKind) if given[kind] is not None), "metric")
    return Allowance(kind, given[kind], why, until=until, optional=optional)


def _check_allowance(_allowance: Allowance, entry: Entry) -> None:
    kinds = [kind for kind in ALLOWED if kind in entry.given]
    if len(kinds) != 1:
        # A misspelt kind reads better as "unknown key, did you mean".
        known = [*ALLOWED, "why", "until", "optional"]
        for key in sorted(entry.given.keys() - {*known}):
            error = MigrationError.unknown_key(key, known, where=entry.where)
            if error.hint.startswith("did you mean"):
                raise error
        raise entry.wrong("allowance", sorted(entry.given), f"exactly one of {', '.join(ALLOWED)}")


# The tables.

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
                    {"properties": {"old": _TO_SYMBOL, "new": _TO_SYMBOL}},
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
        ColumnKind(_sections, each_value(_TO_SYMBOL)),
        "For each section of the configuration, the dotted name of its class.",
        (),
    ),
    Column("defaults", ColumnKind(_defaults, SETTINGS_SCHEMA), "The defaults of what the presets set.", ()),
    Column("presets", ColumnKind(_presets, each_value(SETTINGS_SCHEMA)), "For each preset, what it sets.", ()),
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

ALLOWED = {
    "metric": "A pattern of metrics.",
    "param": "A pattern of params.",
    "tag": "A pattern of tags.",
    "artifact": "A pattern of artifacts.",
    "model": "A pattern of models.",
    "dataset": "A pattern of dataset inputs.",
    "child": "A pattern of child runs: fold *.",
}
ALLOWANCES = Table(
    _make_allowance,
    *(Column(kind, TEXT, meaning, None) for kind, meaning in ALLOWED.items()),
    REASON,
    Column("until", DAY, "The last day on which it is allowed, such as 2027-01-31, without quotes.", None),
    Column("optional", SWITCH, "True if it may match nothing; else an entry that nothing needs fails.", default=False),
    rules=(Rule(_check_allowance, {"oneOf": is_given({kind: {} for kind in ALLOWED})}),),
)
TOLERANCES = Table(
    Bound,
    Column("metric", TEXT, "A pattern of metrics, such as val_*. Give this, `param` or `artifact`.", ""),
    REASON,
    Column("rtol", NUMBER, "A share of the larger of the two values.", 0.0),
    Column("atol", NUMBER, "A distance.", 0.0),
    Column("ulps", POSITION, "A number of neighbouring doubles.", 0),
    Column("param", TEXT, "A pattern of params that are numbers, however they are spelled.", ""),
    Column("artifact", TEXT, "A pattern of files whose arrays or cells may lie apart.", ""),
    rules=(
        Rule(
            _check_bound,
            {
                "anyOf": is_given({"rtol": {}, "atol": {}, "ulps": {}}),
                "oneOf": is_given({"metric": {}, "param": {}, "artifact": {}}),
            },
        ),
    ),
)
MARGINS = Table(
    Margin,
    Column("metric", TEXT, "A pattern, such as *_loss."),
    REASON,
    Column("absolute", NUMBER, "A distance of the means. Give this or `relative`.", None),
    Column("relative", NUMBER, "A share of the mean before, 0.01 for a percent. Give this or `absolute`.", None),
    Column("value", one_of("final", "min", "max"), "Which value of a run counts.", "final"),
    rules=(
        Rule(
            _check_margin,
            {
                "oneOf": is_given({"absolute": {}, "relative": {}}),
                "properties": {"relative": {"exclusiveMinimum": 0, "exclusiveMaximum": 1}},
            },
        ),
    ),
)
EQUIVALENCE = Table(
    Equivalence,
    Column("rtol", NUMBER, "Relative tolerance of all metrics that no row names.", 0.0),
    Column("atol", NUMBER, "Absolute tolerance of all metrics that no row names.", 0.0),
    Column(
        "metric_prefixes",
        TEXTS,
        "Prefixes under which a record's field is also logged: final_ for final_loss.",
        (),
    ),
    Column(
        "tolerances",
        rows_of(TOLERANCES),
        "How far single values may lie apart; the first row that names a metric decides.",
        (),
    ),
    Column("margins", rows_of(MARGINS), "How far the means over many seeds may lie apart.", ()),
    Column("ignore", rows_of(ALLOWANCES), "What is not compared.", ()),
    Column("added_in_v2", rows_of(ALLOWANCES), "What v2 alone logs.", ()),
    Column("removed_in_v2", rows_of(ALLOWANCES), "What v1 alone logged.", ()),
    example="""\
# What may differ between what v1 and v2 log to MLflow.
[equivalence]
ignore = [{{ metric = "elapsed", why = "wall-clock time", optional = true }}]
added_in_v2 = [{{ param = "channel", why = "v1 had one channel" }}]
""",
)


def _change_table(name: str) -> Callable[[], Table]:
    """Return what finds a table of `change_rows`, imported with the first row: the shim's own migration has none."""

    def find() -> Table:
        # It imports this module.
        from compatkit.migration import change_rows

        found: Table = getattr(change_rows, name)
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
        rows_of(_change_table("CALLS")),
        "Functions, methods and classes that are called otherwise: with other arguments, or under another name.",
        (),
    ),
    Column(
        "members",
        rows_of(_change_table("MEMBERS")),
        "Methods, attributes, constants and values of enumerations that have a new name, or none. They are found"
        " where the class of the object is known in the file.",
        (),
    ),
    Column(
        "hooks",
        rows_of(_change_table("HOOKS")),
        "Methods that users define in subclasses, and that the library calls with other parameters now.",
        (),
    ),
    Column(
        "removed",
        rows_of(_change_table("REMOVED")),
        "Modules, classes and functions that are gone. Each import and use is reported with `say`.",
        (),
    ),
    Column(
        "keys",
        rows_of(_change_table("KEYS")),
        "Keys of YAML, TOML and JSON files that are renamed, gone, or hold a callable's arguments.",
        (),
    ),
    Column(
        "flags",
        rows_of(_change_table("FLAGS")),
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
        table_of(_change_table("TRANSFORM"), "[{}]"),
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
        ColumnKind(_types, each_value(_TO_SYMBOL, names=rf"{dotted_pattern(1)[:-1]}(\(\))?$")),
        'Classes that cannot be seen in a user\'s file: "shop.Client.info" = "shop.Info" for an attribute,'
        ' "shop.connect()" = "shop.Client" for what a call returns.',
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
