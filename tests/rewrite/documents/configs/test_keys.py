"""Keys that `[[keys]]` declares, wherever the configuration is one of those that are meant."""

from __future__ import annotations

import json
import tomllib
from textwrap import dedent

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from compatkit.migration import MigrationError, parse_migration
from compatkit.rewrite import Unchanged
from compatkit.rewrite.documents.json_document import json_pairs
from compatkit.rewrite.documents.toml_document import toml_pairs
from compatkit.rewrite.documents.yaml_document import yaml_documents, yaml_events
from compatkit.rewrite.rewrite_document import rewrite_document
from tests.shop import HEAD
from tests.shop.configs import SAFE, changed, outcome_of, reasons

SILENT = {
    "another file": ("till: {limit: 1}\n", ".yaml"),
    "another place": (
        dedent("""\
            shop: 1
            limit: 1
            other: {till: {limit: 1}}
            """),
        ".yaml",
    ),
    "a value": (
        dedent("""\
            shop: 1
            till: limit
            x: coins
            """),
        ".yaml",
    ),
    "new already": ("shop: 1\ntill: {maximum: 1}\n", ".yaml"),
    "an INI file": (
        dedent("""\
            [till]
            limit = 1
            shop = 1
            """),
        ".ini",
    ),
}


@pytest.mark.parametrize(("text", "suffix"), SILENT.values(), ids=SILENT)
def test_is_neither_touched_nor_reported(text: str, suffix: str) -> None:
    assert outcome_of(text, suffix) == Unchanged()


REPORTED = {
    "both names": ("shop: 1\ntill: {limit: 1, maximum: 2}\n", ".yaml", "`maximum` is given as well"),
    "shared": ("shop: &s {limit: 1}\ntill: *s\n", ".yaml", ""),
    "twice": ('{"shop": 1, "till": {"limit": 1, "limit": 2}}', ".json", "twice"),
    "read elsewhere": ("shop: ${till.limit}\ntill: {limit: 1}\n", ".yaml", "in this file reads"),
    "what is gone": ("shop: 1\ntill: {coins: 1}\n", ".yaml", "no coins"),
    "the head of a table": (
        dedent("""\
            shop = 1
            [till.limit]
            a = 1
            """),
        ".toml",
        "name of a table",
    ),
}


@pytest.mark.parametrize(("text", "suffix", "reason"), REPORTED.values(), ids=REPORTED)
def test_is_reported_and_left_alone(text: str, suffix: str, reason: str) -> None:
    assert changed(text, suffix) == text
    assert reason in reasons(text, suffix)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (
            dedent("""\
                shop: 1
                till:
                  limit: 1  # limit
                """),
            ".yaml",
        ),
        ('{"till": {"limit": {"a": 1}}, "shop": null}', ".json"),
        (
            dedent("""\
                [till]
                limit = 1
                [shop]
                a = 1
                """),
            ".toml",
        ),
        ("till.limit = 1\nshop = 1\n", ".toml"),
    ],
)
def test_only_the_key_changes_and_only_on_request(text: str, suffix: str) -> None:
    assert changed(text, suffix) == text.replace("limit", "maximum", 1)
    assert changed(text, suffix, SAFE) == text
    assert "SH401" in reasons(text, suffix, SAFE)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ('v1 = "a.b"\nv2 = "c"', "'beside' is missing"),
        ('v1 = "a.b"\nbeside = ["c"]', "declares no change"),
        ('v1 = "a.b"\nv2 = "c"\nsay = "no"\nbeside = ["c"]', "several changes at once"),
        ('v1 = "a.*"\nv2 = "c"\nbeside = ["c"]', "the name of a key in the end"),
        ('v1 = "*"\nof = "a.b"\nbeside = ["c"]', "keys with dots"),
        ('v1 = "a..b"\nv2 = "c"\nbeside = ["c"]', "keys with dots"),
        ('v1 = "a.b"\nv2 = "b"\nbeside = ["c"]', "keeps its name"),
        ('v1 = "a.b"\nv2 = "c"\nbeside = ["c"]\nconfidence = "safe"', "confidence is 'safe'"),
    ],
)
def test_declaration_that_makes_no_sense_is_refused(rows: str, reason: str) -> None:
    with pytest.raises(MigrationError, match=r"\[\[keys\]\] 1") as caught:
        parse_migration(f'{HEAD}[[keys]]\ncode = "SH401"\n{rows}\n')

    assert reason in caught.value.what


