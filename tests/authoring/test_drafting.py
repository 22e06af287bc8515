"""Two releases are compared by reading them: the drafted rows, their confidence, and the names that an audit lists."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring.auditing import uncovered
from compatkit.authoring.drafting import Draft
from compatkit.authoring.interface import read_interface
from compatkit.authoring.interface_changes import Change, find_changes, told_once
from compatkit.migration import parse_migration

LONG = """
def {name}(items, rate=0.5):
    \"\"\"Return what the items cost together.\"\"\"
    total = 0
    for item in items:
        total += item.amount * item.price * (1 - rate)
    return round(total, 2)
"""
CLASS = """
class {name}:
    \"\"\"A thing in the shop.\"\"\"

    def __init__(self, {argument}, size={default}):
        self.{argument} = {argument}
        self.size = size

    def {method}(self):
        \"\"\"Return its price, with the tax of the year.\"\"\"
        base = self.size * 3 + len(self.{argument})
        return base + base * 0.19
"""
RAISE = "raise RuntimeError('this was imported')\n"


def changes(folder: Path, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    for version, files in (("old", old), ("new", new)):
        for name, text in {"__init__": "", **files}.items():
            file = folder / version / "shop" / f"{name.replace('__0__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            # Whatever is read, it must not be run.
            file.write_text(text + RAISE, encoding="utf-8")
    found = [read_interface("shop", folder / version) for version in ("old", "new")]
    assert "shop" not in sys.modules
    return find_changes(*found)


def told(found: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(change.kind, change.name, change.new, change.confidence) for change in found]


def test_what_stays_is_no_change(tmp_path: Path) -> None:
    thing = CLASS.format(name="Thing", argument="name", default="1", method="price")

    assert changes(tmp_path, {"a": thing, "_b": "X = 1\n"}, {"a": thing + LONG.format(name="new"), "_b": ""}) == []


def test_what_is_added_is_no_change(tmp_path: Path) -> None:
    assert changes(tmp_path, {"a": "def f(x): ...\n"}, {"a": "def f(x, y=1): ...\ndef g(): ...\n"}) == []


def test_the_same_name_in_another_module_has_moved(tmp_path: Path) -> None:
    found = changes(tmp_path, {"a": LONG.format(name="total"), "b": ""}, {"a": "", "b": LONG.format(name="total")})

    assert told(found) == [("moved", "shop.a.total", "shop.b.total", "safe")]
    assert "100% of the source" in found[0].evidence


def test_the_same_source_under_another_name_is_for_review(tmp_path: Path) -> None:
    found = changes(tmp_path, {"a": LONG.format(name="total")}, {"a": LONG.format(name="sum_up")})

    assert told(found) == [("moved", "shop.a.total", "shop.a.sum_up", "review")]


def test_the_same_word_written_otherwise_is_the_same(tmp_path: Path) -> None:
    old = CLASS.format(name="Thing", argument="fullName", default="1", method="getPrice")
    new = CLASS.format(name="Thing", argument="full_name", default="1", method="get_price")

    assert ("renamed", "shop.a.Thing.getPrice", "shop.a.Thing.get_price", "safe") in told(
        changes(tmp_path, {"a": old}, {"a": new})
    )
    assert ("argument renamed", "shop.a.Thing(fullName)", "full_name", "safe") in told(
        changes(tmp_path, {"a": old}, {"a": new})
    )


def test_something_else_of_the_same_name_is_not_it(tmp_path: Path) -> None:
    other = dedent(
        """\
        def total(path):
            with open(path) as lines:
                return sorted(map(str.strip, lines))
        """
    )

    found = changes(tmp_path, {"a": LONG.format(name="total")}, {"b": other})

    assert told(found) == [("removed", "shop.a.total", "", "manual")]


def test_two_short_ones_are_not_taken_for_each_other(tmp_path: Path) -> None:
    found = changes(tmp_path, {"a": "LIMIT = 3\ndef f(): return 1\n"}, {"a": "BOUND = 3\ndef g(): return 1\n"})

    assert told(found) == [("removed", "shop.a.LIMIT", "", "manual"), ("removed", "shop.a.f", "", "manual")]


def test_what_became_private_is_removed_and_told_so(tmp_path: Path) -> None:
    (only,) = changes(tmp_path, {"a": LONG.format(name="total")}, {"_a": LONG.format(name="total")})

    assert (only.kind, only.evidence) == ("removed", "only shop._a.total is left, which is private")


def test_what_was_only_handed_on_is_where_it_is_defined(tmp_path: Path) -> None:
    defined = {"a": LONG.format(name="total")}

    found = changes(tmp_path, {**defined, "__init__": "from shop.a import total\n"}, defined)

    assert told(found) == [("moved", "shop.total", "shop.a.total", "safe")]


def test_a_module_moves_as_a_whole_if_all_of_it_does(tmp_path: Path) -> None:
    both = LONG.format(name="total") + LONG.format(name="tax") + "_SECRET = 1\n"

    found = changes(tmp_path, {"a": both}, {"b": both})

    assert told(found) == [("module moved", "shop.a", "shop.b", "safe")]


def test_a_module_of_which_a_part_is_gone_does_not_move_as_a_whole(tmp_path: Path) -> None:
    both = LONG.format(name="total") + "def gone(): ...\n"

    found = changes(tmp_path, {"a": both}, {"b": LONG.format(name="total")})

    assert told(found) == [
        ("removed", "shop.a.gone", "", "manual"),
        ("moved", "shop.a.total", "shop.b.total", "safe"),
    ]


@pytest.mark.parametrize(
    ("warning", "expected"),
    [
        ('warnings.warn("total is deprecated, use add_up instead", DeprecationWarning)', "review"),
        ('deprecate_with_replacement("total", "add_up")', "safe"),
        ('deprecated("`shop.a.add_up`")', "safe"),
    ],
)
def test_what_the_library_says_itself_is_believed(tmp_path: Path, warning: str, expected: str) -> None:
    new = dedent(f"""\
        def total(items):
            {warning}
            return add_up(items)
        def add_up(items): ...
        """)

    found = changes(tmp_path, {"a": LONG.format(name="total")}, {"a": new})

    assert ("moved", "shop.a.total", "shop.a.add_up", expected) in told(found)


@pytest.mark.parametrize(
    "warning",
    ['deprecate_with_replacement("total", "len(shop.a.add_up())")', 'warnings.warn("gone soon", DeprecationWarning)'],
)
def test_what_is_deprecated_for_no_name_is_left_to_a_person(tmp_path: Path, warning: str) -> None:
    new = dedent(f"""\
        def total(items, rate=0.5):
            {warning}
        def add_up(items): ...
        """)

    found = changes(tmp_path, {"a": LONG.format(name="total")}, {"a": new})

    assert told(found) == [("deprecated", "shop.a.total", "", "manual")]


def test_a_warning_about_something_else_is_no_deprecation(tmp_path: Path) -> None:
    new = dedent(
        """\
        def total(items, rate=0.5):
            if not items:
                warn('use add_up', DeprecationWarning)
        """
    )

    assert changes(tmp_path, {"a": LONG.format(name="total")}, {"a": new + "def add_up(): ...\n"}) == []


def test_what_a_class_inherits_is_still_there(tmp_path: Path) -> None:
    old = dedent(
        """\
        class Base: ...
        class Thing(Base):
            def price(self): ...
        """
    )
    new = dedent(
        """\
        class Base:
            def price(self): ...
        class Thing(Base): ...
        """
    )

    assert changes(tmp_path, {"a": old}, {"a": new}) == []


def test_members_of_a_class_that_is_gone_are_not_told_one_by_one(tmp_path: Path) -> None:
    old = CLASS.format(name="Thing", argument="name", default="1", method="price")

    assert told(changes(tmp_path, {"a": old}, {"a": ""})) == [("removed", "shop.a.Thing", "", "manual")]


def test_members_of_a_class_that_moved_are_looked_for_in_it(tmp_path: Path) -> None:
    old = CLASS.format(name="Thing", argument="name", default="1", method="getPrice")
    new = CLASS.format(name="Thing", argument="name", default="1", method="get_price")

    assert told(changes(tmp_path, {"a": old}, {"b": new})) == [
        ("moved", "shop.a.Thing", "shop.b.Thing", "safe"),
        ("renamed", "shop.a.Thing.getPrice", "shop.b.Thing.get_price", "safe"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a, b=1", "a, b=2", [("default", "shop.a.f(b)", "2", "manual")]),
        ("a, b=1", "a, b", [("default", "shop.a.f(b)", "", "manual")]),
        ("a, b", "a, b=1", []),
        ("a, b=1", "a, c=1", [("argument renamed", "shop.a.f(b)", "c", "review")]),
        ("a, b=None", "a, c=None", [("argument removed", "shop.a.f(b)", "", "manual")]),
        (
            "width, height",
            "box",
            [
                ("argument added", "shop.a.f(box)", "box", "manual"),
                ("argument removed", "shop.a.f(height)", "", "manual"),
                ("argument removed", "shop.a.f(width)", "", "manual"),
            ],
        ),
        ("a, b=1", "a", [("argument removed", "shop.a.f(b)", "", "manual")]),
        ("a", "a, b", [("argument added", "shop.a.f(b)", "b", "manual")]),
        ("a, *rest", "a, *others", []),
        ("a, b, c", "a, *, b, c", [("position", "shop.a.f(b)", "", "safe")]),
        ("a, b, c", "a, c, b", [("position", "shop.a.f(b)", "", "safe")]),
        ("a, /, b", "*, a, b", [("position", "shop.a.f(a)", "", "safe")]),
        ("a, *, b", "a, b", []),
        ("a, b", "a, b, c=1", []),
        ("a, b, c", "a, *rest, b=1, c=2", []),
        ("a, b=1", "a, c=2, b=1", [("position", "shop.a.f(b)", "", "safe")]),
        (
            "a, b=1, c=2",
            "a, c=2",
            [("argument removed", "shop.a.f(b)", "", "manual"), ("position", "shop.a.f(c)", "", "safe")],
        ),
        ("pageNumber", "page_number", [("argument renamed", "shop.a.f(pageNumber)", "page_number", "safe")]),
    ],
)
def test_arguments_are_compared(tmp_path: Path, old: str, new: str, expected: list[tuple[str, ...]]) -> None:
    found = changes(tmp_path, {"a": f"def f({old}): ...\n"}, {"a": f"def f({new}): ...\n"})

    assert told(found) == expected


OLD = {
    "a": LONG.format(name="total")
    + dedent("""\
        def gone(): ...
        def f(pageNumber): ...
        def g(limit=1): ...
        """),
    "b": LONG.format(name="tax") + LONG.format(name="toll"),
}
NEW = {
    "c": LONG.format(name="total"),
    "a": "def f(page_number): ...\ndef g(limit=2): ...\n",
    "d": LONG.format(name="tax") + LONG.format(name="toll"),
}


def drafted(found: list[Change]) -> str:
    return Draft("shop-2", "shop", "1.0", "2.0", tuple(found)).text()


def test_a_draft_is_a_valid_migration_of_what_is_sure(tmp_path: Path) -> None:
    found = changes(tmp_path, OLD, NEW)

    migration = parse_migration(drafted(found))

    assert {(move.old, move.new, move.kind) for move in migration.moves} == {
        ("shop.a.total", "shop.c.total", "symbol"),
        ("shop.b", "shop.d", "module"),
    }
    assert [(row.of, row.rename) for row in migration.calls] == [(("shop.a.f",), (("pageNumber", "page_number"),))]
    assert migration.versions == ("1.0", "2.0")


def test_a_draft_gives_every_entry_its_evidence(tmp_path: Path) -> None:
    lines = drafted(changes(tmp_path, OLD, NEW)).splitlines()

    heads = {"[[moves]]", "[[calls]]", "[[removed]]", "# [[unhandled]]"}
    entries = [number for number, line in enumerate(lines) if line in heads]
    assert len(entries) == 5
    assert all("confidence: " in lines[number - 1] and "evidence: " in lines[number - 1] for number in entries)


def test_a_draft_says_which_arguments_are_taken_by_name_only(tmp_path: Path) -> None:
    found = changes(tmp_path, {"a": "def f(a, b=1, c=2): ...\n"}, {"a": "def f(a, *, b=1, c=2): ...\n"})

    migration = parse_migration(drafted(found))

    assert [(row.of, row.v1, row.v2) for row in migration.calls] == [(("shop.a.f",), ("a", "b", "c"), ("a",))]
    assert uncovered(found, migration) == []


def test_positions_beside_an_argument_that_is_gone_are_left_to_a_person(tmp_path: Path) -> None:
    found = changes(tmp_path, {"a": "def f(a, b=1, c=2): ...\n"}, {"a": "def f(a, c=2): ...\n"})

    migration = parse_migration(drafted(found))

    (call,) = migration.calls
    assert (call.v1, call.asks, call.is_rewritten) == (("a", "b", "c"), ("b",), False)
    assert [change.name for change in uncovered(found, migration)] == ["shop.a.f(c)"]


def test_the_audit_of_a_draft_names_what_it_leaves_to_a_person(tmp_path: Path) -> None:
    found = changes(tmp_path, OLD, NEW)
    text = drafted(found)

    assert [change.name for change in uncovered(found, parse_migration(text))] == ["shop.a.g(limit)"]

    decided = text.replace("# [[unh", "[[unh").replace("# name", "name").replace("# why", "why")
    assert uncovered(found, parse_migration(decided)) == []


def test_a_pattern_in_the_list_stands_for_many(tmp_path: Path) -> None:
    found = changes(tmp_path, OLD, NEW)
    listed = dedent(
        """\
        [[unhandled]]
        name = "shop.a.{}"
        why = "Because."
        """
    )
    text = drafted(found)

    assert uncovered(found, parse_migration(text + listed.format("*"))) == []
    assert uncovered(found, parse_migration(text + listed.format("g(*)"))) == []
    assert len(uncovered(found, parse_migration(text + listed.format("?(limit)")))) == 1


def test_a_chain_is_left_to_a_person(tmp_path: Path) -> None:
    chain = [
        Change("moved", "shop.a.N", "shop.b.N", "safe", "it is"),
        Change("moved", "shop.b.N", "shop.c.N", "safe", "it is"),
    ]

    migration = parse_migration(drafted(chain))

    assert [move.old for move in migration.moves] == ["shop.b.N"]
    assert [change.name for change in uncovered(chain, migration)] == ["shop.a.N"]


def test_more_than_ninety_nine_moves_get_longer_codes() -> None:
    many = [Change("moved", f"shop.a.N{number}", f"shop.b.N{number}", "safe", "it is") for number in range(100)]

    codes = [move.code for move in parse_migration(drafted(many)).moves]

    assert (codes[0], codes[-1]) == ("SHOP1001", "SHOP1100")


def test_a_member_with_another_name_is_drafted_for_its_class_wherever_that_is(tmp_path: Path) -> None:
    old = CLASS.format(name="Thing", argument="name", default="1", method="getPrice")
    new = CLASS.format(name="Thing", argument="name", default="1", method="get_price")
    found = changes(tmp_path, {"a": old}, {"b": new})

    migration = parse_migration(drafted(found))

    (member,) = migration.members
    assert (member.of, member.v1, member.v2) == (("shop.a.Thing", "shop.b.Thing"), "getPrice", "get_price")
    assert uncovered(found, migration) == []


def test_an_argument_of_a_class_that_moved_is_drafted_under_both_names(tmp_path: Path) -> None:
    old = CLASS.format(name="Thing", argument="fullName", default="1", method="price")
    new = CLASS.format(name="Thing", argument="full_name", default="1", method="price")

    (call,) = parse_migration(drafted(changes(tmp_path, {"a": old}, {"b": new}))).calls

    assert call.of == ("shop.a.Thing", "shop.b.Thing")
    assert call.rename == (("fullName", "full_name"),)


def test_what_is_not_sure_is_drafted_for_review(tmp_path: Path) -> None:
    found = changes(tmp_path, {"a": "def f(a, b=1, pageNo=2): ...\n"}, {"a": "def f(a, c=1, page_no=2): ...\n"})

    rows = parse_migration(drafted(found)).calls

    assert sorted((row.about.confidence, row.rename) for row in rows) == [
        ("review", (("b", "c"),)),
        ("safe", (("pageNo", "page_no"),)),
    ]


GONE = Change("removed", "shop.a.f")
ARGUMENT = Change("argument removed", "shop.a.f", argument="b")
ADDED = Change("argument added", "shop.a.f", "new", argument="new")
MEMBER = Change("renamed", "shop.a.Thing.price", "shop.a.Thing.cost")
METHOD = Change("argument renamed", "shop.a.Thing.price", "y", argument="x")
ROWS = {
    "nothing": ("", {GONE, ARGUMENT, ADDED, MEMBER, METHOD}),
    "a rename of its argument": (
        dedent(
            """\
            [[calls]]
            of = "shop.a.f"
            rename = { b = "c" }"""
        ),
        {GONE, ADDED, MEMBER, METHOD},
    ),
    "an argument that goes": (
        dedent(
            """\
            [[calls]]
            of = "shop.a.f"
            drop = ["b"]"""
        ),
        {GONE, ADDED, MEMBER, METHOD},
    ),
    "an argument that comes": (
        dedent(
            """\
            [[calls]]
            of = "shop.a.f"
            add = { new = 1 }"""
        ),
        {GONE, ARGUMENT, MEMBER, METHOD},
    ),
    "an argument in a condition": (
        '[[calls]]\nof = "shop.a.f"\nwhen = { b = [1] }\nsay = "no"',
        {GONE, ADDED, MEMBER, METHOD},
    ),
    "an argument of another": (
        dedent(
            """\
            [[calls]]
            of = "shop.b.f"
            drop = ["b"]"""
        ),
        {GONE, ARGUMENT, ADDED, MEMBER, METHOD},
    ),
    "a new name": ('[[calls]]\nof = "shop.a.f"\nto = "shop.c.f"', {ARGUMENT, ADDED, MEMBER, METHOD}),
    "what to say of every call": ('[[calls]]\nof = "shop.a.f"\nsay = "no"', {MEMBER, METHOD}),
    "a pattern": (
        dedent(
            """\
            [[calls]]
            of = "shop.*.f"
            drop = ["b"]"""
        ),
        {GONE, ADDED, MEMBER, METHOD},
    ),
    "a pattern of another length": (
        dedent(
            """\
            [[calls]]
            of = "shop.*.a.f"
            drop = ["b"]"""
        ),
        {GONE, ARGUMENT, ADDED, MEMBER, METHOD},
    ),
    "a member": ('[[members]]\nof = "shop.a.Thing"\nv1 = "price"\nv2 = "cost"', {GONE, ARGUMENT, ADDED, METHOD}),
    "another member": (
        '[[members]]\nof = "shop.a.Thing"\nv1 = "cost"\nv2 = "x"',
        {GONE, ARGUMENT, ADDED, MEMBER, METHOD},
    ),
    "a method's argument": (
        dedent(
            """\
            [[calls]]
            of = "shop.a.Thing.price"
            rename = { x = "y" }"""
        ),
        {GONE, ARGUMENT, ADDED, MEMBER},
    ),
    "a function that is gone": ('[[removed]]\nname = "shop.a.f"\nsay = "no"', {MEMBER, METHOD}),
    "a module that is gone": ('[[removed]]\nname = "shop.a"\nsay = "no"', set()),
    "a word of which it is the beginning": (
        '[[removed]]\nname = "shop.a.fu"\nsay = "no"',
        {GONE, ARGUMENT, ADDED, MEMBER, METHOD},
    ),
    "the class at its new home": (
        """[[moves]]\ncode = "SH101"\nold = "shop.a.Thing"\nnew = "shop.b.Thing"
        [[members]]\nof = "shop.b.Thing"\nv1 = "price"\nv2 = "cost\"""",
        {GONE, ARGUMENT, ADDED, METHOD},
    ),
}


