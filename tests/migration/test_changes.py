"""`[[calls]]`, `[[members]]`, `[[removed]]` and `[types]`: their meaning, and the entries that are refused."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import About, MigrationError, available_migrations, load_migration, parse_migration
from tests.shop import HEAD

CALL = dedent(
    """\
    [[calls]]
    code = "SH101"
    of = "shop.buy"
    """
)


def test_literals_are_those_of_python() -> None:
    text = CALL + 'when = { a = [1, true, { python = "None" }] }\nvalues = { b = [[16, "16-mixed"]] }\n'

    (call,) = parse_migration(HEAD + text).calls

    assert call.when[0].values == (1, True, None)
    assert tuple(call.values[0]) == ("b", 16, "16-mixed")


def test_a_list_may_be_given_instead_of_a_switch() -> None:
    text = CALL + "values = { a = [[true, { python = '[1]' }]] }\n"

    (call,) = parse_migration(HEAD + text).calls

    assert tuple(call.values[0]) == ("a", True, [1])
    assert len({call, call}) == 1


def test_what_it_says_of_itself_is_kept() -> None:
    text = CALL + dedent("""\
        drop = ["a"]
        confidence = "review"
        since = "1.1"
        remove = "2"
        why = "w"
        link = "https://x"
        """)

    (call,) = parse_migration(HEAD + text).calls

    assert call.about == About("review", "1.1", "2", "w", "https://x")
    assert call.about.reason == "w; deprecated since 1.1; removed in 2"


def test_names_are_relocated_with_the_project() -> None:
    text = CALL + dedent("""\
        to = "shop.sell"
        [[removed]]
        code = "SH301"
        name = "shop.x"
        say = "no"
        """)

    migration = parse_migration(HEAD + text).relocated({"shop": "acme.shop"})

    assert migration.calls[0].of == ("acme.shop.buy",)
    assert migration.calls[0].to == "acme.shop.sell"
    assert migration.removed[0].names == ("acme.shop.x",)


REFUSED = {
    "nothing_changes": (CALL, "It declares no change"),
    "says_and_changes": (CALL + 'drop = ["a"]\nsay = "no"\n', "It says what to tell"),
    "an_unknown_key": (CALL + 'renmae = { a = "b" }\ndrop = ["a"]\n', "did you mean 'rename'"),
    "no_name": (CALL + 'rename = { a = "b c" }\n', "expected a name"),
    "a_name_twice": (CALL + 'drop = ["a", "a"]\n', "names, each once"),
    "a_pattern_at_the_top": (CALL.replace("shop.buy", "*.buy") + 'drop = ["a"]\n', "a dotted name"),
    "a_pattern_at_the_end": (CALL.replace("shop.buy", "shop.*") + 'drop = ["a"]\n', "a dotted name"),
    "v2_without_v1": (CALL + 'v2 = ["a"]\n', "'v1' is missing"),
    "positions_that_cannot_be_told": (CALL + 'v1 = ["a", "b"]\nv2 = ["b", "a"]\n', "a beginning of v1"),
    "no_pair": (CALL + "values = { a = [[1]] }\n", "pairs"),
    "no_literal": (CALL + 'add = { a = { python = "f()" } }\n', "a Python literal"),
    "a_list_as_a_value": (CALL + "add = { a = [1] }\n", "a string, a number"),
    "a_member_without_a_new_name": (
        dedent(
            """\
            [[members]]
            code = "SH201"
            of = "shop.A"
            v1 = "x"
            """
        ),
        "give one of `v2`, `say`",
    ),
    "a_removal_that_says_nothing": (
        dedent(
            """\
            [[removed]]
            code = "SH301"
            name = "shop.x"
            """
        ),
        "'say' is missing",
    ),
    "a_switch_that_is_none": (CALL + 'drop = ["a"]\ndecorator = 1\n', "true or false"),
    "a_type_of_nothing": ('[types]\n"shop.f(1)" = "shop.A"\n', "Unknown key"),
    "a_code_twice": (CALL + 'drop = ["a"]\n' + CALL + 'drop = ["b"]\n', "declared by"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_is_refused(text: str, message: str) -> None:
    with pytest.raises(MigrationError, match=message):
        parse_migration(HEAD + text)


def test_no_code_is_used_by_two_bundled_migrations() -> None:
    owners: dict[str, str] = {}
    for name, file in available_migrations().items():
        migration = load_migration(file)
        rows = (*migration.moves, *migration.calls, *migration.members, *migration.removed)
        for code in {row.code for row in rows}:
            assert owners.setdefault(code, name) == name
