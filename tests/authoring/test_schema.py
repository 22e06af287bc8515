"""The JSON Schema agrees with the loader, on the bundled migrations and on one entry with any error."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.authoring.schema import json_schema
from compatkit.migration import MigrationError, available_migrations
from compatkit.migration._entry import Entry
from compatkit.migration.loader import read_document

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
BUNDLED = {name: tomllib.loads(file.read_text(encoding="utf-8")) for name, file in available_migrations().items()}
EVERY_KIND = tomllib.loads(
    """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
record = "shop.new.Row"
[[moves]]
code = "SHOP101"
old = "shop.old.Widget"
new = "shop.new.Gadget"
[[moves]]
code = "SHOP102"
kind = "module"
old = "old_shop"
new = "new_shop"
confidence = "review"
why = "It went."
[[moves]]
code = "SHOP103"
old = "shop.old.{name}Bag"
new = "shop.{home}.{name}Bag"
each.name = ["Big", "Small"]
each.home = { Big = "large", "*" = "new" }
[[fields]]
code = "SHOP201"
v1 = "acc"
v2 = "accuracy"
[[producers]]
code = "SHOP251"
function = "shop.train"
returns = ".history"
records = [".history[*]"]
[[arguments]]
code = "SHOP301"
of = "shop.Order"
v1 = "lines"
v2 = "lines"
position = 0
[[configs]]
of = "shop.Order"
class = "shop.OrderConfig"
argument = "config"
preset_argument = "preset"
[configs.defaults]
lines = 1
[configs.presets]
small = { lines = 2 }
[[keys]]
code = "SHOP401"
v1 = "till.limit"
v2 = "maximum"
beside = ["shop", "till.*.open"]
confidence = "manual"
why = "It is a limit no more."
[[keys]]
code = "SHOP402"
v1 = "till"
of = "shop.Till"
beside = ["shop"]
[[keys]]
code = "SHOP403"
v1 = "coins"
say = "There are none."
beside = ["shop"]
[[flags]]
code = "SHOP501"
v1 = "--coins"
v2 = "--tokens"
of = ["till-*"]
beside = ["--till"]
values = [["no", "never"]]
[[flags]]
code = "SHOP502"
v1 = "--notes"
beside = ["--till"]
say = "There are none."
[transform]
code = "SHOP901"
words = ["widget"]
confidence = "safe"
why = "No table can say it."
[[unhandled]]
name = "shop.gone.*"
why = "Nobody used it."
[equivalence]
rtol = 1e-6
atol = 0
metric_prefixes = ["final_"]
ignore = [{ metric = "time", why = "wall-clock time" }]
added_in_v2 = [{ tag = "new", why = "it is new" }, { artifact = "a", why = "b" }]
removed_in_v2 = [{ param = "old", why = "it is old" }]
defaults = [{ beside = "of", why = "nobody set it", v1 = { of = "1.*", old = "" }, v2 = { of = "2.*" } }]
"""
)


def is_loaded(document: dict[str, Any]) -> bool:
    try:
        read_document(Entry(document, ""), None)
    except MigrationError:
        return False
    return True


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("name", sorted(BUNDLED))
def test_every_bundled_migration_is_valid(name: str) -> None:
    VALIDATOR.validate(BUNDLED[name])


def test_a_migration_with_every_kind_of_entry_is_valid() -> None:
    VALIDATOR.validate(EVERY_KIND)
    assert is_loaded(EVERY_KIND)


def keys_of(name: str, table: dict[str, Any]) -> set[str]:
    ways = table.get("anyOf", [table])
    return {f"{name}.{key}".lstrip(".") for way in ways for key in way.get("properties", {})}


def test_every_key_says_what_it_means() -> None:
    tables = [SCHEMA, *SCHEMA["definitions"].values()]

    assert all(key.get("description") for table in tables for key in table.get("properties", {}).values())


def test_a_margin_may_be_a_share() -> None:
    assert "equivalence.margins.relative" in keys_of(
        "equivalence.margins", SCHEMA["definitions"]["equivalence.margins"]
    )


def test_no_table_is_left_without_a_way_to_write_it() -> None:
    assert all(definition not in ({"anyOf": []}, {}) for definition in SCHEMA["definitions"].values())


def closed_tables(value: object, path: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Yield the tables in which not every key may stand."""
    if isinstance(value, list):
        for inner in value:
            yield from closed_tables(inner, path)
    elif isinstance(value, dict):
        definition = SCHEMA["definitions"].get(".".join(path), {}) if path else SCHEMA
        if all(way.get("additionalProperties", True) is False for way in definition.get("anyOf", [definition])):
            yield value
            for key, inner in value.items():
                yield from closed_tables(inner, (*path, key))