@pytest.mark.parametrize(("row", "left"), ROWS.values(), ids=ROWS)
def test_the_audit_knows_what_each_kind_of_row_declares(row: str, left: set[Change]) -> None:
    head = dedent(
        """\
        schema = 1
        id = "a"
        summary = "A."
        versions = { v1 = "1", v2 = "2" }
        """
    )
    migration = parse_migration(f'{head}{row}\ncode = "SH901"\n' if row else head)

    assert set(uncovered([GONE, ARGUMENT, ADDED, MEMBER, METHOD], migration)) == left


def test_what_a_module_far_from_a_private_one_imports_is_for_its_own_use(tmp_path: Path) -> None:
    old = {"a": LONG.format(name="total")}
    new = {
        "_a": LONG.format(name="total"),
        "backends__0__pdf": "from shop._a import total\n",
        "backends__0____init__": "",
    }

    assert told(changes(tmp_path, old, new)) == [("removed", "shop.a.total", "", "manual")]


def test_what_a_module_beside_a_private_one_imports_is_handed_on(tmp_path: Path) -> None:
    old = {"a": LONG.format(name="total")}
    new = {"_a": LONG.format(name="total"), "b": "from shop._a import total\n"}

    assert told(changes(tmp_path, old, new)) == [("moved", "shop.a.total", "shop.b.total", "safe")]


