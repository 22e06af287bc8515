"""The tables of changes of an interface, declared: calls, members, removed names, keys, and the transform.

They stand apart from `rows` because a training script under the shim mostly needs none of them. Long on purpose, as
`rows` is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from math import isfinite

from compatkit.migration._entry import Entry, is_name
from compatkit.migration.changes import (
    About,
    CallChange,
    Condition,
    FlagChange,
    HookChange,
    KeyChange,
    Literal,
    Mapped,
    Match,
    MemberChange,
    Removal,
    RenamedArgument,
    SettingWrite,
    Transform,
)
from compatkit.migration.columns import (
    ANY_TEXT,
    IDENTIFIER_PATTERN,
    NAME,
    SWITCH,
    SYMBOL,
    TEXT,
    TEXTS,
    Column,
    ColumnKind,
    Json,
    Rule,
    Table,
    each_value,
    is_given,
    one_of,
)
from compatkit.migration.errors import MigrationError
from compatkit.migration.rows import CODE_COLUMN, CONFIDENCE_MEANING, CONFIDENCES, WHY

_LITERAL: Json = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "object", "required": ["python"], "properties": {"python": {"type": "string"}}, "maxProperties": 1},
    ]
}
_PAIR: Json = {"type": "array", "items": _LITERAL, "minItems": 2, "maxItems": 2}
_PATH: Json = {"type": "string", "pattern": r"\S"}


# How a value is read.


def _of(*, parts: int = 2, may_be_pattern: bool = False) -> ColumnKind:
    """One dotted name, or a list of them; in a pattern a `*` stands for one part."""

    def read(entry: Entry, key: str) -> tuple[str, ...]:
        names = entry.texts(key) if isinstance(entry.value(key), list) else (entry.text(key),)
        for name in names:
            components = name.split(".")
            fits = all(is_name(each) or (each == "*" and may_be_pattern and at) for at, each in enumerate(components))
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
    return tuple(Condition(name, _of().read(table, name)) for name in table.given)


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


def _path(entry: Entry, key: str) -> str:
    return _checked_path(entry, key, entry.text(key))


def _paths(entry: Entry, key: str) -> tuple[str, ...]:
    if not (paths := entry.texts(key)):
        raise MigrationError.missing_key(key, where=entry.where)
    return tuple(_checked_path(entry, key, path) for path in paths)


def _checked_path(entry: Entry, key: str, path: str) -> str:
    parts = path.split(".")
    if not all(part and part == part.strip() for part in parts) or set(parts) == {"*"}:
        raise entry.wrong(
            key, path, "keys with dots between them, such as 'trainer.gpus'; a '*' stands for one of them"
        )
    return path


def _last_part(entry: Entry, key: str) -> str:
    if re.fullmatch(r"[\w-]+", name := entry.text(key)):
        return name
    raise entry.wrong(key, name, "a name of letters, digits, _ and -, without a path")


def _search_words(entry: Entry, key: str) -> tuple[str, ...]:
    if not (words := entry.texts(key)):
        raise MigrationError.missing_key(key, where=entry.where)
    if not all(word.strip() for word in words):
        raise entry.wrong(key, list(words), "words, one of which a file must contain to be handed to transform.py")
    return words


def _flag(entry: Entry, key: str) -> str:
    return _checked_flag(entry, key, entry.text(key))


def _flags(entry: Entry, key: str) -> tuple[str, ...]:
    return tuple(_checked_flag(entry, key, flag) for flag in entry.texts(key))


def _checked_flag(entry: Entry, key: str, flag: str) -> str:
    if not re.fullmatch(r"--?\w[\w.-]*", flag):
        raise entry.wrong(key, flag, "an option as it is written in a command, such as --gpus")
    return flag


def _text_pairs(entry: Entry, key: str) -> tuple[tuple[str, str], ...]:
    for pair in (pairs := entry.rows(key)):
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
            raise entry.wrong(key, pair, "pairs of texts [v1, v2]")
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list))


# As with dotted names, a word in braces is filled in.
FLAG = ColumnKind(_flag, {"type": "string", "pattern": r"^(--?[\w{]|\{)[\w.{}-]*$"})


# Conditions over several columns.


def _check_call(call: CallChange, entry: Entry) -> None:
    moves_arguments = call.v2 is not None and call.v2 != call.v1
    does = call.to or call.rename or call.add or call.pin or call.drop or call.mapped or moves_arguments
    if bool(does) == bool(call.say):
        if does:
            what = "It says what to tell, and what to change."
            raise MigrationError(what, where=entry.where, hint="give `say` alone: then nothing is rewritten")
        ways = (f"`{key}`" for key in (*_CALL_CHANGES, "say"))
        raise MigrationError.no_change(*ways, given=False, where=entry.where)
    if call.v2 is not None and not call.v1:
        raise MigrationError.missing_key("v1", where=entry.where)
    _check_arguments(call, entry)
    # Positions that change meaning under one name could not be told from those that were changed already.
    kept = [row.v1 for row in call.rename] + list(call.drop)
    if not call.to and call.v2:
        for position, name in enumerate(call.v2):
            if position >= len(call.v1) or call.v1[position] != name or name in kept:
                expected = "a beginning of v1, because the callable keeps its name: what follows is written by name"
                raise entry.wrong("v2", list(call.v2), expected)


def _check_arguments(call: CallChange, entry: Entry) -> None:
    """Refuse what a second run would undo, and conditions that no call fulfils."""
    renamed = {row.v1 for row in call.rename}
    dropped = {*call.drop}
    for key, settings, gone in (("add", call.add, renamed), ("pin", call.pin, renamed | dropped)):
        for setting in settings:
            if setting.name in gone:
                raise entry.wrong(key, setting.name, "an argument of v2; the row says that this one is gone")
    if both := {row.name for row in call.mapped} & dropped:
        raise entry.wrong("drop", min(both), "an argument that gets no other value")
    if both := {row.name for row in call.add} & {row.name for row in call.pin}:
        raise entry.wrong("pin", min(both), "an argument that is not in `add`, which every call gets")
    needed = {row.name for rows in (call.when, call.matches, call.made_of) for row in rows}
    needed |= call.asked if len(call.asked) == 1 else set()
    expected = "an argument that the row does not need: so it is about no call"
    if excluded := {*call.unless} & needed or (call.asked if call.asked <= {*call.unless} else set()):
        raise entry.wrong("unless", min(excluded), expected)
    if call.lacks and needed.issuperset(call.lacks):
        raise entry.wrong("lacks", list(call.lacks), expected)


def _check_member(member: MemberChange, entry: Entry) -> None:
    if bool(member.v2) == bool(member.say):
        raise MigrationError.no_change("`v2`", "`say`", given=bool(member.v2), where=entry.where).about("v2")
    if bool(member.gathers) != bool(member.calls_at):
        raise MigrationError.missing_key("calls_at" if member.gathers else "gathers", where=entry.where)
    if member.gathers and (member.v2 or not member.defined):
        raise entry.wrong("gathers", member.gathers, "nothing, unless it is a hook (defined = true) without `v2`")


def _check_hook(hook: HookChange, entry: Entry) -> None:
    for key, names in (("v1", hook.v1), ("v2", hook.v2)):
        if names[:1] in (("self",), ("cls",)):
            raise entry.wrong(key, list(names), f"the parameters without {names[0]!r}")
    if hook.v1 == hook.v2:
        raise entry.wrong("v2", list(hook.v2), "other parameters than v1's")
    for row in hook.rename:
        if row.v1 not in hook.v1 or row.v1 in hook.v2 or row.v2 not in hook.v2 or row.v2 in hook.v1:
            raise entry.wrong(f"rename.{row.v1}", row.v2, "a parameter of `v1` alone = one of `v2` alone")


def _check_key(key: KeyChange, entry: Entry) -> None:
    if (given := [bool(key.v2), bool(key.of), bool(key.say)]).count(True) != 1:
        raise MigrationError.no_change("`v2`", "`of`", "`say`", given=any(given), where=entry.where)
    if key.v1.endswith(".*") and not key.of:
        raise entry.wrong("v1", key.v1, "the name of a key in the end")
    if key.v2 == key.v1.rpartition(".")[2]:
        raise MigrationError.onto_itself(key.code, key.v1, where=entry.where)


def _check_flag(flag: FlagChange, entry: Entry) -> None:
    if bool(flag.v2 or flag.values) == bool(flag.say):
        raise MigrationError.no_change("`v2` or `values`", "`say`", given=bool(flag.say), where=entry.where)
    if not (flag.of or flag.beside):
        raise MigrationError.missing_key("of", where=entry.where)
    if flag.v1 == flag.v2:
        raise MigrationError.onto_itself(flag.code, flag.v1, where=entry.where)


# Each way in which a row of [[calls]] changes something, and when it counts as given.
_FULL_TABLE: Json = {"minProperties": 1}
_CALL_CHANGES: dict[str, Json] = {
    "to": {},
    "rename": _FULL_TABLE,
    "add": _FULL_TABLE,
    "pin": _FULL_TABLE,
    "drop": {"minItems": 1},
    "values": _FULL_TABLE,
    "meant": _FULL_TABLE,
    "v2": {},
}
_SAID: Json = {"minLength": 1}


def _about(
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
CALLS = Table(
    CallChange,
    CODE_COLUMN,
    Column(
        "of",
        _of(may_be_pattern=True),
        "The callable as users name it: one dotted name, or a list with all its re-exports; a * stands for one part.",
    ),
    Column("to", SYMBOL, "Its new dotted name, if it has one. The import changes with the call.", ""),
    Column(
        "v1",
        ColumnKind(_parameters, TEXTS.schema),
        "The positional parameters in v1, in order: needed to rename, drop or name what is given by position.",
        (),
    ),
    Column(
        "v2",
        ColumnKind(_parameters, TEXTS.schema),
        "The positional parameters in v2, in order; what is left out is given by name. Left out altogether:"
        " positions stay as they are. Where the name stays, it must be a beginning of v1.",
        None,
    ),
    Column(
        "rename",
        ColumnKind(_renamings, each_value(NAME.schema, names=IDENTIFIER_PATTERN)),
        "v1's name of an argument = v2's name.",
        (),
    ),
    Column("add", ColumnKind(_settings, each_value(_LITERAL)), "Arguments that every call gets.", ()),
    Column(
        "pin",
        ColumnKind(_settings, each_value(_LITERAL)),
        "Defaults that changed: a call that does not give the argument gets the old default written out.",
        (),
    ),
    Column(
        "drop",
        ColumnKind(_parameters, TEXTS.schema),
        "Arguments that are gone. A call whose value does something when it is evaluated is reported.",
        (),
    ),
    Column(
        "values",
        ColumnKind(_mapped, each_value({"type": "array", "items": _PAIR})),
        'By argument, pairs of what was given in v1 and what says the same: [["card", "contactless"]].',
        (),
    ),
    Column(
        "meant",
        ColumnKind(_mapped, each_value({"type": "array", "items": _PAIR})),
        "As `values`, where v2 takes the old value too, and means something else by it: a default that changed. Only"
        " calls under v1's name change.",
        (),
    ),
    Column(
        "when",
        ColumnKind(_conditions, each_value({"anyOf": [_LITERAL, {"type": "array", "items": _LITERAL}]})),
        "By argument, values of which one must be given as a literal, or the row is none of the call.",
        (),
    ),
    Column(
        "made_of",
        ColumnKind(_classes, each_value(_of().schema)),
        "By argument, classes by dotted name: its value must be made of one right there, or the row is none of the"
        " call. In a list, it is reported. A dict that is written out is made of builtins.dict.",
        (),
    ),
    Column(
        "asks",
        ColumnKind(_parameters, TEXTS.schema),
        "Arguments of which at least one must be given, or the row is none of the call.",
        (),
    ),
    Column(
        "unless",
        ColumnKind(_parameters, TEXTS.schema),
        "Arguments of which none may be given, in v1's words, or the row is none of the call.",
        (),
    ),
    Column(
        "lacks",
        ColumnKind(_parameters, TEXTS.schema),
        "Arguments of which at least one must not be given, or the row is none of the call.",
        (),
    ),
    Column(
        "unless_when",
        ColumnKind(_conditions, each_value({"anyOf": [_LITERAL, {"type": "array", "items": _LITERAL}]})),
        "By argument, in v1's words, values with one of which, written as a literal, the row is none of the call.",
        (),
    ),
    Column(
        "matches",
        ColumnKind(_matches, each_value(TEXT.schema)),
        "By argument, a regular expression that its text must contain, or the row is none of the call: what v2"
        " refuses in it. Of a formatted string, the parts that are written are searched.",
        (),
    ),
    Column(
        "literal",
        ColumnKind(_parameters, TEXTS.schema),
        "Arguments that must be written as literals; a call with a variable there is reported.",
        (),
    ),
    Column("unless_mentioned", TEXTS, "Words that make the change uncertain wherever they stand in a file.", ()),
    Column("decorator", SWITCH, "True if it is also used as a decorator without being called.", default=False),
    SAY,
    about=_about(),
    make_about=About,
    rules=(
        Rule(
            _check_call,
            {
                "oneOf": [{"anyOf": is_given(_CALL_CHANGES)}, *is_given({"say": _SAID})],
                "dependencies": {"v2": {"required": ["v1"], "properties": {"v1": {"minItems": 1}}}},
            },
        ),
    ),
    repeats=True,
    example="""\
