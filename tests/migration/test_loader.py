"""A migration file is read whole, or refused with an error that names file, entry and the nearest known word."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migration import Allowance, MigrationError, Move, load_migration, parse_migration

HEAD = """
schema = 1
id = "widgets-v2"
summary = "Move widgets."
versions = { v1 = "1", v2 = "2" }
"""
MOVE = dedent(
    """\
    [[moves]]
    code = "CK101"
    old = "shop.widgets.Widget"
    new = "shop.gadgets.Gadget"
    """
)
FIELD = dedent(
    """\
    [[fields]]
    code = "CK201"
    v1 = "acc"
    v2 = "accuracy"
    """
)
ARGUMENT = dedent(
    """\
    [[arguments]]
    code = "CK301"
    of = "shop.widgets.Widget"
    v1 = "lr"
    v2 = "optimizer.rate"
    position = 0
    """
)


def refusal(text: str) -> str:
    with pytest.raises(MigrationError) as caught:
        parse_migration(text, origin=Path("shop/migration.toml"))
    return str(caught.value)


def test_a_whole_file_is_read() -> None:
    migration = parse_migration(HEAD + MOVE + FIELD + ARGUMENT)

    assert migration.moves == (Move("CK101", "shop.widgets.Widget", "shop.gadgets.Gadget"),)
    assert [(field.v1, field.v2) for field in migration.fields] == [("acc", "accuracy")]
    assert [(a.v1, a.v2, a.position) for a in migration.arguments] == [("lr", "optimizer.rate", 0)]


def test_allowances_keep_kind_pattern_and_reason() -> None:
    migration = parse_migration(HEAD + '[equivalence]\nignore = [{ tag = "stack.*", why = "names the stack" }]\n')

    assert migration.equivalence.ignore == (Allowance("tag", "stack.*", "names the stack"),)


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    message = refusal(HEAD + MOVE.replace("old =", "odl ="))

    assert "Unknown key 'odl'" in message
    assert "shop/migration.toml, [[moves]] 1 (CK101)" in message
    assert "did you mean 'old'?" in message


@pytest.mark.parametrize("key", ["schema", "id", "summary", "versions"])
def test_a_missing_key_is_named(key: str) -> None:
    text = "\n".join(line for line in HEAD.splitlines() if not line.startswith(key))

    assert key in refusal(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (HEAD.replace("schema = 1", "schema = 2"), "schema is 2"),
        (HEAD.replace("schema = 1", 'schema = "1"'), "schema is '1'"),
        (HEAD + MOVE.replace("CK101", "101"), "code is '101'"),
        (HEAD + MOVE.replace("shop.widgets.Widget", "Widget"), "a dotted name of a module and a symbol"),
        (HEAD + MOVE.replace("shop.widgets.Widget", "shop..Widget"), "a dotted name"),
        (HEAD + MOVE + 'confidence = "sure"\n', "safe, review, manual"),
        (HEAD + "moves = 3\n", "expected a list"),
        (HEAD + "[equivalence]\nrtol = -1.0\n", "zero or more"),
        (HEAD + "[equivalence]\nrtol = nan\n", "zero or more"),
        (HEAD + "[equivalence]\nrtol = true\n", "rtol is True"),
        (HEAD + '[equivalence]\nignore = [{ metric = "x" }]\n', "'why' is missing"),
        (HEAD + '[equivalence]\nignore = [{ metric = "x", tag = "y", why = "z" }]\n', "exactly one of"),
        (HEAD + '[equivalence]\nignore = [{ metric = "x", why = "" }]\n', "non-empty"),
    ],
)
def test_a_wrong_value_is_refused(text: str, part: str) -> None:
    assert part in refusal(text)


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        (MOVE + FIELD.replace("CK201", "CK101"), "The code 'CK101'"),
        (MOVE + MOVE.replace("CK101", "CK102"), "The old name 'shop.widgets.Widget'"),
        (FIELD + FIELD.replace("CK201", "CK202").replace('"accuracy"', '"precision"'), "The spelling 'acc'"),
        (
            FIELD
            + dedent("""\
                [[fields]]
                code = "CK202"
                v1 = "accuracy"
                v2 = "score"
                """),
            "The spelling 'accuracy'",
        ),
        (ARGUMENT + ARGUMENT.replace("CK301", "CK302").replace('"optimizer.rate"', '"rate"'), "The v1 argument 'lr'"),
        (ARGUMENT.replace("position = 0", "position = 1"), "without a gap"),
        (
            MOVE
            + dedent("""\
                [[moves]]
                code = "CK102"
                old = "shop.gadgets.Gadget"
                new = "shop.things.Thing"
                """),
            "'shop.gadgets.Gadget' is what CK101 makes of shop.widgets.Widget",
        ),
    ],
)
def test_entries_that_contradict_each_other_are_refused(rows: str, part: str) -> None:
    assert part in refusal(HEAD + rows)


def test_broken_toml_names_the_file_and_the_line() -> None:
    message = refusal("schema = = 1")

    assert "line 1" in message
    assert "shop/migration.toml" in message


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match=r"absent\.toml"):
        load_migration(tmp_path / "absent.toml")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "migration.toml"
    file.write_bytes(b'id = "\xff"')

    with pytest.raises(MigrationError, match="not encoded as UTF-8"):
        load_migration(file)


def test_relocation_moves_whole_components_only() -> None:
    migration = parse_migration(HEAD + MOVE + MOVE.replace("CK101", "CK102").replace("shop.", "shopping."))

    relocated = migration.relocated({"shop": "acme.store"})

    assert [move.old for move in relocated.moves] == ["acme.store.widgets.Widget", "shopping.widgets.Widget"]


MODULE = dedent(
    """\
    [[moves]]
    code = "CK102"
    kind = "module"
    old = "shop.parts"
    new = "store"
    """
)


def test_a_module_moves_with_all_that_is_in_it() -> None:
    (move,) = parse_migration(HEAD + MODULE).moves

    assert [found and found.new for found in map(move.of, ("shop.parts", "shop.parts.a.B", "shop.partsx", "shop"))] == [
        "store",
        "store.a.B",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        (MODULE.replace('"store"', '"shop.parts.new"'), "renames it again"),
        (MODULE + MOVE.replace("shop.gadgets.Gadget", "shop.parts.Gadget"), "renames it again"),
        (MODULE.replace('"module"', '"package"'), "symbol, module"),
    ],
)
def test_a_module_that_cannot_move_so_is_refused(rows: str, part: str) -> None:
    assert part in refusal(HEAD + rows)