def test_a_text_that_only_holds_the_word_is_no_deprecation(tmp_path: Path) -> None:
    checked = """
        @checked({"squared": Hidden({"deprecated"})})
        def error(x, squared="deprecated"): ...

        def deprecated(function): ...
        """
    source = dedent(checked)

    assert changes(tmp_path, {"a": source}, {"a": source}) == []


def test_what_another_sentence_names_is_no_replacement(tmp_path: Path) -> None:
    said = dedent("""\
        from w import warn
        def f(x):
            warn("f is gone, use none. See the release.", DeprecationWarning)
        """)

    found = changes(tmp_path, {"a": said, "b": "release = 1\n"}, {"a": said, "b": "release = 1\n"})

    assert [change.kind for change in found] == ["deprecated"]


def test_a_name_with_an_underscore_behind_it_is_another_name(tmp_path: Path) -> None:
    old = dedent("""\
        class Thing:
            def fit(self): ...
            def fit_(self): ...
        """)
    new = "class Thing:\n    def fit(self): ...\n"

    assert told(changes(tmp_path, {"a": old}, {"a": new})) == [("removed", "shop.a.Thing.fit_", "", "manual")]


def test_what_was_another_thing_of_this_name_is_no_new_home(tmp_path: Path) -> None:
    masked = LONG.format(name="total").replace("items:", "items if item:")

    found = changes(tmp_path, {"a": LONG.format(name="total"), "b": masked}, {"a": "", "b": masked})

    assert [(change.kind, change.old) for change in found] == [("removed", "shop.a.total")]


