"""A row with `each` or `listed` stands for many: the same as those rows, written out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.authoring.explaining import explain_code
from compatkit.authoring.pages import page
from compatkit.authoring.problems import find_problems
from compatkit.migration import Migration, MigrationError, codes_of, load_migration, parse_migration
from tests.shop import HEAD
from tests.shop.calls import findings, rewritten

MOVE = """
[[moves]]
code = "SHOP101"
old = "shop.old.{name}Till"
new = "shop.new.{name}Desk"
"""
CALL = """
[[calls]]
code = "SHOP201"
of = ["shop.maps.{name}", "shop.{name}"]
rename = { old_tiles = "tiles" }
values = { old_tiles = [[true, "{tiles}"]] }
each.name = ["city", "coast", "moon"]
each.tiles = { moon = "MOON_V2", "*" = "EARTH_V1" }
"""


def read(text: str) -> Migration:
    return parse_migration(HEAD + text)


def refusal(text: str) -> str:
    with pytest.raises(MigrationError) as caught:
        read(text)
    return str(caught.value)


@given(st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True), min_size=1, max_size=5, unique=True))
def test_a_row_for_many_says_what_as_many_rows_say(names: list[str]) -> None:
    whole = read(f"{MOVE}each.name = {names}\n")
    written = [MOVE.replace("{name}", name).replace("101", f"{101 + at}") for at, name in enumerate(names)]

    assert [(m.old, m.new) for m in whole.moves] == [(m.old, m.new) for m in read("".join(written)).moves]
    assert {move.code for move in whole.moves} == {"SHOP101"}


def test_names_of_a_list_are_one_row_with_all_of_them() -> None:
    row = dedent(
        """\
        [[removed]]
        code = "SHOP301"
        name = ["shop.{name}", "shop.all.{name}"]
        say = "it went"
        """
    )

    (removal,) = read(f'{row}each.name = ["a", "b"]\n').removed

    assert removal.names == ("shop.a", "shop.b", "shop.all.a", "shop.all.b")


def test_a_table_gives_a_value_for_each_name() -> None:
    city, coast, moon = read(CALL).calls

    assert [call.values[0].v2 for call in (city, coast, moon)] == ["EARTH_V1", "EARTH_V1", "MOON_V2"]
    assert moon.of == ("shop.maps.moon", "shop.moon")


def test_without_a_list_the_names_are_those_of_the_table() -> None:
    move, other = read(
        f'{MOVE.replace("new.{name}", "new.{kind}")}each.kind = {{ Old = "Front", My = "Back" }}\n'
    ).moves

    assert (move.old, move.new) == ("shop.old.OldTill", "shop.new.FrontDesk")
    assert (other.old, other.new) == ("shop.old.MyTill", "shop.new.BackDesk")


def test_a_value_that_is_no_text_stays_what_it_is() -> None:
    row = dedent(
        """\
        [[calls]]
        code = "SHOP201"
        of = "shop.{name}"
        pin = { digits = "{digits}" }
        """
    )

    assert [call.pin[0].value for call in read(f"{row}each.digits = {{ a = 2, b = 3 }}\n").calls] == [2, 3]


def test_several_lists_are_combined() -> None:
    migration = read(f'{MOVE.replace("shop.old", "{home}.old")}each.name = ["A", "B"]\neach.home = ["shop", "mall"]\n')

    assert [move.old for move in migration.moves] == [f"{h}.old.{n}Till" for n in "AB" for h in ("shop", "mall")]


def test_names_come_from_a_file_of_v1s_names(tmp_path: Path) -> None:
    (tmp_path / "v1.txt").write_text("shop.old: Till, OldTill, MyTill, Box\nshop.other: YourTill\n", encoding="utf-8")
    (tmp_path / "migration.toml").write_text(f'{HEAD}{MOVE}listed = "v1.txt"\n', encoding="utf-8")

    moves = load_migration(tmp_path).moves

    assert [move.old for move in moves] == ["shop.old.MyTill", "shop.old.OldTill"]
    assert [problem.severity for problem in find_problems(tmp_path / "migration.toml")] == ["warning"]


def test_several_parts_are_captured(tmp_path: Path) -> None:
    (tmp_path / "v1.txt").write_text(
        dedent("""\
            shop.a: X, Y
            shop.b: Z
            shop.b.c: W
            """),
        encoding="utf-8",
    )
    row = dedent(
        """\
        [[moves]]
        code = "SHOP101"
        old = "shop.{home}.{name}"
        new = "mall.{name}s.{home}"
        listed = "v1.txt"
        """
    )
    (tmp_path / "migration.toml").write_text(HEAD + row, encoding="utf-8")

    assert [move.new for move in load_migration(tmp_path).moves] == ["mall.Xs.a", "mall.Ys.a", "mall.Zs.b"]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (MOVE, "a dotted name"),
        (f"{MOVE}each.name = []\n", "a list of texts"),
        (f'{MOVE}each.name = ["a b"]\n', "a dotted name"),
        (f'{MOVE}each.nmae = ["A"]\n', "stands in the row"),
        (f"{MOVE}each = {{}}\n", "words with their values"),
        (f'{CALL.replace(""", "*" = "EARTH_V1" """.rstrip(), "")}', "no value for 'city'"),
        (f'{MOVE}listed = "gone.txt"\n', "cannot be read"),
        (f'{MOVE}listed = "gone.txt"\neach.name = ["A"]\n', "no list beside it"),
        (
            dedent(
                """\
                [transform]
                code = "SHOP901"
                words = ["a"]
                each.name = ["A"]
                """
            ),
            "Unknown key 'each'",
        ),
        (f'{MOVE}each.name = ["A"]\n{MOVE}each.name = ["B"]\n', "The code 'SHOP101' is declared by"),
        (f'{MOVE}each.name = ["A", "A"]\n', "The old name 'shop.old.ATill' is declared by"),
    ],
)
def test_a_row_that_stands_for_nothing_certain_is_refused(row: str, part: str) -> None:
    assert part in refusal(row)


def test_an_error_names_the_row_and_its_line(tmp_path: Path) -> None:
    (tmp_path / "migration.toml").write_text(f'{HEAD}{CALL}{MOVE}each.name = ["a b"]\n', encoding="utf-8")

    (problem,) = find_problems(tmp_path / "migration.toml")

    assert (problem.line, problem.where) == (16, "[[moves]] 1 (SHOP101)")


def test_braces_that_are_no_word_of_the_row_stay() -> None:
    (call,) = read(
        dedent(
            """\
            [[calls]]
            code = "SHOP201"
            of = "shop.{name}"
            say = "write {coins}"
            each.name = ["a"]
            """
        )
    ).calls

    assert call.say == "write {coins}"


def test_a_code_is_told_once() -> None:
    migration = read(CALL)

    assert list(codes_of(migration)) == ["SHOP201"]
    assert page(migration).count("<a id=") == 1
    assert "The same holds for shop.maps.coast, shop.maps.moon." in explain_code(migration, "SHOP201")


PROGRAM = """
import shop
import shop.maps as maps

maps.moon(old_tiles=True)
shop.city(True, old_tiles=True)
maps.coast(old_tiles=flag)
maps.river(old_tiles=True)
other.moon(old_tiles=True)
maps.moon(tiles="MOON_V2")
"""


def test_each_name_is_rewritten_with_its_own_value_and_no_other_name() -> None:
    source = dedent(PROGRAM)

    assert changed_lines(source, rewritten(source, CALL)) == {
        5: 'maps.moon(tiles="MOON_V2")',
        6: 'shop.city(True, tiles="EARTH_V1")',
    }
    assert [found.partition(";")[0] for found in findings(source, CALL)] == ["SHOP201 7 shop.maps.coast: old_tiles"]


def changed_lines(before: str, after: str) -> dict[int, str]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return {number: new for number, (old, new) in enumerate(pairs, start=1) if old != new}
