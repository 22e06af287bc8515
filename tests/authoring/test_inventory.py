"""An inventory lists what a release defines or hands on, and nothing that it takes from elsewhere."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring import AuthoringError
from compatkit.authoring.releases import take_inventory
from compatkit.cli._migrations.writing import inventory_command
from tests.command_line import command_runner

SHOP = {
    "__init__.py": """
        import os
        from json import dumps
        from shop.till import *
        from .paper import Bill as Note

        VERSION = "2"
        """,
    "till.py": """
        from __future__ import annotations
        import sys

        class Till:
            limit = 3
            def open(self): ...

        if sys.version_info > (3,):
            def count(): ...
        else:
            def tally(): ...

        try:
            import torch
        except ImportError:
            torch = None
        """,
    "paper.py": dedent(
        """\
        class Bill: ...

        raise RuntimeError('it is not imported')
        """
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    for name, text in SHOP.items():
        (tmp_path / "shop" / name).write_text(dedent(text), encoding="utf-8")
    return tmp_path


def test_names_of_every_module_are_listed_but_for_those_of_other_libraries(folder: Path) -> None:
    names = take_inventory("shop", folder).names

    assert names["shop"] == {"VERSION", "Till", "count", "tally", "Note", "paper", "till"}
    assert names["shop.till"] >= {"Till", "count", "tally"}
    assert names["shop.paper"] == {"Bill"}


def test_a_module_that_is_not_there_is_an_error_that_names_it(folder: Path) -> None:
    with pytest.raises(AuthoringError, match=r"no module shop\.coins"):
        take_inventory("shop.coins", folder)


def test_the_command_prints_what_a_migration_reads(folder: Path) -> None:
    done = command_runner().invoke(inventory_command, [str(folder / "shop"), "shop"])

    assert done.exit_code == 0, done.output
    assert "shop.paper: Bill\n" in done.stdout