def test_an_argument_that_gave_its_place_to_another_is_renamed(tmp_path: Path) -> None:
    old, new = "def f(a, dim=1): ...\n", 'def f(a, n_dim=1, *, dim="deprecated"): ...\n'

    assert told(changes(tmp_path, {"a": old}, {"a": new})) == [("argument renamed", "shop.a.f(dim)", "n_dim", "review")]


def test_a_class_whose_init_is_an_attribute_is_read(tmp_path: Path) -> None:
    source = "class Thing:\n    __init__ = object.__init__\n"

    assert changes(tmp_path, {"a": source}, {"a": source}) == []


def test_a_change_is_drafted_once_under_all_public_names(tmp_path: Path) -> None:
    files = {"__init__": "from shop.a import Cat, Dog\n"}
    base = dedent("""\
        class _Pet:
            def feed(self, {}): ...
        class Cat(_Pet): ...
        class Dog(_Pet): ...
        """)
    found = changes(tmp_path, {**files, "a": base.format("food, salt")}, {**files, "a": base.format("food")})
    public = dedent("""\
        class Pet:
            def feed(self, {}): ...
        class Cat(Pet): ...
        """)

    once = told_once(found, read_interface("shop", tmp_path / "old"))

    assert all(change.kind != "moved" for change in once)
    found = changes(tmp_path, {"a": public.format("food, salt")}, {"a": public.format("food")})
    (call,) = parse_migration(drafted(told_once(found, read_interface("shop", tmp_path / "old")))).calls
    assert set(call.of) >= {"shop.a.Pet.feed", "shop.a.Cat.feed"}