# Arguments: renamed, gone, and a default that changed. `v1` are the positional parameters, in order.
[[calls]]
code = "{letters}201"
of = ["{library}.report.render", "{library}.render"]
v1 = ["rows", "fmt", "draft"]
v2 = ["rows"]
rename = {{ fmt = "format" }}
drop = ["draft"]
pin = {{ digits = 2 }}
why = "fmt is called format, draft had no effect, and the default of digits is 6"

# Another name, with an argument that is new, and a value that is called otherwise.
[[calls]]
code = "{letters}202"
of = "{library}.report.send"
to = "{library}.mail.deliver"
add = {{ channel = "mail" }}
values = {{ how = [["fast", "express"]] }}
meant = {{ sender = [["desk", "desk-with-receipt"]] }}

# A call of which a person has to think; `when` and `asks` narrow it down.
[[calls]]
code = "{letters}203"
of = "{library}.report.archive"
when = {{ forever = [true] }}
say = "nothing is kept for ever; give days"

# One row for many: {{name}} takes each name in turn, any other word a value by name. With `listed = "v1_names.txt"`,
# instead of `each.name`, the names are those that fit in a file which `compatkit migrations inventory` wrote.
[[calls]]
code = "{letters}204"
of = ["{library}.maps.{{name}}", "{library}.{{name}}"]
rename = {{ old_tiles = "tiles" }}
values = {{ old_tiles = [[true, "{{tiles}}"]] }}
each.name = ["city", "coast", "moon"]
each.tiles = {{ moon = "MOON_V2", "*" = "EARTH_V1" }}
""",
)
MEMBERS = Table(
    MemberChange,
    CODE_COLUMN,
    Column("of", _of(), "The class, under every dotted name by which users reach it."),
    Column("v1", NAME, "The member's name in v1."),
    Column("v2", NAME, "Its name in v2; left out if it is gone, and `say` tells what to do.", ""),
    Column(
        "defined",
        SWITCH,
        "True for a hook that subclasses define and the library calls: definitions are renamed as well.",
        default=False,
    ),
    Column(
        "gathers",
        NAME,
        "Of a hook that is gone and was given all results of an epoch: the method whose results the shim gathers.",
        "",
    ),
    Column("calls_at", NAME, "The hook of v2 at which the shim then calls the old one.", ""),
    Column("wrapped_as", NAME, "The key under which v1 kept a result that is no dict.", ""),
    Column(
        "own",
        SWITCH,
        "True for data that a class may keep for itself in v2: where one sets it, nothing is reported.",
        default=False,
    ),
    SAY,
    about=_about(),
    make_about=About,
    rules=(
        Rule(
            _check_member,
            {
                "anyOf": is_given({"v2": {}, "say": _SAID}),
                "dependencies": {"gathers": ["calls_at"], "calls_at": ["gathers"]},
            },
        ),
    ),
    repeats=True,
    example="""\
