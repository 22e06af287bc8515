"""A declared producer that was imported but not wrapped is reported at the end of the run."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migration import Migration, parse_migration
from compatkit.shim import install
from compatkit.shim.producers import producers_not_in_source, unwrapped
from tests.cli.test_group import compatkit
from tests.shim.conftest import WriteProject

DECLARED = """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = {{ v1 = "1", v2 = "2" }}
[[producers]]
code = "CK251"
function = "shop.trainers.Trainer.train"
[[producers]]
code = "CK252"
function = "shop.trainers.Trainer.{other}"
[[producers]]
code = "CK253"
function = "shop.elsewhere.train"
[[producers]]
code = "CK254"
function = "shop.absent.train"
"""
FILES = {
    "shop/__init__.py": "",
    "shop/trainers.py": """
        class Above:
            def inherited(self): return []
        class Trainer(Above):
            kept = 3
            def __init__(self): self.history = []
            def train(self): return []
        """,
    "shop/elsewhere.py": "def trian(): return []\n",
}


def declared(other: str = "inherited") -> Migration:
    return parse_migration(DECLARED.format(other=other))


def said(migration: Migration) -> list[str]:
    return [
        line.partition(" is declared as a producer, but not shimmed: ")[2] for line in unwrapped(migration.producers)
    ]


def test_what_is_wrapped_and_what_was_not_imported_is_not_said(write_project: WriteProject) -> None:
    write_project(FILES)
    install([declared()])
    importlib.import_module("shop.trainers")

    assert said(declared()) == []


def test_a_name_that_its_module_lacks_is_said_with_the_nearest(write_project: WriteProject) -> None:
    write_project(FILES)
    install([declared()])
    importlib.import_module("shop.elsewhere")

    assert said(declared()) == ["there is no name 'train' in shop.elsewhere"]


def test_a_name_that_only_instances_have_is_said_though_another_class_is_served(write_project: WriteProject) -> None:
    dynamic = """
        class Dynamic:
            def __getattr__(self, name): return []
        """
    write_project({**FILES, "shop/trainers.py": FILES["shop/trainers.py"].rstrip() + dynamic})
    migration = parse_migration(
        DECLARED.format(other="inherited").replace("shop.elsewhere.train", "shop.trainers.Dynamic.history")
    )
    install([migration])
    importlib.import_module("shop.trainers")

    (line,) = said(migration)
    assert line.startswith("there is no name 'Dynamic.history' in shop.trainers")


def test_a_name_beside_one_that_is_wrapped_may_be_the_other_versions(write_project: WriteProject) -> None:
    write_project(FILES)
    install([declared("fit")])
    importlib.import_module("shop.trainers")

    assert said(declared("fit")) == []


def test_what_cannot_be_wrapped_is_reported(write_project: WriteProject) -> None:
    write_project(FILES)
    install([declared("kept")])
    importlib.import_module("shop.trainers")

    assert said(declared("kept")) == ["it is a int, which cannot be wrapped"]


def test_a_module_that_came_in_past_the_shim_is_reported(write_project: WriteProject) -> None:
    write_project(FILES)
    install([declared()])
    hidden, sys.meta_path = (
        sys.meta_path,
        [finder for finder in sys.meta_path if "compatkit" not in type(finder).__module__],
    )
    try:
        importlib.import_module("shop.trainers")
    finally:
        sys.meta_path = hidden

    assert said(declared()) == ["shop.trainers was imported past the shim"] * 2


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("__init__", []),
        ("kept", []),
        ("histroy", ["trainers.py does not show 'Trainer.histroy'; it may be inherited"]),
    ],
)
def test_the_source_shows_what_is_not_there_without_an_import(
    other: str, expected: list[str], write_project: WriteProject
) -> None:
    folder = write_project({**FILES, "shop/__init__.py": "raise RuntimeError\n"})

    found = [line for line in producers_not_in_source(declared(other).producers, folder) if "trainers" in line]

    assert [line.rpartition("/")[2] for line in found] == expected


def test_a_run_and_the_status_say_it(write_project: WriteProject) -> None:
    folder: Path = write_project(
        {
            **FILES,
            "migration.toml": DECLARED.format(other="train_it"),
            "pyproject.toml": '[tool.compatkit]\nmigrations = ["migration.toml"]\n',
            "script.py": dedent("""\
                import shop.elsewhere, multiprocessing
                if __name__ == '__main__':
                    multiprocessing.get_context('spawn').Process(target=print, args=('child',)).start()
                """),
        }
    )
    line = "compatkit: CK253 shop.elsewhere.train is declared as a producer, but not shimmed: there is no name 'train'"

    done = compatkit("run", "script.py", cwd=folder)
    status = compatkit("shim", "status", cwd=folder)

    assert (done.stdout, done.returncode) == ("child\n", 0)
    assert [warned for warned in done.stderr.splitlines() if warned.startswith(line)] == [f"{line} in shop.elsewhere"]
    assert "elsewhere.py does not show 'train'\n" in status.stderr
    assert status.returncode == 0
