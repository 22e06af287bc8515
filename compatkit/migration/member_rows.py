"""The tables of members, hooks and removed names, declared."""

from __future__ import annotations

from compatkit.migration._entry import Entry
from compatkit.migration.changes import About, HookChange, MemberChange, Removal
from compatkit.migration.column_kinds import CODE_COLUMN, PARAMETERS, RENAMINGS, SAID, SAY, about, names_of_library
from compatkit.migration.columns import NAME, SWITCH, TEXT, Column, Rule, Table, is_given
from compatkit.migration.errors import MigrationError


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


MEMBERS = Table(
    MemberChange,
    CODE_COLUMN,
    Column("of", names_of_library(), "The class, under every dotted name by which users reach it."),
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
    Column("wrapped_as", NAME, "The key under which v1 kept a result that is not a dict.", ""),
    Column(
        "own",
        SWITCH,
        "True for data that a class may keep for itself in v2: where one sets it, nothing is reported.",
        default=False,
    ),
    SAY,
    about=about(),
    make_about=About,
    rules=(
        Rule(
            _check_member,
            {
                "anyOf": is_given({"v2": {}, "say": SAID}),
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
    Column("of", names_of_library(), "The class that users subclass, under every dotted name by which they reach it."),
    Column("name", NAME, "The method that subclasses define, and that the library calls."),
    Column("v1", PARAMETERS, "Its parameters in v1, in order, without `self`."),
    Column("v2", PARAMETERS, "Its parameters in v2, in order, without `self`."),
    Column("rename", RENAMINGS, "v1's name of a parameter = v2's name.", ()),
    SAY._replace(meaning="What a person is to do besides: where to find what is not passed any more, for example."),
    about=about("review"),
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
        names_of_library(parts=1),
        "The dotted name of what is gone, or a list of them; of a module, all that is in it.",
        into="names",
    ),
    SAY._replace(kind=TEXT, default=CODE_COLUMN.default),
    Column(
        "anywhere",
        SWITCH,
        "True for a method with a name that hardly anything else has: where a file imports the library, a call of it on"
        " an object that is not known is reported.",
        default=False,
    ),
    about=about("manual", meaning="What is gone is always reported."),
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