def test_a_chain_through_a_module_is_left_to_a_person() -> None:
    found = [
        Change("module moved", "shop.old", "shop.mid", "review"),
        Change("moved", "shop.mid.f", "shop.new.f", "safe"),
    ]

    assert len(parse_migration(drafted(found)).moves) == 1


@pytest.mark.parametrize("said", ["use Tool.run instead", "use e.g. a loop instead"])
def test_a_function_is_not_led_into_a_class_nor_to_a_letter(said: str, tmp_path: Path) -> None:
    old = dedent(f"""\
        from warnings import warn
        def run_tool():
            warn("{said}", DeprecationWarning)
        """)
    new = dedent("""\
        g = 1
        class Tool:
            def run(self): ...
        """)

    found = changes(tmp_path, {"a": old}, {"a": new})

    assert [(change.kind, change.name, change.new) for change in found] == [("removed", "shop.a.run_tool", "")]


def test_a_method_is_not_renamed_to_a_function(tmp_path: Path) -> None:
    old = dedent("""\
        from warnings import warn
        def concat(): ...
        class Frame:
            def append(self):
                warn("use shop.a.concat instead", DeprecationWarning)
        """)
    new = "def concat(): ...\nclass Frame: ...\n"

    assert [change.kind for change in changes(tmp_path, {"a": old}, {"a": new})] == ["removed"]
