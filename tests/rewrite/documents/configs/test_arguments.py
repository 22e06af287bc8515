"""Keys that are arguments of a callable: renamed on request where that is certain; nothing beside them is touched."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged
from compatkit.rewrite.rewrite_document import rewrite_document
from tests.shop.calls import migration
from tests.shop.configs import REVIEW, SAFE, changed, outcome_of, reasons

SILENT = {
    "another class": ("_target_: market.buy\nwhere: 1\n", ".yaml"),
    "no class": ("shop.buy: 1\nwhere: 2\n", ".yaml"),
    "an argument that is not given": ("_target_: shop.buy\nitem: 1\n", ".yaml"),
    "new already": ("_target_: shop.buy\nplace: 1\n", ".yaml"),
    "a key of a mapping inside": ("_target_: shop.buy\nitem: {where: 1}\n", ".yaml"),
    "a key beside": ("where: 1\nx: {_target_: shop.buy, item: 1}\n", ".yaml"),
    "a comment": (
        dedent("""\
            # _target_: shop.buy
            # where: 1
            x: 1
            """),
        ".yaml",
    ),
    "a text": (
        dedent("""\
            x: |
              _target_: shop.buy
              where: 1
            """),
        ".yaml",
    ),
    "a value that stayed": ('{"_target_": "shop.pay", "how": "bank"}', ".json"),
    "a number that is a text": ('{"_target_": "shop.pay", "how": "1"}', ".json"),
    "an ignored line": ("_target_: shop.buy\nwhere: 1  # compatkit: ignore[SH102]\n", ".yaml"),
    "a list in JSON": ('["_target_", "shop.buy", "where"]', ".json"),
    "another table": (
        dedent(
            """\
            [a]
            _target_ = "shop.buy"
            [b]
            where = 1
            """
        ),
        ".toml",
    ),
}


@pytest.mark.parametrize(("text", "suffix"), SILENT.values(), ids=SILENT)
def test_is_neither_touched_nor_reported(text: str, suffix: str) -> None:
    assert outcome_of(text, suffix) == Unchanged()


REPORTED = {
    "both names": (
        dedent("""\
            _target_: shop.buy
            where: 1
            place: 2
            """),
        ".yaml",
        "both `where` and `place`",
    ),
    "a merged mapping": (
        dedent("""\
            b: &b {x: 1}
            a:
              _target_: shop.buy
              where: 1
              <<: *b
            """),
        ".yaml",
        "share",
    ),
    "a shared mapping": (
        dedent("""\
            a: &a
              _target_: shop.buy
              where: 1
            b: *a
            """),
        ".yaml",
        "share",
    ),
    "by position": (
        dedent("""\
            _target_: shop.buy
            _args_: [1]
            where: 1
            """),
        ".yaml",
        "by position",
    ),
    "a partial": (
        dedent("""\
            _target_: shop.buy
            _partial_: true
            where: 1
            """),
        ".yaml",
        "more arguments later",
    ),
    "read elsewhere": (
        dedent("""\
            a:
              _target_: shop.buy
              where: 1
            b: ${a.where}
            """),
        ".yaml",
        "in this file reads",
    ),
    "an escaped key": ('{"_target_": "shop.buy", "wh\\u0065re": 1}', ".json", "not spelled plainly"),
    "a value from elsewhere": ("_target_: shop.pay\nhow: ${card}\n", ".yaml", "is not written here"),
    "a value of another kind": ("_target_: shop.pay\nhow: 1\n", ".yaml", "is not a plain string"),
    "a key that would be added": ("_target_: shop.old.sell\nitem: 1\n", ".yaml", "added or taken out"),
    "a key that would go": ("_target_: shop.pay\nverbose: 1\n", ".yaml", "added or taken out"),
    "what is gone": ("_target_: shop.discount\n", ".yaml", "everything costs what it costs"),
    "what to say": ("_target_: shop.refund\nx: 1\n", ".yaml", "there are no refunds"),
    "more arguments": (
        '{"class_path": "shop.buy", "init_args": {"where": 1}, "dict_kwargs": {"a": 1}}',
        ".json",
        "`dict_kwargs`",
    ),
}


@pytest.mark.parametrize(("text", "suffix", "reason"), REPORTED.values(), ids=REPORTED)
def test_is_reported_and_left_alone(text: str, suffix: str, reason: str) -> None:
    text = text.replace("shop.pay\nverbose", "shop.pay\nhow: bank\nverbose")

    assert changed(text, suffix) == text
    assert reason in reasons(text, suffix)


# Each text, and what becomes the new name in it.
RENAMED = {
    "block": (
        dedent("""\
            # where
            _target_: shop.buy  # where

            where :   1 # where
            item: where
            """),
        ".yaml",
        "where :",
        "place :",
    ),
    "flow": ("x: [{_target_: shop.buy, where: 1, item: [where]}]\n", ".yaml", "where: 1", "place: 1"),
    "quoted": (
        dedent("""\
            '_target_': "shop.buy"
            'where': >-
              long
              text
            """),
        ".yaml",
        "'where'",
        "'place'",
    ),
    "a collection as the value": (
        dedent("""\
            _target_: shop.buy
            where:
            - a
            - b
            """),
        ".yaml",
        "where:",
        "place:",
    ),
    "second document": (
        dedent("""\
            x: 1
            ---
            _target_: shop.buy
            where: 1
            ...
            """),
        ".yaml",
        "where",
        "place",
    ),
    "windows newlines": ("_target_: shop.buy\r\nwhere: 1\r\n", ".yaml", "where", "place"),
    "init_args": (
        dedent("""\
            class_path: shop.buy
            init_args:
              where: 1
            where: 2
            """),
        ".yaml",
        "  where",
        "  place",
    ),
    "json": ('{"a": [1e3, {"_target_": "shop.buy", "where" : [1.50]}]}', ".json", "where", "place"),
    "json inside": ('{"_target_": "a.b", "c": {"where": 1, "_target_": "shop.buy"}}', ".json", "where", "place"),
    "toml table": (
        dedent(
            """\
            [a.b]  # where
            _target_ = "shop.buy"
            where = "where"
            """
        ),
        ".toml",
        "where = ",
        "place = ",
    ),
    "toml inline": ('a = { _target_ = "shop.buy", "where" = 1 }\n', ".toml", "where", "place"),
    "toml array of tables": (
        dedent(
            """\
            [[a]]
            [[a]]
            _target_ = 'shop.buy'
            where = [1]
            """
        ),
        ".toml",
        "where",
        "place",
    ),
    "toml windows newlines": ('x = """\r\n"""\r\n_target_ = "shop.buy"\r\nwhere = 1\r\n', ".toml", "where", "place"),
    "toml dotted": (
        dedent(
            """\
            a._target_ = "shop.buy"
            a.where = 1
            where = 2
            """
        ),
        ".toml",
        "a.where",
        "a.place",
    ),
    "a value": ("_target_: shop.pay\nhow: card  # card\n", ".yaml", "how: card", "how: contactless"),
    "a value in quotes": ('{"_target_": "shop.pay", "how": "card"}', ".json", "card", "contactless"),
    "a pattern": ("_target_: shop.web.pay\nhow: card\n", ".yaml", "card", "contactless"),
    "a method": ("_target_: shop.Client.order\nfast: true\n", ".yaml", "fast", "express"),
    "under a declared key": (
        dedent("""\
            shop: 1
            buyers:
              a:
                where: 1
            where: 2
            """),
        ".yaml",
        "    where",
        "    place",
    ),
    "a declared table": (
        dedent(
            """\
            shop = 1
            where = 1
            [buyers.a]
            where = 1
            """
        ),
        ".toml",
        "[buyers.a]\nwhere",
        "[buyers.a]\nplace",
    ),
}


@pytest.mark.parametrize(("text", "suffix", "old", "new"), RENAMED.values(), ids=RENAMED)
def test_only_the_key_or_the_value_changes(text: str, suffix: str, old: str, new: str) -> None:
    expected = text.replace(old, new, 1)

    assert changed(text, suffix) == expected
    assert changed(expected, suffix) == expected


@pytest.mark.parametrize(("text", "suffix", "old", "new"), RENAMED.values(), ids=RENAMED)
def test_by_default_it_is_only_reported(text: str, suffix: str, old: str, new: str) -> None:
    assert changed(text, suffix, SAFE) == text
    assert "made with --confidence review" in reasons(text, suffix, SAFE)


def test_code_that_is_not_selected_is_left_alone() -> None:
    text = "a: {_target_: shop.buy, where: 1}\nb: {_target_: shop.pay, how: card}\n"

    result = changed(text, ".yaml", Options(confidence="review", select=frozenset({"SH103"})))

    assert result == text.replace("card", "contactless")


def test_broken_configuration_that_names_no_class_is_no_failure() -> None:
    assert outcome_of("shop.buy: [where\n", ".yaml") == Unchanged()


@pytest.mark.parametrize(
    "text", ["shop: 1\nbuyers: {a: {_target_: market.buy, where: 1}}\n", "buyers: {a: {where: 1}}\n"]
)
def test_declared_place_of_arguments_that_is_another(text: str) -> None:
    assert outcome_of(text, ".yaml") == Unchanged()


TWO_ROWS = migration("""
[[calls]]
code = "TR201"
of = "shop.Train"
when = { gpus = [0] }
drop = ["gpus"]
add = { accelerator = "cpu" }

