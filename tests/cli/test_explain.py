"""`compatkit explain` knows every code that a report can contain, and refuses all others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import compatkit
from compatkit.authoring.explaining import TOOL_CODES, explain_code
from compatkit.migration import available_migrations, codes_of, load_migration
from tests.cli.here import compatkit as run


def test_every_code_of_the_tool_itself_is_known_and_no_other() -> None:
    sources = Path(compatkit.__file__).parent.rglob("*.py")

    used = {code for file in sources for code in re.findall(r"CK9\d\d", file.read_text(encoding="utf-8"))}

    assert set(TOOL_CODES) == used


@pytest.mark.slow("rewrites the examples for every code")
@pytest.mark.parametrize("name", sorted(available_migrations()))
def test_every_code_of_a_bundled_migration_is_explained_with_an_example_or_without(name: str) -> None:
    migration = load_migration(available_migrations()[name])

    for code in dict.fromkeys(codes_of(migration)):
        lines = explain_code(migration, code)

        assert lines[0].startswith(f"{code}  of {name}: ")
        assert lines[-1].startswith("Under the shim: ")


def test_a_code_is_asked_for_alone_or_with_its_migration() -> None:
    alone, named = run("explain", "pl206"), run("explain", "lightning-2:PL206")

    assert alone.returncode == named.returncode == 0
    assert alone.stdout == named.stdout
    assert "accelerator='cpu' is added" in alone.stdout


def test_a_code_that_is_none_is_an_error_with_the_nearest() -> None:
    done = run("explain", "CK20")

    assert done.returncode == 64
    assert "did you mean 'CK20" in done.stderr


def test_a_code_of_another_migration_is_not_that_of_the_one_that_is_named() -> None:
    assert run("explain", "torch-2:PL206").returncode == 64


def test_a_migration_may_be_named_by_the_id_that_it_had() -> None:
    assert run("explain", "torch-amp:TA101").stdout == run("explain", "torch-2:TA101").stdout


def test_the_example_is_code_as_it_is_written_where_one_is_there() -> None:
    done = run("explain", "CK101")

    assert "    -from backend.ml_engine.training_orchestrator import " in done.stdout