# Wrong for every key of every table, whatever the key is.
WRONG = [None, [3], {"x": [[1]]}, [[]]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A document, which may be too long to be printed, and what was done to it."""

    document: dict[str, Any] = field(repr=False)
    done: str


@st.composite
def broken(draw: st.DrawFn) -> Drawn:
    """A migration in which one key is misspelt, left out though it must be there, added, or has a wrong value."""
    document = copy.deepcopy(draw(st.sampled_from([EVERY_KIND, *BUNDLED.values()])))
    table = draw(st.sampled_from(list(closed_tables(document))))
    key = draw(st.sampled_from(sorted(table)))
    done = draw(st.sampled_from(["misspell", "add", "replace"]))
    match done:
        case "misspell":
            table[f"{key}x"] = table.pop(key)
        case "add":
            table["any_other"] = draw(st.sampled_from(["x", 1, [], {}]))
        case "replace":
            table[key] = draw(st.sampled_from(WRONG))
    return Drawn(document, f"{table.get('code')}: {done} {key}")


@given(broken())
def test_what_is_wrong_is_refused_by_both(drawn: Drawn) -> None:
    assert not is_loaded(drawn.document)
    assert not VALIDATOR.is_valid(drawn.document)


@st.composite
def reduced(draw: st.DrawFn) -> Drawn:
    """A migration in which a table lacks one or two keys, whatever else needs them."""
    document = copy.deepcopy(draw(st.sampled_from([EVERY_KIND, *BUNDLED.values()])))
    table = draw(st.sampled_from(list(closed_tables(document))))
    keys = draw(st.lists(st.sampled_from(sorted(table)), min_size=1, max_size=2, unique=True))
    for key in keys:
        del table[key]
    return Drawn(document, f"{table.get('code')}: without {keys}")


@given(reduced())
def test_what_the_loader_takes_the_schema_takes(drawn: Drawn) -> None:
    assert VALIDATOR.is_valid(drawn.document) or not is_loaded(drawn.document)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("moves", "code", "101"),
        ("moves", "code", "SHOP1"),
        ("moves", "old", "Widget"),
        ("moves", "old", "shop..Widget"),
        ("moves", "kind", "package"),
        ("moves", "kind", "modul"),
        ("moves", "confidence", "sure"),
        ("fields", "v1", " "),
        ("arguments", "position", -1),
        ("arguments", "position", 1.5),
        ("arguments", "v2", "a b"),
        ("configs", "argument", "a.b"),
        ("unhandled", "why", ""),
        ("producers", "function", "train"),
    ],
)
def test_a_value_that_is_wrong_for_its_key_is_refused_by_both(table: str, key: str, value: object) -> None:
    document = copy.deepcopy(EVERY_KIND)
    document[table][0][key] = value

    assert not is_loaded(document)
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("moves", "code"),
        ("moves", "old"),
        ("moves", "new"),
        ("fields", "v1"),
        ("fields", "v2"),
        ("producers", "function"),
        ("arguments", "of"),
        ("configs", "class"),
        ("unhandled", "why"),
    ],
)
def test_a_key_that_must_be_there_is_missed_by_both(table: str, key: str) -> None:
    document = copy.deepcopy(EVERY_KIND)
    del document[table][0][key]

    assert not is_loaded(document)
    assert not VALIDATOR.is_valid(document)


def test_a_module_may_have_one_part_and_a_symbol_may_not() -> None:
    document = copy.deepcopy(EVERY_KIND)
    assert VALIDATOR.is_valid(document)

    del document["moves"][1]["kind"]

    assert not is_loaded(document)
    assert not VALIDATOR.is_valid(document)


def test_the_schema_of_a_file_beside_it_is_the_one_that_is_printed(tmp_path: Path) -> None:
    from compatkit.authoring.skeleton import SCHEMA_FILE, write_skeleton

    write_skeleton("shop-v2", tmp_path)

    assert json.loads((tmp_path / "shop-v2" / SCHEMA_FILE).read_text(encoding="utf-8")) == SCHEMA