# A method, an attribute, a constant or a value of an enumeration. `defined = true`: a hook that subclasses define.
[[members]]
code = "{letters}301"
of = ["{library}.levels.Level", "{library}.Level"]
v1 = "HIGH_WATER"
v2 = "HIGH"
""",
)
HOOKS = Table(
    HookChange,
    CODE_COLUMN,
    Column("of", _of(), "The class that users subclass, under every dotted name by which they reach it."),
    Column("name", NAME, "The method that subclasses define, and that the library calls."),
    Column("v1", ColumnKind(_parameters, TEXTS.schema), "Its parameters in v1, in order, without `self`."),
    Column("v2", ColumnKind(_parameters, TEXTS.schema), "Its parameters in v2, in order, without `self`."),
    Column(
        "rename",
        ColumnKind(_renamings, each_value(NAME.schema, names=IDENTIFIER_PATTERN)),
        "v1's name of a parameter = v2's name.",
        (),
    ),
    SAY._replace(meaning="What a person is to do besides: where to find what is not passed any more, for example."),
    about=_about("review"),
    make_about=About,
    rules=(Rule(_check_hook, {}),),
    repeats=True,
    example="""\
# A method that subclasses define, and whose parameters changed. Trailing ones that are gone and not used are taken out
# with --confidence review; every other definition that v2 cannot call is reported.
[[hooks]]
code = "{letters}351"
of = "{library}.levels.Level"
name = "on_step"
v1 = ["number", "kind"]
v2 = ["number"]
say = "ask self.kind"
""",
)
REMOVED = Table(
    Removal,
    CODE_COLUMN,
    Column(
        "name",
        _of(parts=1),
        "The dotted name of what is gone, or a list of them; of a module, all that is in it.",
        into="names",
    ),
    SAY._replace(kind=TEXT, default=CODE_COLUMN.default),
    about=_about("manual", meaning="What is gone is always reported."),
    make_about=About,
    repeats=True,
    example="""\
