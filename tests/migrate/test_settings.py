"""`[tool.compatkit]`: the nearest table decides, and nothing that is misspelt is passed over."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from jsonschema import Draft202012Validator

from compatkit.cli.migrate import command
from compatkit.errors import WrongUse
from compatkit.migrate.settings import Settings, load_settings, settings_keys
from compatkit.options import wishes
from tests.shop.moves import plant


def settings_of(folder: Path, text: str) -> Settings:
    return load_settings(plant(folder, {"pyproject.toml": f"[tool.compatkit]\n{text}\n"}))


@pytest.mark.parametrize(
    ("key", "nearest"), [("selct", "select"), ("modernise", "modernize"), ("allow_dirty", "allow-dirty")]
)
def test_unknown_key_names_the_nearest(tmp_path: Path, key: str, nearest: str) -> None:
    with pytest.raises(WrongUse) as caught:
        settings_of(tmp_path, f"{key} = true")

    assert nearest in caught.value.hint
    assert str(tmp_path / "pyproject.toml") in caught.value.where


@pytest.mark.parametrize(
    "line",
    [
        'modernize = "yes"',
        "select = 'CK1'",
        "select = [1]",
        "jobs = 0",
        "jobs = true",
        "confidence = 'manual'",
        "baseline = ''",
        "homes = ['a']",
        "homes = { a = 1 }",
        "migrations = 'a'",
    ],
)
def test_value_of_another_type_is_an_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(WrongUse, match="expected"):
        settings_of(tmp_path, line)


def test_table_that_is_none_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool]\ncompatkit = 1\n"})

    with pytest.raises(WrongUse):
        load_settings(tmp_path)


def test_nearest_table_decides_alone(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "pyproject.toml": dedent(
                """\
                [tool.compatkit]
                confidence = 'review'
                select = ['CK1']
                """
            )
        },
    )
    plant(tmp_path, {"a/pyproject.toml": "[tool.compatkit]\nmodernize = true\n", "a/b/pyproject.toml": "[tool.x]\n"})

    found = load_settings(tmp_path / "a" / "b")

    assert (found.modernize, found.confidence, found.select) == (True, "safe", frozenset())


def test_baseline_is_named_from_its_own_file(tmp_path: Path) -> None:
    plant(tmp_path, {"src/deep/a.py": ""})
    settings_of(tmp_path, "baseline = 'known.json'")

    assert load_settings(tmp_path / "src" / "deep").baseline == tmp_path / "known.json"


def test_options_carry_every_wish(tmp_path: Path) -> None:
    text = dedent(
        """\
        confidence = 'review'
        modernize = true
        select = ['CK1']
        """
    )
    options = settings_of(tmp_path, text + "ignore = ['CK102']").options

    assert (options.confidence, options.modernize) == ("review", True)
    assert (options.select, options.ignore) == (frozenset({"CK1"}), frozenset({"CK102"}))


@pytest.mark.parametrize("jobs", ["100000", "0", "true", '"2"'])
def test_number_of_processes_that_no_machine_has_is_an_error(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.compatkit]\njobs = {jobs}\n")

    with pytest.raises(WrongUse, match="a number from 1 to 4096"):
        load_settings(tmp_path)


# --config and --isolated


def test_config_changes_a_key_and_the_rest_stays(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool.compatkit]\nmodernize = true\n"})

    found = load_settings(tmp_path, config=["confidence=review", "select=['CK1']", "homes.a=b.c"])

    assert (found.modernize, found.confidence, found.select) == (True, "review", frozenset({"CK1"}))
    assert found.project.homes == {"a": "b.c"}
    assert found.project.origin == tmp_path / "pyproject.toml"


@pytest.mark.parametrize("text", ["rename = true\n", "[tool.compatkit]\nrename = true\n"])
def test_config_file_stands_in_for_the_nearest(tmp_path: Path, text: str) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool.compatkit]\nmodernize = true\n", "other.toml": text})

    found = load_settings(tmp_path, config=[str(tmp_path / "other.toml")])

    assert (found.modernize, found.rename) == (False, True)


def test_isolated_reads_no_file(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool.compatkit]\nmodernize = 3\n"})

    assert load_settings(tmp_path, isolated=True) == Settings()


@pytest.mark.parametrize("given", ["absent.toml", "rename=[", "=true"])
def test_config_that_is_neither_file_nor_setting_is_wrong_use(tmp_path: Path, given: str) -> None:
    with pytest.raises(WrongUse):
        load_settings(tmp_path, config=[given])


@pytest.mark.parametrize("given", ["renam=true", "rename=3"])
def test_config_of_a_wrong_key_or_value_names_the_command_line(tmp_path: Path, given: str) -> None:
    with pytest.raises(WrongUse) as caught:
        load_settings(tmp_path, config=[given])

    assert caught.value.where.startswith("--config")


def test_error_of_a_key_lists_them_all(tmp_path: Path) -> None:
    with pytest.raises(WrongUse) as caught:
        settings_of(tmp_path, "qqq = 1")

    assert all(key in caught.value.hint for key in settings_keys())


# One field is an option and a setting


def test_every_wish_is_an_option_of_migrate_and_a_key_of_the_settings() -> None:
    options = {name for parameter in command.params for name in parameter.opts}

    assert {f"--{key}" for key in wishes()} <= options
    assert wishes().keys() <= settings_keys().keys()


@pytest.mark.parametrize("key", sorted(wishes()))
def test_schema_of_a_key_agrees_with_what_it_takes(key: str) -> None:
    kind = wishes()[key][1].kind
    values: list[object] = [True, 0, 1, 4096, 4097, "", "a", "review", [], ["a"], [""], [1], {}, {"a": ["b"]}, {"a": 1}]

    for value in values:
        assert kind.fits(value) == Draft202012Validator(dict(kind.schema)).is_valid(value), value