KEY = st.sampled_from(["a", "b", "c d", "é", "_target_", "1"])
SCALAR = st.sampled_from(["x", "é\n\"'", "", "a.b", "${a}"]) | st.integers(-9, 9) | st.booleans() | st.just(1.5)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3))
DOCUMENT = st.dictionaries(KEY, VALUE, max_size=4)


def paths_of(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the path of every key, in any order."""
    found: list[tuple[object, ...]] = []
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in items:
        found += [(*path, key)] if isinstance(value, dict) else []
        found += paths_of(inner, (*path, key))
    return found


def at(document: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        document = document[step]  # type: ignore[index]
    return document


@given(DOCUMENT, st.sampled_from([None, 1]), st.booleans())
def test_pairs_of_json_are_those_that_are_read(
    document: dict[str, object], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)

    pairs = list(json_pairs(text))

    assert sorted(map(repr, paths_of(document))) == sorted(repr(pair.path) for pair in pairs)
    assert all(text[slice(*pair.key)] == pair.name for pair in pairs if pair.key)
    assert all(text[slice(*pair.value)] == at(document, pair.path) for pair in pairs if pair.value)


@given(DOCUMENT, st.sampled_from([True, False, None]), st.booleans())
def test_pairs_of_yaml_are_those_that_are_read(
    document: dict[str, object], flow: bool | None, unicode_kept: bool
) -> None:
    text = yaml.safe_dump(document, default_flow_style=flow, allow_unicode=unicode_kept)

    [pairs] = yaml_documents(text, yaml_events(text))

    assert sorted(map(repr, paths_of(document))) == sorted(repr(pair.path) for pair in pairs)
    assert all(text[slice(*pair.key)] == pair.name for pair in pairs if pair.key)
    assert all(text[slice(*pair.value)] == at(document, pair.path) for pair in pairs if pair.value)
    assert all((at(document, pair.path),) == pair.literal for pair in pairs if pair.literal)


@given(
    st.lists(
        st.sampled_from(["a = 1", "b.c = 'x'", "[t]", "[[l]]", "[t.u]", "[l.m]", '"k k" = {x = 1, "y" = [2]}', "# é"])
    )
)
def test_pairs_of_toml_are_where_they_say(lines: list[str]) -> None:
    text = "\r\n".join([*lines, ""])
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)

    for pair in toml_pairs(text):
        assert at(document, pair.path) is not None
        assert pair.key is None or text[slice(*pair.key)] == pair.name
        assert pair.literal is None or pair.literal == (at(document, pair.path),)
        assert pair.value is None or text[slice(*pair.value)] == at(document, pair.path)


def test_of_several_rows_about_one_key_the_first_speaks() -> None:
    rows = dedent("""\
        [[keys]]
        code = "SH1001"
        v1 = "till.coins"
        v2 = "tokens"
        beside = ["till"]
        [[keys]]
        code = "SH1002"
        v1 = "*.coins"
        say = "look at it"
        beside = ["till"]
        """)
    outcome = rewrite_document(
        b"till:\n  coins: 3\nbag:\n  coins: 4\n", suffix=".yaml", moves=(), migrations=[parse_migration(HEAD + rows)]
    )

    assert isinstance(outcome, Unchanged)
    assert [(found.code, found.line) for found in outcome.findings] == [("SH1001", 2), ("SH1002", 4)]
