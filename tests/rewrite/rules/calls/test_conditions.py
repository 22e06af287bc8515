"""A row of `[[calls]]` is none of a call where its conditions do not hold: `when`, `matches`, `unless`, `lacks`."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.shop.calls import findings, outcome_of, rewritten

ROWS = """
[[calls]]
code = "SHOP201"
of = "shop.Till"
v1 = ["name", "coins"]
rename = { coins = "tray" }

[[calls]]
code = "SHOP202"
of = "shop.Till"
v1 = ["name", "coins"]
unless = ["coins", "tray", "notes"]
pin = { currency = "eur" }

[[calls]]
code = "SHOP207"
of = "shop.Shelf"
v1 = ["name", "coins"]
v2 = []
rename = { name = "label" }

[[calls]]
code = "SHOP203"
of = ["shop.Till", "shop.Shelf"]
v1 = ["name"]
matches = { name = '[/:]' }
say = "v2 refuses / and : in a name"

[[calls]]
code = "SHOP204"
of = "shop.total"
lacks = ["rounding"]
say = "v2 rounds to even: give rounding"

[[calls]]
code = "SHOP205"
of = "shop.pay"
when = { how = ["cash", "card"] }
say = "v2 pays otherwise"

[[calls]]
code = "SHOP208"
of = "shop.open"
made_of = { door = ["shop.Gate", "shop.Fence"] }
rename = { door = "gate" }

[[calls]]
code = "SHOP209"
of = "shop.lend"
when = { share = [1.0] }
say = "a share of one is all of it: give an amount"

[[calls]]
code = "SHOP210"
of = "shop.lend"
rename = { share = "amount" }

[[calls]]
code = "SHOP211"
of = "shop.weigh"
v1 = ["unit"]
lacks = ["scale"]
unless_when = { unit = ["kg", "lb"] }
say = "give the scale"

[[calls]]
code = "SHOP212"
of = "shop.fetch"
v1 = ["place"]
lacks = ["trust"]
unless_matches = { place = "^(ours|theirs)/" }
say = "say whether it is trusted"

[[calls]]
code = "SHOP213"
of = "shop.share"
made_of = { parts = "builtins.dict" }
say = "give a list"

