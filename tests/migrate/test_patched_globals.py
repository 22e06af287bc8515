"""Tests that replace a global which a function read in its old module, before and after it has moved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import write_report
from compatkit.migrate.job import Task
from compatkit.migrate.run import plan_task
from compatkit.migration import Move
from tests.shop.moves import plant

MOVES = (
    Move("CK101", "tool.utils.show", "tool.output.show"),
    Move("CK102", "tool.utils.Screen", "tool.output.Monitor"),
    Move("CK103", "tool.utils.moved", "tool.output.moved"),
    Move("CK104", "tool.utils.other", "tool.utils.another"),
)
STAYS = """\
def strict(): return True
def wide(): return True
def other(): return wide()
another = other
def made(): return True
"""
GOES = """\
def moved(): return True
def show(x, first=made()):
    wide = strict
    return (strict(), wide(), moved(), first, len("ab"), x)
class {}:
    made = made()
    def show(self):
        return [strict() for _ in range(2)]
"""
V1 = {"src/tool/__init__.py": "", "src/tool/utils.py": STAYS + GOES.format("Screen")}
V2 = {
    "src/tool/utils.py": STAYS,
    "src/tool/output.py": "from tool.utils import strict, made\n" + GOES.format("Monitor"),
}
PATCHING = """\
from unittest import mock
import tool.utils
from tool.utils import Screen, other, show
def no(): return False
"""
PRINTS = "    print(show(1), Screen().show(), other())\n"
LOST = {
    "text": "with mock.patch('tool.utils.strict', no):\n",
    "object": "with mock.patch.object(tool.utils, 'strict', no):\n",
    "multiple": "with mock.patch.multiple('tool.utils', strict=no):\n",
    "multiple of object": "with mock.patch.multiple(tool.utils, strict=no):\n",
    "builtin": "with mock.patch('tool.utils.len', no, create=True):\n",
    "set": "setattr(tool.utils, 'strict', no)\nif True:\n",
    "assigned": "tool.utils.strict = no\nif True:\n",
    "by a name of its own": "from tool import utils\nwith mock.patch.object(utils, 'strict', no):\n",
}
KEPT = {
    "a global of what stays": "with mock.patch.object(tool.utils, 'wide', no):\n",
    "what is read when it is made": "with mock.patch.object(tool.utils, 'made', no):\n",
    "both": "with mock.patch('tool.utils.strict', no), mock.patch('tool.output.strict', no, create=True):\n",
    "of another": "class own: strict = 1\nwith mock.patch.object(own, 'strict', no):\n",
    "no patch": "print(tool.utils.strict)\nif True:\n",
}


def ran(tree: Path) -> str:
    command = [sys.executable, "-B", "test_app.py"]
    done = subprocess.run(command, cwd=tree, env={"PYTHONPATH": "src"}, capture_output=True, text=True, check=False)
    return done.stdout or done.stderr


def migrated(tree: Path) -> list[tuple[int, str]]:
    """Migrate a tree and return what is found, but for the import of the old module."""
    report = plan_task([tree], Task(MOVES), jobs=1)
    write_report(report)
    found = [
        finding for result in report.results for finding in result.findings if "as a module" not in finding.message
    ]
    return [(finding.line, finding.message) for finding in found]


@pytest.mark.parametrize("sources", [V1, {**V1, **V2}], ids=["old sources", "new sources"])
@pytest.mark.parametrize("patch", LOST.values(), ids=LOST)
def test_patch_of_a_global_that_what_moved_read_is_reported(
    tmp_path: Path, patch: str, sources: dict[str, str]
) -> None:
    app = PATCHING + patch + PRINTS
    plant(tmp_path, {**V1, "test_app.py": app})
    before = ran(tmp_path)
    plant(tmp_path, {**sources, "test_app.py": app})

    [(line, message)] = migrated(tmp_path)
    plant(tmp_path, V2)

    assert ran(tmp_path) != before
    assert app.splitlines()[line - 1] in patch
    assert "tool.utils.show" in message


@pytest.mark.parametrize("sources", [V1, {**V1, **V2}], ids=["old sources", "new sources"])
@pytest.mark.parametrize("patch", KEPT.values(), ids=KEPT)
def test_patch_of_what_nothing_that_moved_read_is_no_finding(
    tmp_path: Path, patch: str, sources: dict[str, str]
) -> None:
    plant(tmp_path, {**sources, "test_app.py": PATCHING + patch + PRINTS})

    assert migrated(tmp_path) == []


def test_global_that_moves_itself_is_told_by_its_own_move(tmp_path: Path) -> None:
    plant(tmp_path, {**V1, "test_app.py": PATCHING + "with mock.patch('tool.utils.moved', no):\n" + PRINTS})

    [(_, message)] = migrated(tmp_path)

    assert "tool.output.moved is the new home" in message


def test_fixture_that_patches_is_reported(tmp_path: Path) -> None:
    test = """\
        from tool import utils
        def test_show(monkeypatch):
            monkeypatch.setattr(utils, "strict", lambda: False)
            assert utils.other()
        """
    plant(tmp_path, {**V1, "test_app.py": dedent(test)})

    [(line, message)] = migrated(tmp_path)

    assert line == 3
    assert "tool.output.strict" in message
