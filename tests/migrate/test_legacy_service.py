"""The legacy service, migrated: no import of the old orchestrator is left, and nothing else changed.

The judge is a walk over `ast` of its own.
"""

from __future__ import annotations

import ast
import difflib
import shutil
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

from compatkit.migrate import Report, plan_tree, write_report
from compatkit.migration import find_migration
from tests.shop.moves import contents

SERVICE = Path(__file__).parents[2] / "fixtures" / "legacy_service"
MIGRATION = find_migration()
MOVE = MIGRATION.moves[0]


@pytest.fixture
def service(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", ".*", "mlruns", "*.db")
    return Path(shutil.copytree(SERVICE, tmp_path / "service", ignore=ignored))


@pytest.fixture
def report(service: Path) -> Report:
    return write_report(plan_tree([service], [MIGRATION]))


def old_imports(root: Path) -> Iterator[tuple[str, int]]:
    """Yield each from-import of a moved name; the service's packages all begin at its root."""
    for path in sorted(root.rglob("*.py")):
        package = ".".join(path.relative_to(root).parent.parts)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.ImportFrom):
                continue
            module = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            if any(f"{module}.{alias.name}" == MOVE.old for alias in node.names):
                yield path.relative_to(root).as_posix(), node.lineno


def test_there_is_something_to_migrate() -> None:
    assert len(list(old_imports(SERVICE))) >= 10


def test_no_from_import_of_the_old_name_is_left(service: Path, report: Report) -> None:
    assert list(old_imports(service)) == []


def test_no_file_fails(report: Report) -> None:
    assert report.failed == ()


def test_second_run_changes_nothing(service: Path, report: Report) -> None:
    once = contents(service)

    again = write_report(plan_tree([service], [MIGRATION]))

    assert again.rewritten == ()
    assert contents(service) == once
    assert again.findings == report.findings


def test_only_files_that_name_the_old_home_change(service: Path) -> None:
    before = contents(service)
    module = MOVE.old_module.rpartition(".")[2].encode()

    write_report(plan_tree([service], [MIGRATION]))

    after = contents(service)
    assert {path for path, _ in old_imports(SERVICE)} <= {name for name in before if before[name] != after[name]}
    assert all(module in before[name] for name in before if before[name] != after[name])
    assert before.keys() == after.keys()


def test_changed_lines_all_name_a_home(service: Path) -> None:
    before = contents(service)
    old_name, new_module = MOVE.old_name, MOVE.new_module.rpartition(".")[2]

    write_report(plan_tree([service], [MIGRATION]))

    for name, content in contents(service).items():
        old, new = before[name].splitlines(keepends=True), content.splitlines(keepends=True)
        added = [line for line in difflib.ndiff([*map(repr, old)], [*map(repr, new)]) if line.startswith("+")]
        assert all("import" in line or new_module in line or old_name in line for line in added), name


def test_every_other_mention_of_the_old_module_is_reported(service: Path, report: Report) -> None:
    reported = {(path.relative_to(service).as_posix(), found.line) for path, found in report.findings}

    for name, content in contents(service).items():
        for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1):
            if name.endswith((".yaml", ".toml", ".ipynb")) and MOVE.old_module + "." in line:
                assert (name, number) in reported
