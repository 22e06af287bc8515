"""The table of calls, declared: its columns, their meanings, an example, and what a row may not say.

Long on purpose, as it is the reference of that table.
"""

from __future__ import annotations

from compatkit.migration._entry import Entry
from compatkit.migration.changes import About, CallChange
from compatkit.migration.column_kinds import (
    CLASSES,
    CODE_COLUMN,
    CONDITIONS,
    MATCHES,
    PAIRS,
    PARAMETERS,
    RENAMINGS,
    SAID,
    SAY,
    SETTINGS,
    about,
    names_of_library,
)
from compatkit.migration.columns import SWITCH, SYMBOL, TEXTS, Column, Json, Rule, Table, is_given
from compatkit.migration.errors import MigrationError

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


CALLS = Table(
    CallChange,
    CODE_COLUMN,
    Column(
        "of",
        names_of_library(may_be_pattern=True),
        "The callable as users name it: one dotted name, or a list with all its re-exports; a * stands for one part.",
    ),
    Column("to", SYMBOL, "Its new dotted name, if it has one. The import changes with the call.", ""),
    Column(
        "v1",
        PARAMETERS,
        "The positional parameters in v1, in order: needed to rename, drop or name what is given by position.",
        (),
    ),
    Column(
        "v2",
        PARAMETERS,
        "The positional parameters in v2, in order; what is left out is given by name. Left out altogether:"
        " positions stay as they are. Where the name stays, it must be a beginning of v1.",
        None,
    ),
    Column("rename", RENAMINGS, "v1's name of an argument = v2's name.", ()),
    Column("add", SETTINGS, "Arguments that every call gets.", ()),
    Column(
        "pin",
        SETTINGS,
        "Defaults that changed: a call that does not give the argument gets the old default written out.",
        (),
    ),
    Column(
        "drop",
        PARAMETERS,
        "Arguments that are gone. A call whose value does something when it is evaluated is reported.",
        (),
    ),
    Column(
        "values",
        PAIRS,
        'By argument, pairs of what was given in v1 and what says the same: [["card", "contactless"]].',
        (),
    ),
    Column(
        "meant",
        PAIRS,
        "As `values`, where v2 takes the old value too, and means something else by it: a default that changed. Only"
        " calls under v1's name change.",
        (),
    ),
    Column(
        "when",
        CONDITIONS,
        "By argument, values of which one must be given as a literal, or the row is none of the call.",
        (),
    ),
    Column(
        "made_of",
        CLASSES,
        "By argument, classes by dotted name: its value must be made of one right there, or the row is none of the"
        " call. In a list, it is reported. A dict that is written out is made of builtins.dict.",
        (),
    ),
    Column("asks", PARAMETERS, "Arguments of which at least one must be given, or the row is none of the call.", ()),
    Column(
        "unless", PARAMETERS, "Arguments of which none may be given, in v1's words, or the row is none of the call.", ()
    ),
    Column(
        "lacks", PARAMETERS, "Arguments of which at least one must not be given, or the row is none of the call.", ()
    ),
    Column(
        "unless_when",
        CONDITIONS,
        "By argument, in v1's words, values with one of which, written as a literal, the row is none of the call.",
        (),
    ),
    Column(
        "unless_matches",
        MATCHES,
        "By argument, in v1's words, a regular expression: the row is none of a call whose text, written as a literal,"
        " contains it.",
        (),
    ),
    Column(
        "matches",
        MATCHES,
        "By argument, a regular expression that its text must contain, or the row is none of the call: what v2"
        " refuses in it. Of a formatted string, the parts that are written are searched.",
        (),
    ),
    Column(
        "literal",
        PARAMETERS,
        "Arguments that must be written as literals; a call with a variable there is reported.",
        (),
    ),
    Column(
        "unless_mentioned",
        TEXTS,
        "Words that make the change uncertain wherever they stand in a file. A row with `say` is none of its calls.",
        (),
    ),
    Column("decorator", SWITCH, "True if it is also used as a decorator without being called.", default=False),
    SAY,
    about=about(),
    make_about=About,
    rules=(
        Rule(
            _check_call,
            {
                "oneOf": [{"anyOf": is_given(_CALL_CHANGES)}, *is_given({"say": SAID})],
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
