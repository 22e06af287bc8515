"""Every bundled migration does to its own examples what they say, and can be run twice.

`NAME.before.txt` becomes `NAME.after.txt`, or, with --rename, `NAME.renamed.txt` where there is one.
An example's first line may name its module, which relative imports need: `# module: a.b` or `# package: a.b`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from compatkit.authoring.examples import Example, find_examples, rewritten
from compatkit.authoring.trial import try_triangle
from compatkit.migration import Migration, available_migrations, load_migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged, rewrite_source

KINDS = ("before", "after", "renamed", "unchanged")
_HEADER = re.compile(rb"\A# (module|package): ([\w.]+)")


@cache
def migrations() -> Mapping[Path, Migration]:
    """Return what is registered, by file; each is loaded once."""
    return {file: load_migration(file) for _, file in sorted(available_migrations().items())}


def examples(kind: str) -> list[ParameterSet]:
    return [
        pytest.param(migration, example, id=f"{migration.id}-{example.name.removesuffix(f'.{kind}.txt')}")
        for file, migration in migrations().items()
        for example in sorted((file.parent / "examples").glob(f"*.{kind}.txt"))
    ]


def runnable() -> list[ParameterSet]:
    """Return the examples that are run, with the library that is installed."""
    return [
        pytest.param(migration, example, id=f"{migration.id}-{example.name}")
        for file, migration in migrations().items()
        for example in find_examples(file.parent).found
        if example.is_runnable
    ]


def silent() -> list[ParameterSet]:
    """Return the examples of which even with every option nothing is said."""
    return [
        pytest.param(migration, example, id=f"{migration.id}-{example.name}")
        for file, migration in migrations().items()
        for example in find_examples(file.parent).found
        if example.before.startswith(b"# Nothing is said of this.")
    ]


def apply(migration: Migration, source: bytes, options: Options = Options()) -> bytes:  # noqa: B008 - immutable
    header = _HEADER.match(source)
    module = header[2].decode() if header else "app"
    is_package = bool(header) and header[1] == b"package"
    outcome = rewrite_source(
        source,
        module=module,
        is_package=is_package,
        moves=migration.moves,
        migrations=[migration],
        options=options,
    )
    return outcome.source if isinstance(outcome, Rewritten) else source


@pytest.mark.parametrize(("migration", "example"), examples("unchanged"))
def test_is_not_touched(migration: Migration, example: Path) -> None:
    source = example.read_bytes()

    assert apply(migration, source) == source


@pytest.mark.parametrize(("migration", "before"), examples("before"))
def test_is_rewritten_as_shown(migration: Migration, before: Path) -> None:
    after = before.with_name(before.name.replace(".before.", ".after."))

    assert apply(migration, before.read_bytes()).decode() == after.read_bytes().decode()


@pytest.mark.parametrize(("migration", "renamed"), examples("renamed"))
def test_is_renamed_as_shown(migration: Migration, renamed: Path) -> None:
    before = renamed.with_name(renamed.name.replace(".renamed.", ".before.")).read_bytes()
    source = renamed.read_bytes()

    assert apply(migration, before, Options(rename=True)).decode() == source.decode()
    assert apply(migration, source, Options(rename=True)) == source


@pytest.mark.parametrize(("migration", "after"), examples("after"))
def test_is_not_rewritten_again(migration: Migration, after: Path) -> None:
    source = after.read_bytes()

    assert apply(migration, source) == source


@pytest.mark.parametrize(("migration", "example"), [example for kind in KINDS for example in examples(kind)])
def test_example_compiles(migration: Migration, example: Path) -> None:
    compile(example.read_bytes(), example.name, "exec", dont_inherit=True)


@pytest.mark.parametrize(("name", "file"), sorted(available_migrations().items()))
def test_migration_with_moves_has_examples_of_both_kinds(name: str, file: Path) -> None:
    counts = {kind: len(examples(kind)) for kind in ("before", "unchanged")}

    assert not load_migration(file).moves or min(counts.values()) > 0


@pytest.mark.parametrize("migration", migrations().values(), ids=lambda migration: migration.id)
def test_half_of_the_examples_show_what_stays(migration: Migration) -> None:
    assert migration.origin is not None
    stays = [example.after is None for example in find_examples(migration.origin.parent).found]

    assert 2 * sum(stays) >= len(stays)


@pytest.mark.parametrize(("migration", "example"), silent())
def test_of_what_is_another_thing_nothing_is_reported(migration: Migration, example: Example) -> None:
    for options in (example.options, Options(modernize=True, rename=True, confidence="review")):
        assert rewritten(migration, replace(example, options=options), example.before) == Unchanged()


@pytest.mark.parametrize("name", ["old_home", "other_name", "already_migrated", "comment_and_docstring"])
def test_what_is_fine_is_not_reported(name: str) -> None:
    migration = load_migration(available_migrations()["training-orchestrator-v2"])
    assert migration.origin is not None
    source = (migration.origin.parent / "examples" / f"{name}.unchanged.txt").read_bytes()
    header = _HEADER.match(source)
    module = header[2].decode() if header else "app"

    outcome = rewrite_source(source, module=module, is_package=False, moves=migration.moves)

    assert not (isinstance(outcome, Unchanged | Rewritten) and outcome.findings)


@pytest.mark.parametrize(("migration", "example"), runnable())
def test_example_runs_alike_under_the_shim_and_rewritten(migration: Migration, example: Example) -> None:
    assert migration.origin is not None

    assert try_triangle(migration, example, migration.origin.parent) == ""