[[calls]]
code = "SHOP206"
of = "shop.owe"
values = { limit = [[{ python = "None" }, 0]] }
"""


def call(text: str, *, name: str = "Till") -> str:
    return dedent(f"""\
        import shop


        def work(coins, name, is_new, limit):
            return shop.{name}({text})
        """)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"a"', '"a", currency="eur"'),
        ('"a", colour=1', '"a", colour=1, currency="eur"'),
        # Another row of the same call renames what this one looks for.
        ('"a", coins=coins', '"a", tray=coins'),
        ('"a", tray=coins', '"a", tray=coins'),
        ('"a", notes=1', '"a", notes=1'),
        ('"a", coins', '"a", coins'),
    ],
)
def test_an_argument_that_is_given_keeps_a_default_from_being_written_out(before: str, after: str) -> None:
    assert (rewritten(call(before), ROWS) if before != after else call(before)) == call(after)
    assert not findings(call(before), ROWS)


def test_what_was_rewritten_is_not_given_a_default_in_a_second_run() -> None:
    once = rewritten(call('"a", coins=coins'), ROWS)

    assert type(outcome_of(once, ROWS)).__name__ == "Unchanged"


@pytest.mark.parametrize(
    "given",
    [
        '"a/b", notes=1',
        'name="a:b", notes=1',
        'f"a/{name}", notes=1',
        'f"{name}:", notes=1',
        '"a/%s" % name, notes=1',
        '"{}/b".format(name), notes=1',
        '"a/" + name, notes=1',
        '"/".join(["a", name]), notes=1',
        '"a/b" if is_new else "ab", notes=1',
        "PATH, notes=1",
        'os.path.join("a", name), notes=1',
        'path.join(f"{name}:"), notes=1',
        "str(folder / name), notes=1",
    ],
)
def test_a_text_that_v2_refuses_is_reported(given: str) -> None:
    (found,) = findings(call(given) + '\n\nPATH = "a/b"\n', ROWS)

    assert "v2 refuses / and : in a name" in found


@pytest.mark.parametrize("given", ['"a/b"', 'name="a/b"'])
def test_a_text_that_v2_refuses_is_reported_where_another_row_renames_the_argument(given: str) -> None:
    source = call(given, name="Shelf")

    assert rewritten(source, ROWS) == call('label="a/b"', name="Shelf")
    assert len(findings(source, ROWS)) == 1


@pytest.mark.parametrize(
    "given",
    [
        '"a", notes=1',
        "name, notes=1",
        'f"a{name}", notes=1',
        "name=3, notes=1",
        '"%(a/b)s" % name, notes=1',
        '"{a:/>3}".format(a=name), notes=1',
        '"".join(coins), notes=1',
        "os.path.join(name), notes=1",
        "table.join(name, coins), notes=1",
        "str(folder), notes=1",
    ],
)
def test_a_text_in_which_nothing_refused_is_seen_is_not_reported(given: str) -> None:
    assert not findings(call(given), ROWS)


def test_what_is_not_given_is_reported_until_it_is() -> None:
    assert findings(call("coins", name="total"), ROWS)
    assert not findings(call("coins, rounding=1", name="total"), ROWS)


@pytest.mark.parametrize(
    ("how", "is_reported"),
    [
        ('"cash"', True),
        ('"cash" if is_new else "card"', True),
        ('"cash" if is_new else "cheque"', True),
        ("name", True),
        ('name if is_new else "cheque"', True),
        ('"cheque"', False),
        ("Cheque(3)", False),
        ("shop.Cheque(3)", False),
        ("cheque(3)", True),
        ('"cheque" if is_new else "bill"', False),
        ('"cheque" if is_new else "bill" if coins else "coin"', False),
    ],
)
def test_a_conditional_expression_is_one_of_its_literals(how: str, *, is_reported: bool) -> None:
    assert bool(findings(call(f"how={how}", name="pay"), ROWS)) is is_reported


@pytest.mark.parametrize(
    ("limit", "is_reported"),
    [
        ("limit", True),
        ("None if is_new else 1", True),
        ("limit()", False),
        ("2 if is_new else 1", False),
        ("[limit]", False),
        ('f"{limit}"', False),
        ("lambda: limit", False),
    ],
)
def test_a_call_is_taken_for_a_value_that_is_not_none(limit: str, *, is_reported: bool) -> None:
    assert bool(findings(call(f"limit={limit}", name="owe"), ROWS)) is is_reported


@pytest.mark.parametrize("door", ["shop.Gate()", "shop.Fence(1, high=2)"])
def test_an_argument_that_is_made_of_a_class_moves(door: str) -> None:
    assert rewritten(call(f"door={door}", name="open"), ROWS) == call(f"gate={door}", name="open")


@pytest.mark.parametrize("door", ["shop.Door()", "name", "[]", "[shop.Door()]", "shop.Gate"])
def test_an_argument_that_is_not_seen_to_be_made_of_it_is_left_alone(door: str) -> None:
    assert type(outcome_of(call(f"door={door}", name="open"), ROWS)).__name__ == "Unchanged"
    assert not findings(call(f"door={door}", name="open"), ROWS)


@pytest.mark.parametrize("made", ["shop.Gate()", "shop.Fence(1)"])
def test_a_name_that_is_bound_once_is_what_it_was_bound_to(made: str) -> None:
    before = f"import shop\n\ndoor = {made}\nshop.open(door=door)\n"

    assert rewritten(before, ROWS) == before.replace("door=door", "gate=door")


@pytest.mark.parametrize(
    "door", ["shop.Gate() if is_new else shop.Door()", "Own()", "made()", "name", "name or shop.Door()"]
)
def test_what_may_be_made_of_a_class_that_the_file_names_is_reported(door: str) -> None:
    source = call(f"door={door}", name="open") + "\n\nclass Own(shop.Gate): ...\ndef made(): return shop.Gate()\n"

    assert type(outcome_of(source, ROWS)).__name__ == "Unchanged"
    assert "not seen here what `door` is made of" in findings(source, ROWS)[0]


def test_what_a_command_line_gives_is_made_of_no_class() -> None:
    source = call("door=args.the_door", name="open") + "\n\nshop.Gate()\n"

    assert findings(source, ROWS)
    assert not findings(f'{source}parser.add_argument("--the-door")\n', ROWS)


@pytest.mark.parametrize("given", ['"ours/a"', "place='theirs/b'", '"ours/" "c"', '"ours/a", trust=1'])
def test_a_row_is_none_of_a_call_whose_text_matches(given: str) -> None:
    assert not findings(call(given, name="fetch"), ROWS)


@pytest.mark.parametrize(
    "given", ['"others/ours/"', '"ours"', "name", 'f"ours/{name}"', '"ours/" if is_new else name', ""]
)
def test_a_row_is_of_a_call_whose_text_does_not_match_or_is_not_written(given: str) -> None:
    assert "say whether it is trusted" in findings(call(given, name="fetch"), ROWS)[0]


@pytest.mark.parametrize("parts", ["{1: 2}", "{n: 1 for n in coins}", "made()", "made() or self.parts", "parts"])
def test_a_dict_that_is_written_or_may_be_returned_is_reported(parts: str) -> None:
    source = call(f"parts={parts}", name="share") + "\n\ndef made(): return dict(a=1)\nparts = {}\n"

    assert len(findings(source, ROWS)) == 1


@pytest.mark.parametrize("parts", ["2", "settings.trainer.parts", "self.parts", "[1]"])
def test_what_settings_hold_is_taken_for_no_dict(parts: str) -> None:
    source = call(f"parts={parts}", name="share") + "\n\ndef made(): return dict(a=1)\n"

    assert not findings(source, ROWS)


@pytest.mark.parametrize("door", ["[shop.Gate()]", "[shop.Door(), shop.Gate()]", "(shop.Fence(),)"])
def test_one_in_a_list_is_reported(door: str) -> None:
    (told,) = findings(call(f"door={door}", name="open"), ROWS)

    assert "`door` is a list" in told


def test_an_argument_that_a_row_leaves_to_a_person_is_renamed_by_none_below() -> None:
    (told,) = findings(call("share=1.0, to=2", name="lend"), ROWS)

    assert told.startswith("SHOP209")
    assert type(outcome_of(call("share=1.0, to=2", name="lend"), ROWS)).__name__ == "Unchanged"


def test_an_argument_of_which_a_row_has_nothing_to_say_is_renamed_by_one_below() -> None:
    assert rewritten(call("share=0.5", name="lend"), ROWS) == call("amount=0.5", name="lend")


@pytest.mark.parametrize("given", ['"kg"', 'unit="lb"', '"oz", scale=1'])
def test_a_value_with_which_a_row_has_nothing_to_say_is_not_reported(given: str) -> None:
    assert not findings(call(given, name="weigh"), ROWS)


@pytest.mark.parametrize("given", ['"oz"', "name", "", "12"])
def test_another_value_is_reported(given: str) -> None:
    (told,) = findings(call(given, name="weigh"), ROWS)

    assert told.startswith("SHOP211")


MEANT = """
[[moves]]
code = "SHOP101"
old = "shop.old.Till"
new = "shop.new.Till"

