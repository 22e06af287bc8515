"""Modules that moved as a whole: the old name is the new module itself, and only where the old one is gone."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from textwrap import dedent
from unittest import mock

import pytest

from compatkit.migration import Migration, parse_migration
from compatkit.shim import MovedNameWarning, install, uninstall
from tests.shim.conftest import WriteProject
from tests.shop import HEAD

WHOLE = dedent(
    """\
    [[moves]]
    code = "CK101"
    kind = "module"
    old = "oldkit"
    new = "newkit.core"
    """
)
APART = dedent(
    """\
    [[moves]]
    code = "CK102"
    old = "oldkit.Apart"
    new = "newkit.apart.Apart2"
    """
)
PROJECT = {
    "newkit/__init__.py": "",
    "newkit/apart.py": "class Apart2: pass\n",
    "newkit/core/__init__.py": "VALUE = 1\nclass Thing: pass\n",
    "newkit/core/part.py": dedent(
        """\
        class Part: pass
        if __name__ == '__main__':
            print('ran', __spec__.name)
        """
    ),
}
FORMS = [
    "import oldkit.part; Part = oldkit.part.Part",
    "import oldkit.part as part; Part = part.Part",
    "from oldkit import part; Part = part.Part",
    "from oldkit.part import Part",
    "from oldkit.part import *",
    "import importlib; Part = importlib.import_module('oldkit.part').Part",
]
moved_warning = pytest.mark.filterwarnings("ignore::compatkit.shim.MovedNameWarning")


def migration(rows: str = WHOLE) -> Migration:
    return parse_migration(HEAD + rows)


def run(source: str, file: str = "user.py") -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(source, file, "exec"), names)
    return names


def test_a_real_old_module_is_left_alone(write_project: WriteProject) -> None:
    write_project({**PROJECT, "oldkit/__init__.py": "VALUE = 'old'\n", "oldkit/part.py": "Part = 'old'\n"})
    install([migration()])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run("from oldkit.part import Part")["Part"] == "old"


def test_a_package_that_is_nowhere_stays_missing(write_project: WriteProject) -> None:
    write_project({"newkit/__init__.py": ""})
    install([migration()])

    with pytest.raises(ModuleNotFoundError, match="oldkit"):
        run("import oldkit")


def test_a_broken_new_module_fails_with_its_own_error(write_project: WriteProject) -> None:
    write_project({**PROJECT, "newkit/core/__init__.py": "1 / 0\n"})
    install([migration()])

    with pytest.raises(ZeroDivisionError):
        run("import oldkit")
    assert "oldkit" not in sys.modules


@moved_warning
@pytest.mark.parametrize("form", FORMS)
def test_every_form_reaches_the_one_new_module(form: str, write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration()])

    assert run(form)["Part"] is importlib.import_module("newkit.core.part").Part


def test_the_warning_points_at_the_users_line(write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration()])

    with pytest.warns(MovedNameWarning, match="oldkit is now newkit.core; .*compatkit migrate") as caught:
        run("\nimport oldkit", "somewhere.py")
    assert [(warning.filename, warning.lineno) for warning in caught] == [("somewhere.py", 2)]


@moved_warning
def test_a_patch_on_the_old_path_reaches_the_new_module(write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration()])

    with mock.patch("oldkit.part.Part", "patched"):
        assert importlib.import_module("newkit.core.part").Part == "patched"


@moved_warning
def test_a_pickle_that_names_the_old_path_loads(write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration()])
    thing = importlib.import_module("newkit.core").Thing

    loaded = pickle.loads(pickle.dumps(thing(), 0).replace(b"newkit.core", b"oldkit"))

    assert type(loaded) is thing


@moved_warning
def test_the_new_module_keeps_its_own_name(write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration()])
    run("import oldkit.part")
    part = importlib.import_module("newkit.core.part")

    assert (part.__name__, part.__spec__.name) == ("newkit.core.part",) * 2
    assert importlib.reload(sys.modules["oldkit.part"]) is part


@moved_warning
def test_a_folder_that_is_left_behind_is_filled(write_project: WriteProject) -> None:
    write_project({**PROJECT, "oldkit/__pycache__/part.cpython-311.pyc": ""})
    install([migration()])

    assert run("from oldkit.part import Part")["Part"] is importlib.import_module("newkit.core.part").Part


@moved_warning
def test_uninstall_takes_every_old_name_out(write_project: WriteProject) -> None:
    write_project(PROJECT)
    before = list(sys.meta_path)
    install([migration()])
    run("import oldkit.part")

    uninstall()

    assert [name for name in sys.modules if name.split(".")[0] == "oldkit"] == []
    assert list(sys.meta_path) == before
    with pytest.raises(ModuleNotFoundError):
        run("import oldkit")


@moved_warning
@pytest.mark.parametrize("form", [*FORMS, "from oldkit import Apart, Thing; from oldkit.part import Part"])
def test_a_name_that_left_before_is_found_beside_the_rest(form: str, write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration(WHOLE + APART)])

    names = run(f"{form}\nfrom oldkit import *")

    assert names["Part"] is importlib.import_module("newkit.core.part").Part
    assert names["Apart"] is importlib.import_module("newkit.apart").Apart2
    assert names["Thing"] is importlib.import_module("newkit.core").Thing


@moved_warning
def test_a_patch_beside_a_name_that_left_reaches_the_new_module(write_project: WriteProject) -> None:
    write_project(PROJECT)
    install([migration(WHOLE + APART)])

    with mock.patch("oldkit.VALUE", 2), mock.patch("oldkit.Apart", "patched"):
        assert importlib.import_module("newkit.core").VALUE == 2
        assert importlib.import_module("newkit.apart").Apart2 == "patched"
    assert importlib.import_module("newkit.core").VALUE == 1


def test_the_old_name_can_be_run(tmp_path: Path) -> None:
    for name, text in {**PROJECT, "kit.toml": HEAD + WHOLE}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "compatkit", "run", "--migration", "kit.toml", "-m", "oldkit.part"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode) == ("ran newkit.core.part\n", 0), done.stderr