# What is gone.
[[removed]]
code = "{letters}401"
name = "{library}.checks.checksum"
say = "use zlib.crc32"
""",
)
KEYS = Table(
    KeyChange,
    CODE_COLUMN,
    Column(
        "v1",
        ColumnKind(_path, _PATH),
        "The path of the key from the top of the file, with dots: trainer.gpus. A * stands for one part.",
    ),
    Column(
        "beside",
        ColumnKind(_paths, {"type": "array", "items": _PATH, "minItems": 1}),
        "Paths, from the top as well, that a file must have too to be one of those that are meant.",
    ),
    Column(
        "v2",
        ColumnKind(_last_part, {"type": "string", "pattern": r"^[\w-]+$"}),
        "The key's new name, without a path; it stays where it is. Give one of `v2`, `of` and `say`.",
        "",
    ),
    Column("of", SYMBOL, "A callable: what lies under the key are its arguments, and changes as [[calls]] says.", ""),
    SAY,
    # What reads a configuration cannot be seen in it.
    about=_about("review", ("review", "manual"), '"review", if left out: what reads a file cannot be seen in it.'),
    make_about=About,
    rules=(Rule(_check_key, {"oneOf": is_given({"v2": {}, "of": {}, "say": _SAID})}),),
    repeats=True,
    example="""\
