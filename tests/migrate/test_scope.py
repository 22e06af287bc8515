"""Files that are left out, and codes that are ignored in some files: patterns of the settings and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from compatkit.cli import cli
from compatkit.migrate.finding.find import FileScope
from tests.command_line import command_runner
from tests.shop.moves import NEW, OLD, TOML, contents, plant


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plant(tmp_path, {"migration.toml": TOML})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def migrate(*arguments: str) -> Result:
    return command_runner().invoke(cli, ["migrate", "--migration", "migration.toml", *arguments])


def rewritten(tree: Path) -> list[str]:
    return [name for name, source in contents(tree).items() if source == NEW.encode()]


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("vendored", ["src/vendored/a.py", "src/vendored/deep/b.py", "vendored/c.py"]),
        ("/vendored", ["vendored/c.py"]),
        ("src/vendored/*.py", ["src/vendored/a.py"]),
        ("src/**/b.py", ["src/vendored/deep/b.py"]),
        ("*.py,!d.py", ["src/vendored/a.py", "src/vendored/deep/b.py", "vendored/c.py"]),
        ("endored", []),
    ],
)
def test_what_is_excluded_is_not_written(tree: Path, pattern: str, kept: list[str]) -> None:
    names = ["d.py", "src/vendored/a.py", "src/vendored/deep/b.py", "vendored/c.py"]
    plant(tree, dict.fromkeys(names, OLD))

    migrate("--exclude", pattern)

    assert rewritten(tree) == [name for name in names if name not in kept]


def test_patterns_of_the_settings_start_at_their_file_wherever_the_run_starts(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tree, {"pyproject.toml": "[tool.compatkit]\nexclude = ['/src/a.py']\n", "src/a.py": OLD, "src/b.py": OLD})
    monkeypatch.chdir(tree / "src")

    command_runner().invoke(cli, ["migrate", "--migration", "../migration.toml"])

    assert rewritten(tree) == ["src/b.py"]


def test_exclude_takes_the_place_of_the_setting_and_extend_exclude_stands_beside_it(tree: Path) -> None:
    plant(tree, {"pyproject.toml": "[tool.compatkit]\nexclude = ['a.py']\n", **dict.fromkeys(("a.py", "b.py"), OLD)})

    migrate("--extend-exclude", "b.py")
    assert rewritten(tree) == []

    migrate("--exclude", "b.py")
    assert rewritten(tree) == ["a.py"]


def test_a_file_that_is_named_and_excluded_is_not_left_out_in_silence(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    result = migrate("a.py", "--exclude", "a.py")

    assert "a.py skipped: `exclude` leaves it out" in result.stderr
    assert rewritten(tree) == []


def test_a_code_is_ignored_where_its_pattern_matches_only(tree: Path) -> None:
    plant(tree, {"legacy/a.py": OLD, "src/b.py": OLD})

    migrate("--per-file-ignores", "legacy:CK1")

    assert rewritten(tree) == ["src/b.py"]


def test_codes_by_pattern_come_from_the_settings_too(tree: Path) -> None:
    text = "[tool.compatkit.per-file-ignores]\n'legacy/' = ['CK101']\n"
    plant(tree, {"pyproject.toml": text, "legacy/a.py": OLD, "src/b.py": OLD})

    migrate()

    assert rewritten(tree) == ["src/b.py"]


def test_a_code_that_is_none_is_wrong_use_there_too(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    assert migrate("--per-file-ignores", "legacy:CK7").exit_code == 2
    assert migrate("--per-file-ignores", "legacy").exit_code == 2


def test_a_file_from_elsewhere_is_matched_by_its_name_alone(tmp_path: Path) -> None:
    scope = FileScope(tmp_path / "project", exclude=("a.py",))

    assert scope.left_out([str(tmp_path / "other/a.py"), str(tmp_path / "other/b.py")]) == {
        str(tmp_path / "other/a.py")
    }
