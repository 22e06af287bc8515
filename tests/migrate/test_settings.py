"""`[tool.compatkit]`: the nearest table decides, and nothing that is misspelt is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from compatkit.migrate.settings import Settings, load_settings
from compatkit.migration import MigrationError
from tests.migrate.trees import plant


def settings_of(folder: Path, text: str) -> Settings:
    return load_settings(plant(folder, {"pyproject.toml": f"[tool.compatkit]\n{text}\n"}))


@pytest.mark.parametrize(
    ("key", "nearest"), [("selct", "select"), ("modernise", "modernize"), ("allow_dirty", "allow-dirty")]
)
def test_unknown_key_names_the_nearest(tmp_path: Path, key: str, nearest: str) -> None:
    with pytest.raises(MigrationError) as caught:
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
    with pytest.raises(MigrationError, match="expected"):
        settings_of(tmp_path, line)


def test_table_that_is_none_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool]\ncompatkit = 1\n"})

    with pytest.raises(MigrationError):
        load_settings(tmp_path)


def test_nearest_table_decides_alone(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool.compatkit]\nconfidence = 'review'\nselect = ['CK1']\n"})
    plant(tmp_path, {"a/pyproject.toml": "[tool.compatkit]\nmodernize = true\n", "a/b/pyproject.toml": "[tool.x]\n"})

    found = load_settings(tmp_path / "a" / "b")

    assert (found.modernize, found.confidence, found.select) == (True, "safe", ())


def test_baseline_is_named_from_its_own_file(tmp_path: Path) -> None:
    plant(tmp_path, {"src/deep/a.py": ""})
    settings_of(tmp_path, "baseline = 'known.json'")

    assert load_settings(tmp_path / "src" / "deep").baseline == tmp_path / "known.json"


def test_options_carry_every_wish(tmp_path: Path) -> None:
    text = "confidence = 'review'\nmodernize = true\nselect = ['CK1']\n"
    options = settings_of(tmp_path, text + "ignore = ['CK102']").options

    assert (options.confidence, options.modernize) == ("review", True)
    assert (options.select, options.ignore) == (frozenset({"CK1"}), frozenset({"CK102"}))


@pytest.mark.parametrize("jobs", ["100000", "0", "true", '"2"'])
def test_number_of_processes_that_no_machine_has_is_an_error(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.compatkit]\njobs = {jobs}\n")

    with pytest.raises(MigrationError, match="a number from 1 to 4096"):
        load_settings(tmp_path)
