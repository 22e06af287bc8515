"""--rename in a tree: what other files take from one keeps its name; and with the other options."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import Result

from compatkit.cli import cli
from compatkit.migration import find_migration
from compatkit.options import Options
from compatkit.rewrite import Outcome, Rewritten, Unchanged, rewrite_source
from tests.command_line import command_runner
from tests.shop.moves import NEW, OLD, TOML, contents, plant

RENAMED = "from shop.core.new_home import New\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work tree that is the working directory."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    plant(tmp_path, {"migration.toml": TOML, "shop/__init__.py": ""})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rename(*arguments: str, text: str | None = None) -> Result:
    options = ["migrate", "--migration", "migration.toml", "--allow-dirty", "--rename"]
    return command_runner().invoke(cli, [*options, *arguments], input=text)


def becomes(tree: Path, *paths: str) -> str:
    """Return what becomes of shop/app.py, which imports the name and uses it."""
    plant(tree, {"shop/app.py": OLD + "Old()\n"})
    rename(*(paths or ["."]))
    return contents(tree)["shop/app.py"].decode()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("shop/b.py", "from shop.app import Old\n"),
        ("shop/b.py", "from .app import Old\n"),
        ("shop/b.py", "from shop import app\napp.Old()\n"),
        ("shop/b.py", "import shop.app as x\nx.Old()\n"),
        ("shop/b.py", "import shop\nshop.app.Old()\n"),
        ("shop/b.py", "from shop.app import *\n"),
        (
            "shop/b.py",
            dedent(
                """\
                from shop.app import (
                    *
                )
                """
            ),
        ),
        ("tests/test_app.py", "mock.patch('shop.app.Old')\n"),
        ("tests/test_app.py", "monkeypatch.setattr('shop.app', 'Old', 1)\n"),
        ("python2.py", "from shop.app import Old\nprint 'x'\n"),
        ("conf/model.yaml", "_target_: shop.app.Old\n"),
        ("pyproject.toml", "[project.entry-points.x]\ny = 'shop.app:Old'\n"),
        (
            "setup.cfg",
            dedent(
                """\
                [options.entry_points]
                x =
                    y = shop.app:Old
                """
            ),
        ),
        ("n.ipynb", '{"cells": [{"cell_type": "code", "source": "from shop.app import Old"}]}'),
        (
            "README.md",
            dedent(
                """\
                ```python
                from shop.app import Old
                ```
                """
            ),
        ),
    ],
)
def test_name_that_another_file_takes_is_kept(tree: Path, name: str, other: str) -> None:
    plant(tree, {name: other})

    assert becomes(tree) == NEW + "Old()\n"


def test_file_outside_of_the_paths_given_counts(tree: Path) -> None:
    plant(tree, {"other/b.py": "from shop.app import Old\n"})

    assert becomes(tree, "shop/app.py") == NEW + "Old()\n"


def test_file_outside_of_the_paths_given_counts_without_git_too(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/b.py": "from .core.app import Old\n", "shop/core/__init__.py": ""}
    plant(tmp_path, {"migration.toml": TOML, **files, "shop/core/app.py": OLD})

    command_runner().invoke(
        cli, ["migrate", "--migration", f"{tmp_path}/migration.toml", "--rename", f"{tmp_path}/shop/core/app.py"]
    )

    assert contents(tmp_path)["shop/core/app.py"].decode() == NEW


@pytest.mark.parametrize(
    "other",
    [
        OLD + "Old()\n",
        "from shop.app import other\n",
        "from elsewhere import Old, application\n",
        "Old = 1\n",
    ],
)
def test_name_that_no_file_takes_is_renamed(tree: Path, other: str) -> None:
    plant(tree, {"shop/b.py": other})

    assert becomes(tree) == RENAMED + "New()\n"


def test_fixture_in_a_conftest_is_kept(tree: Path) -> None:
    plant(tree, {"conftest.py": OLD})

    rename(".")

    assert contents(tree)["conftest.py"].decode() == NEW


def test_standard_input_keeps_names_of_the_module_and_renames_within_functions(tree: Path) -> None:
    result = rename("-", text=OLD)
    inner = rename("-", text=f"def f():\n    {OLD}    Old()\n")

    assert result.stdout == NEW
    assert inner.stdout == f"def f():\n    {RENAMED}    New()\n"


def test_second_run_changes_nothing(tree: Path) -> None:
    plant(tree, {"shop/b.py": "from shop.app import Old\n", "c.py": OLD + "Old()\n", "shop/app.py": OLD})
    rename(".")
    before = contents(tree)

    result = rename(".")

    assert (contents(tree), result.exit_code) == (before, 0)


@pytest.mark.parametrize(("value", "imported"), [("true", RENAMED), ("false", NEW)])
def test_project_can_ask_for_it(tree: Path, value: str, imported: str) -> None:
    plant(tree, {"pyproject.toml": f"[tool.compatkit]\nrename = {value}\n", "a.py": OLD})

    command_runner().invoke(cli, ["migrate", "--migration", "migration.toml", "--allow-dirty", "."])

    assert contents(tree)["a.py"].decode() == imported


def test_command_line_goes_before_the_project(tree: Path) -> None:
    plant(tree, {"pyproject.toml": "[tool.compatkit]\nrename = true\n", "a.py": OLD})

    rename("--no-rename", ".")

    assert contents(tree)["a.py"].decode() == NEW


def test_reason_is_reported_at_the_import(tree: Path) -> None:
    plant(tree, {"a.py": f"x = 1\n{OLD}Old = 2\n"})

    result = rename("--check", "a.py")

    assert "a.py:2:1 CK101 Old keeps its name here: line 3 binds it too" in result.stdout


MODERN = """\
x = 'é'
from backend.ml_engine.training_orchestrator import TrainingOrchestrator


def main(given):
    a = TrainingOrchestrator(**given); TrainingOrchestrator("digits", lr=0.1)
    orchestrator = TrainingOrchestrator("digits", lr=0.1)
    return orchestrator.train_model(None)["history"][-1]["train_acc"]
"""


def modern(source: bytes) -> Outcome:
    migration = find_migration()
    return rewrite_source(
        source,
        module="app",
        is_package=False,
        moves=migration.moves,
        migrations=[migration],
        options=Options(rename=True, modernize=True),
    )


def test_modern_code_uses_the_new_name() -> None:
    outcome = modern(MODERN.encode())
    assert isinstance(outcome, Rewritten)
    code = outcome.source.decode()

    assert "import TrainingOrchestratorV2\n" in code
    assert code.count("TrainingOrchestratorV2(") == MODERN.count("TrainingOrchestrator(")
    assert "TrainingOrchestrator(" not in code
    assert "TrainingOrchestratorV2(**given);" in code
    assert code.endswith('["train_accuracy"]\n')


def test_edits_and_findings_of_both_steps_point_at_the_places_before() -> None:
    outcome, lines = modern(MODERN.encode()), MODERN.split("\n")
    assert isinstance(outcome, Rewritten)
    places = {(remark.line, remark.column) for remark in (*outcome.edits, *outcome.findings)}

    assert {(line, lines[line - 1][column - 1 :].partition("(")[0]) for line, column in places} == {
        (2, lines[1]),
        (6, "TrainingOrchestrator"),
        (7, "TrainingOrchestrator"),
        (8, '"train_acc"]'),
    }
    assert (6, lines[5].rindex("TrainingOrchestrator(") + 1) in places


def test_modern_second_run_changes_nothing() -> None:
    outcome = modern(MODERN.encode())
    assert isinstance(outcome, Rewritten)

    assert isinstance(modern(outcome.source), Unchanged)