[[calls]]
code = "TR202"
of = "shop.Train"
rename = { gpus = "devices" }

[[calls]]
code = "TR203"
of = "shop.Train"
rename = { epochs = "max_epochs" }
""")
TRAIN = dedent("""\
    model:
      _target_: shop.Train
      epochs: 3
      gpus: {}
    """)


def told(gpus: str, options: Options = REVIEW) -> list[tuple[str, int]]:
    text = TRAIN.format(gpus).encode()
    outcome = rewrite_document(text, suffix=".yaml", moves=(), migrations=[TWO_ROWS], options=options)
    assert isinstance(outcome, Unchanged)
    return [(found.code, found.line) for found in outcome.findings]


def test_first_row_that_fits_wins_and_stands_at_its_key() -> None:
    assert told("0") == [("TR203", 3), ("TR201", 4)]
    assert told("2", Options()) == [("TR203", 3), ("TR202", 4)]


def test_of_a_value_that_is_not_written_one_row_tells() -> None:
    rows = migration(
        """
        [[calls]]
        code = "TR201"
        of = "shop.Train"
        when = { gpus = [0] }
        drop = ["gpus"]

        [[calls]]
        code = "TR202"
        of = "shop.Train"
        literal = ["gpus"]
        rename = { gpus = "devices" }
        """
    )
    text = TRAIN.format("${env:GPUS}").encode()

    outcome = rewrite_document(text, suffix=".yaml", moves=(), migrations=[rows], options=REVIEW)

    assert [found.code for found in outcome.findings] == ["TR201"]


def test_all_rows_of_a_mapping_are_made_or_none() -> None:
    source = TRAIN.format("2").encode()

    outcome = rewrite_document(source, suffix=".yaml", moves=(), migrations=[TWO_ROWS], options=REVIEW)

    assert isinstance(outcome, Rewritten)
    assert outcome.source == source.replace(b"epochs", b"max_epochs").replace(b"gpus", b"devices")
    assert outcome.findings == ()
