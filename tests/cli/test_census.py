"""`compatkit census` as a user runs it: three groups, and an exit status that says whether anything is left."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.test_group import compatkit
from tests.shop.moves import OLD, TOML, plant


def census(*uses: tuple[str, int, int]) -> str:
    """Return a census of uses of the one old name: file, line, count."""
    entries = [
        {"code": "CK101", "old": "shop.core.old_home.Old", "file": file, "line": line, "count": count}
        for file, line, count in uses
    ]
    return json.dumps({"schema": 1, "uses": entries})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A source with an import, a name that is put together, and a place that the run does not reach."""
    plant(tmp_path, {
        "migration.toml": TOML,
        "pyproject.toml": '[tool.compatkit]\nmigrations = ["migration.toml"]\n',
        "src/a.py": OLD,
        "src/b.py": "\nname = '.'.join(['shop', 'core', 'old' '_home'])\n__import__(name)\n",
        "src/c.py": OLD,
        "census.json": census(("src/a.py", 1, 1), (str(tmp_path / "src/b.py"), 3, 2)),
    })  # fmt: skip
    return tmp_path


def test_three_groups_are_told_apart(project: Path) -> None:
    done = compatkit("census", "census.json", "--in", "src", cwd=project)

    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        "Used in the run, and found in the source (1):",
        "  src/a.py:1 CK101 shop.core.old_home.Old, once",
        "Used in the run, but not found in the source (1); a person has to look:",
        "  src/b.py:3 CK101 shop.core.old_home.Old, 2 times",
        "Found in the source, but not used in the run (1); unused, or not exercised:",
        "  src/c.py:1 CK101 would be rewritten: shop.core.old_home.Old -> shop.core.new_home.New as Old",
    ]
    assert done.stderr == "1 found, 1 not found, 1 not used in the run.\n"


TEXT = """\
def run():
    '''Run it.

    >>> from shop.core.old_home import Old
    '''
    return [
        1,
        "shop.core.old_home.Old",
    ]
"""


def test_a_place_has_the_line_that_migrate_reports(project: Path) -> None:
    (project / "src" / "c.py").write_text(TEXT)

    reported = compatkit("migrate", "--check", "src", cwd=project).stdout
    counted = compatkit("census", "census.json", "--in", "src", cwd=project).stdout

    places = re.findall(r"src/c\.py:(\d+)", reported)
    assert places
    assert re.findall(r"src/c\.py:(\d+)", counted) == places


def test_json_holds_the_same_groups(project: Path) -> None:
    done = compatkit("census", "census.json", "--in", "src", "--format", "json", cwd=project)

    groups = json.loads(done.stdout)
    places = {
        name: [(entry["file"], entry["line"]) for entry in groups[name]] for name in ("found", "missed", "unseen")
    }
    assert places == {"found": [("src/a.py", 1)], "missed": [("src/b.py", 3)], "unseen": [("src/c.py", 1)]}
    assert groups["missed"][0]["count"] == 2


def test_several_censuses_are_added_up(project: Path) -> None:
    plant(project, {"second.json": census(("src/c.py", 1, 4), ("src/a.py", 1, 1))})

    done = compatkit("census", "census.json", "second.json", "--in", "src", cwd=project)

    assert "  src/a.py:1 CK101 shop.core.old_home.Old, 2 times\n" in done.stdout
    assert done.stderr == "2 found, 1 not found, 0 not used in the run.\n"


def test_without_a_path_the_working_directory_is_searched(project: Path) -> None:
    assert "  src/c.py:1 " in compatkit("census", "census.json", cwd=project).stdout


def test_nothing_left_exits_0(project: Path) -> None:
    plant(project, {"empty.json": census()})

    done = compatkit("census", "empty.json", "--in", "src/b.py", cwd=project)

    assert (done.returncode, done.stdout) == (0, "")


def test_a_place_that_was_not_used_is_still_left(project: Path) -> None:
    plant(project, {"empty.json": census()})

    assert compatkit("census", "empty.json", "--in", "src", cwd=project).returncode == 1


def test_a_file_that_cannot_be_processed_is_named_and_exits_3(project: Path) -> None:
    plant(project, {"src/d.py": "import shop.core.old_home\na = (\n"})

    done = compatkit("census", "census.json", "--in", "src", cwd=project)

    assert done.returncode == 3
    assert "in src/d.py:2:5" in done.stderr


def test_a_census_that_cannot_be_read_exits_2(project: Path) -> None:
    plant(project, {"census.json": "{"})

    done = compatkit("census", "census.json", cwd=project)

    assert (done.returncode, done.stdout) == (2, "")
    assert "error: The census cannot be read: it is not JSON" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_code_of_another_migration_is_named(project: Path) -> None:
    plant(project, {"other.json": census(("src/a.py", 1, 1)).replace("CK101", "CK777")})

    done = compatkit("census", "other.json", "--in", "src", cwd=project)

    assert "CK777: in no migration in use; name theirs with --migration\n" in done.stderr


@pytest.mark.parametrize("arguments", [["census"], ["census", "census.json", "--in", "scr"]])
def test_no_census_and_no_such_path_are_wrong_use(project: Path, arguments: list[str]) -> None:
    assert compatkit(*arguments, cwd=project).returncode == 64
