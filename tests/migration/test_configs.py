"""A migration declares where v2 keeps v1's flat arguments and where records lie, and the declaration is checked."""

from __future__ import annotations

import pickle
from textwrap import dedent

import pytest

from compatkit.migration import (
    Attribute,
    Each,
    Item,
    MigrationError,
    Preset,
    Section,
    Setting,
    find_migration,
    parse_migration,
    parse_records,
)
from tests.shop import HEAD

ARGUMENTS = """
[[arguments]]
code = "CK301"
of = "shop.Order"
v1 = "amount"
v2 = "total.amount"
[[arguments]]
code = "CK302"
of = "shop.Order"
v1 = "lines"
v2 = "lines"
"""
CONFIG = """
[[configs]]
of = "shop.Order"
class = "shop.config.OrderConfig"
[configs.sections]
total = "shop.config.Total"
[configs.defaults]
lines = 1
[configs.presets]
small = { lines = 2, total.amount = 1.5 }
"""


def refusal(text: str) -> str:
    with pytest.raises(MigrationError) as caught:
        parse_migration(HEAD + text)
    return str(caught.value)


def test_a_configuration_is_read_whole() -> None:
    (config,) = parse_migration(HEAD + ARGUMENTS + CONFIG).configs

    assert (config.of, config.name, config.argument) == ("shop.Order", "shop.config.OrderConfig", "config")
    assert config.sections == (Section("total", "shop.config.Total"),)
    assert config.defaults == (Setting("lines", 1),)
    assert config.presets == (Preset("small", (Setting("lines", 2), Setting("total.amount", 1.5))),)
    assert config.preset_argument == "preset"


def test_without_presets_there_is_no_argument_for_them() -> None:
    (config,) = parse_migration(HEAD + ARGUMENTS + CONFIG.partition("[configs.presets]")[0]).configs

    assert config.preset_argument == ""


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (ARGUMENTS + CONFIG.replace('total = "shop.config.Total"', ""), "'sections.total' is missing"),
        (ARGUMENTS + CONFIG.replace("lines = 2", "lins = 2"), "did you mean 'lines'?"),
        (ARGUMENTS + CONFIG.replace("lines = 1", "lines = [1]"), "a string, a number, true or false"),
        (ARGUMENTS + CONFIG.replace("class =", "clas ="), "Unknown key 'clas'"),
        (ARGUMENTS + CONFIG.replace('"shop.config.Total"', '"Total"'), "a dotted name of a module and a symbol"),
        (ARGUMENTS + CONFIG.replace("[configs.sections]", 'argument = "a b"\n[configs.sections]'), "a name"),
        (ARGUMENTS + CONFIG + CONFIG, "The configuration of 'shop.Order'"),
        (
            dedent(
                """\
                [[producers]]
                code = "CK251"
                function = "a.b"
                records = ["history"]
                """
            ),
            "expected paths such as",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(text: str, part: str) -> None:
    assert part in refusal(text)


def test_a_project_may_keep_the_configuration_elsewhere() -> None:
    migration = parse_migration(HEAD + ARGUMENTS + CONFIG).relocated({"shop": "web.shop"})

    (config,) = migration.configs
    assert (config.of, config.name) == ("web.shop.Order", "web.shop.config.OrderConfig")
    assert config.sections == (Section("total", "web.shop.config.Total"),)


def test_a_path_to_records_may_pass_every_element() -> None:
    assert parse_records('["history"][*].values[0]') == (Item("history"), Each(), Attribute("values"), Item(0))


@pytest.mark.parametrize("text", ["[*", "[**]", "*", "[*]history", "history[*]"])
def test_what_is_no_path_to_records_is_refused(text: str) -> None:
    assert parse_records(text) is None


def test_a_migration_can_still_be_hashed_and_pickled() -> None:
    migration = find_migration()

    assert pickle.loads(pickle.dumps(migration)) == migration
    assert hash(migration) == hash(pickle.loads(pickle.dumps(migration)))
