"""`compatkit run`: the user's script as Python would run it, plus the shim."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_group import compatkit
from tests.shop import make_shop

SCRIPT = "import sys\nfrom shop.old import Widget\nprint(Widget.__name__, __name__, sys.argv)\nsys.exit(7)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_shop(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


@pytest.mark.parametrize("target", [["script.py"], ["-m", "script"]])
def test_old_imports_resolve_and_arguments_and_status_pass_through(project: Path, target: list[str]) -> None:
    done = compatkit("run", *target, "--epochs", "5", "-m", cwd=project)

    assert done.stdout.startswith("Gadget __main__ [")
    assert done.stdout.rstrip().endswith("'--epochs', '5', '-m']")
    assert done.returncode == 7


def test_the_warning_shows_at_the_scripts_line(project: Path) -> None:
    done = compatkit("run", "script.py", cwd=project)

    assert "script.py:2: MovedNameWarning: CK101 shop.old.Widget is now shop.new.Gadget" in done.stderr


def test_the_scripts_own_error_stays_its_own(project: Path) -> None:
    (project / "script.py").write_text("def broken():\n    raise ValueError('mine')\nbroken()\n")

    done = compatkit("run", "script.py", cwd=project)

    assert done.returncode == 1
    assert "ValueError: mine" in done.stderr
    assert 'script.py", line 2' in done.stderr


def test_an_unknown_migration_is_an_error(project: Path) -> None:
    done = compatkit("run", "--migration", "shopv2", "script.py", cwd=project)

    assert done.returncode == 2
    assert "There is no migration 'shopv2'" in done.stderr


def test_a_record_that_contradicts_itself_shows_where_it_was_made(project: Path) -> None:
    (project / "script.py").write_text(
        "from compatkit import read_history\nread_history([{'epoch': 3, 'train_acc': 0.81, 'train_accuracy': 0.79}])\n"
    )

    done = compatkit("run", "script.py", cwd=project)

    assert done.returncode == 1
    assert 'script.py", line 2' in done.stderr
    assert "CK201 epoch 3 has both" in done.stderr
