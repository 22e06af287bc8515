"""Entries that contradict each other, or that a second run would apply again, are refused; all others are not."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import MigrationError, parse_migration
from tests.shop import HEAD

ROWS = {
    "move": dedent(
        """\
        [[moves]]
        code = "SH10{}"
        {}
        """
    ),
    "module": dedent(
        """\
        [[moves]]
        code = "SH10{}"
        kind = "module"
        {}
        """
    ),
    "call": dedent(
        """\
        [[calls]]
        code = "SH20{}"
        of = "shop.buy"
        {}
        """
    ),
    "member": dedent(
        """\
        [[members]]
        code = "SH30{}"
        of = "shop.Till"
        {}
        """
    ),
    "key": dedent("""\
        [[keys]]
        code = "SH50{}"
        beside = ["till"]
        {}
        """),
    "flag": dedent("""\
        [[flags]]
        code = "SH50{}"
        of = ["till"]
        {}
        """),
    "hook": dedent("""\
        [[hooks]]
        code = "SH60{}"
        of = "shop.Till"
        name = "on"
        {}
        """),
    "removed": dedent(
        """\
        [[removed]]
        code = "SH40{}"
        say = "no"
        {}
        """
    ),
}


def declared(*rows: tuple[str, str]) -> str:
    return HEAD + "".join(ROWS[kind].format(number, text) for number, (kind, text) in enumerate(rows))


FINE = {
    "two arguments become one": [("call", 'rename = { a = "c", b = "c" }')],
    "two values become one": [("call", 'values = { how = [["a", "c"], ["b", "c"]] }')],
    "a value of another type": [("call", "values = { how = [[1, true], [0, false]] }")],
    "a swap under another name": [("call", 'to = "shop.sell"\nrename = { a = "b", b = "a" }')],
    "a swap of members of a class that moves": [
        ("member", 'v1 = "m"\nv2 = "n"'),
        ("member", 'v1 = "n"\nv2 = "m"'),
        ("move", 'old = "shop.Till"\nnew = "shop.Register"'),
    ],
    "two conditions": [
        ("call", 'rename = { a = "b" }\nwhen = { how = "x" }'),
        ("call", 'rename = { a = "c" }\nwhen = { how = "y" }'),
    ],
    "the same said twice": [("call", 'rename = { a = "b" }'), ("call", 'rename = { a = "b" }\npin = { x = 1 }')],
    "a class in a module": [("move", 'old = "shop.A"\nnew = "shop.B.A"'), ("move", 'old = "shop.C"\nnew = "shop.B.C"')],
    "a name with a row of its own beside its module": [
        ("module", 'old = "old"\nnew = "shop"'),
        ("move", 'old = "shop.Bag"\nnew = "bags.Bag"'),
        ("move", 'old = "old.Bag"\nnew = "bags.Bag"'),
    ],
}
WRONG = {
    "two homes of a callable": ([("call", 'to = "shop.a"'), ("call", 'to = "shop.b"')], "'shop.buy', of the callables"),
    "a callable that moves, too": (
        [("call", 'to = "shop.a"'), ("move", 'old = "shop.buy"\nnew = "shop.b"')],
        "'shop.buy', of the callables of v1, is declared by SH200 and by SH101",
    ),
    "two old defaults": (
        [("call", "pin = { a = 1 }"), ("call", "pin = { a = 2 }")],
        "'a', of the defaults of shop.buy",
    ),
    "two advices": ([("call", 'say = "x"'), ("call", 'say = "y"')], "'shop.buy' is declared by SH200 and by SH201"),
    "a chain of defaults": (
        [("call", 'meant = { how = [["a", "b"], ["b", "c"]] }')],
        "'b' is what SH200 makes of 'a'",
    ),
    "gone twice": ([("removed", 'name = "shop.A"'), ("removed", 'name = "shop.A"')], "by SH400 and by SH401"),
    "a new home that is gone": (
        [("move", 'old = "shop.A"\nnew = "shop.B"'), ("removed", 'name = "shop.B"')],
        "The end of 'shop.B' is declared by SH100 and by SH401",
    ),
    "a chain of keys": ([("key", 'v1 = "a.b"\nv2 = "c"'), ("key", 'v1 = "a.c"\nv2 = "d"')], "SH501 renames it again"),
    "a key twice": ([("key", 'v1 = "a.b"\nv2 = "c"'), ("key", 'v1 = "a.b"\nv2 = "d"')], "by SH500 and by SH501"),
    "a swap of options": (
        [("flag", 'v1 = "--a"\nv2 = "--b"'), ("flag", 'v1 = "--b"\nv2 = "--a"')],
        "renames it again",
    ),
    "a chain of an option's values": (
        [("flag", 'v1 = "--a"\nvalues = [["x", "y"], ["y", "z"]]')],
        "SH500 renames it again",
    ),
    "a hook twice": (
        [("hook", 'v1 = ["a"]\nv2 = []'), ("hook", 'v1 = ["b"]\nv2 = []')],
        "The hook 'on' of 'shop.Till' is declared by SH600 and by SH601",
    ),
    "a keyword as a new name": ([("call", 'rename = { a = "class" }')], "no keyword of Python"),
    "a keyword as a member": ([("member", 'v1 = "m"\nv2 = "class"')], "no keyword of Python"),
    "no finite number": ([("call", "add = { a = inf }")], "add.a is inf"),
    "a default of what is gone": ([("call", 'pin = { a = 1 }\ndrop = ["a"]')], "says that this one is gone"),
    "a default of what every call gets": ([("call", "pin = { a = 1 }\nadd = { a = 2 }")], "every call gets"),
    "positions that stay": ([("call", 'v1 = ["a"]\nv2 = ["a"]')], "declares no change"),
    "about no call": ([("call", 'drop = ["a"]\nunless = ["a"]')], "it is about no call"),
    "given and not given": ([("call", 'say = "x"\nasks = ["a"]\nlacks = ["a"]')], "it is about no call"),
    "with self": ([("hook", 'v1 = ["self", "a"]\nv2 = ["self"]')], "the parameters without 'self'"),
    "an argument keeps its name": ([("call", 'rename = { a = "a" }')], "'a' keeps its name, says SH200"),
    "a value stays": ([("call", 'values = { how = [["a", "a"]] }')], "'a' keeps its name"),
    "a member keeps its name": ([("member", 'v1 = "m"\nv2 = "m"')], "'m' keeps its name"),
    "renamed and dropped": ([("call", 'rename = { a = "b" }\ndrop = ["a"]')], "'a', of the arguments of shop.buy"),
    "two new names": (
        [("call", 'rename = { a = "b" }'), ("call", 'rename = { a = "c" }')],
        "'a', of the arguments of shop.buy, is declared by SH200 and by SH201",
    ),
    "two new values": (
        [("call", 'values = { how = [["a", "b"], ["a", "c"]] }')],
        r"'a', of the values of shop\.buy\(how\)",
    ),
    "a chain of arguments": ([("call", 'rename = { a = "b", b = "c" }')], "'b' is what SH200 makes of 'a'"),
    "a swap of arguments": ([("call", 'rename = { a = "b", b = "a" }')], "SH200 renames it again"),
    "a chain through a drop": ([("call", 'rename = { a = "b" }\ndrop = ["b"]')], "SH200 renames it again"),
    "a chain of values": ([("call", 'values = { how = [["a", "b"], ["b", "c"]] }')], "'b' is what SH200 makes of 'a'"),
    "a chain of members": (
        [("member", 'v1 = "m"\nv2 = "n"'), ("member", 'v1 = "n"\nv2 = "o"')],
        "SH301 renames it again",
    ),
    "a chain through a module": (
        [("module", 'old = "old"\nnew = "shop"'), ("move", 'old = "shop.Bag"\nnew = "bags.Bag"')],
        "'shop.Bag' is what SH100 makes of old.Bag, and SH101 renames it again",
    ),
    "moved and gone": (
        [("move", 'old = "shop.A"\nnew = "shop.B"'), ("removed", 'name = ["shop.A"]')],
        "The end of 'shop.A' is declared by SH100 and by SH401",
    ),
    "into a class": (
        [("move", 'old = "shop.ring"\nnew = "shop.Till.ring"'), ("member", 'v1 = "m"\nv2 = "n"')],
        "lies in shop.Till, which is not a module, says SH301",
    ),
}


@pytest.mark.parametrize("rows", FINE.values(), ids=FINE)
def test_what_does_not_contradict_is_read(rows: list[tuple[str, str]]) -> None:
    assert parse_migration(declared(*rows)).id == "shop-v2"


@pytest.mark.parametrize(("rows", "what"), WRONG.values(), ids=WRONG)
def test_what_contradicts_is_refused_with_its_line(rows: list[tuple[str, str]], what: str) -> None:
    with pytest.raises(MigrationError, match=what) as caught:
        parse_migration(declared(*rows))

    assert caught.value.line is not None