[[calls]]
code = "SHOP301"
of = "shop.old.Till"
v1 = ["name", "count"]
meant = { count = [["coins", "coins-and-notes"]] }
why = "coins meant notes, too"
"""


def test_a_value_that_means_something_else_now_says_what_it_meant() -> None:
    before = dedent("""\
        from shop.old import Till
        Till(1, "coins")
        Till(1, count="notes")
        Till(1)
        """)

    assert rewritten(before, MEANT) == before.replace('"coins"', '"coins-and-notes"')


def test_a_call_that_is_written_for_v2_means_what_it_says() -> None:
    assert findings('from shop.new import Till\nTill(1, "coins")\n', MEANT) == []


def test_a_value_from_elsewhere_may_be_the_one_that_changed() -> None:
    (found,) = findings("from shop.old import Till\nTill(1, kind)\n", MEANT)

    assert "the value of `count` is not written here (coins meant notes, too)" in found


SAID = """
[[calls]]
code = "SHOP301"
of = "shop.open"
say = "give the key"

[[calls]]
code = "SHOP302"
of = ["shop.open", "shop.close"]
say = "it is slow"

[[calls]]
code = "SHOP303"
of = "shop.open"
lacks = ["door"]
say = "name the door"
"""


def test_of_several_rows_about_every_call_the_first_speaks() -> None:
    told = findings("import shop\nshop.open()\nshop.close()\n", SAID)

    assert [found.split(" ", 2)[:2] for found in told] == [["SHOP301", "2"], ["SHOP303", "2"], ["SHOP302", "3"]]


TWO_ROWS = """
[[calls]]
code = "SHOP301"
of = "shop.book"
v1 = ["room"]
rename = { room = "suite" }

[[calls]]
code = "SHOP302"
of = "shop.book"
values = { paid = [[1, "card"], [2, "cash"]] }

[[calls]]
code = "SHOP303"
of = "shop.book"
pin = { tax = true }
confidence = "review"
why = "v2 leaves the tax out"
"""


def test_a_call_is_edited_by_all_of_its_rows() -> None:
    source = call("room=1, paid=2", name="book")

    assert rewritten(source, TWO_ROWS) == call('suite=1, paid="cash"', name="book")


@pytest.mark.parametrize("given", ["room=1, paid=name", "1, paid=name"])
def test_a_call_is_edited_by_none_of_its_rows_where_one_is_in_doubt(given: str) -> None:
    source = call(given, name="book")

    assert type(outcome_of(source, TWO_ROWS)).__name__ == "Unchanged"
    told = " ".join(findings(source, TWO_ROWS))
    assert "the value of `paid` is not written here" in told


def test_a_default_that_is_left_to_a_person_keeps_no_other_row_back() -> None:
    source = call("room=1", name="book")

    assert rewritten(source, TWO_ROWS) == call("suite=1", name="book")
    assert "SHOP303" in " ".join(findings(source, TWO_ROWS))