# A key of YAML, TOML and JSON files; paths count from the top of the file. `beside` tells your files from others.
[[keys]]
code = "{letters}501"
v1 = "{library}.queue_size"
v2 = "capacity"
beside = ["{library}.station"]
""",
)
FLAGS = Table(
    FlagChange,
    CODE_COLUMN,
    Column("v1", FLAG, "The option as it is written in a command: --gpus."),
    Column(
        "of",
        TEXTS,
        "Patterns of programs, scripts or modules, such as run_*.py, one of which the command must start. Give this,"
        " `beside`, or both.",
        (),
    ),
    Column(
        "beside",
        ColumnKind(_flags, {"type": "array", "items": FLAG.schema}),
        "Options that the command must have too.",
        (),
    ),
    Column("v2", FLAG, "Its new name. Give this or `values`, or both; or `say`.", ""),
    Column(
        "values",
        ColumnKind(_text_pairs, {"type": "array", "items": {**_PAIR, "items": {"type": "string"}}}),
        'Pairs of what was given in v1 and what says the same: [["no", "never"]].',
        (),
    ),
    SAY,
    # Whose option it is cannot be seen in a command.
    about=_about("review", ("review", "manual"), '"review", if left out: whose option it is cannot be seen for sure.'),
    make_about=About,
    rules=(
        Rule(
            _check_flag,
            {
                "oneOf": [{"anyOf": is_given({"v2": {}, "values": {"minItems": 1}})}, *is_given({"say": _SAID})],
                "anyOf": is_given({"of": {"minItems": 1}, "beside": {"minItems": 1}}),
            },
        ),
    ),
    repeats=True,
    example="""\
# An option of command lines, in scripts, workflows, Dockerfiles and notebooks. `of` are programs or scripts, `beside`
# other options of theirs: one of both tells these commands from others.
[[flags]]
code = "{letters}551"
v1 = "--queue_size"
v2 = "--capacity"
of = ["{library}-station", "run_*.py"]
beside = ["--station"]
""",
)
TRANSFORM = Table(
    Transform,
    CODE_COLUMN,
    Column(
        "words",
        ColumnKind(_search_words, {"type": "array", "items": _PATH, "minItems": 1}),
        "transform.py is given the files that contain one of these words, and no others.",
    ),
    # What is left to a person needs no code.
    about=_about(
        "review",
        ("safe", "review"),
        '"review", if left out: made with --confidence review, else reported. "safe": by default.',
    ),
    make_about=About,
    example="""\
# What no table can say, transform.py beside this file does; see `pydoc compatkit.transform`.
[transform]
code = "{letters}701"
words = ["configure"]
confidence = "safe"
""",
)
