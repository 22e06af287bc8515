"""The sieve holds back no file that any of the passes could do something about."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate.finding.find import FoundFile
from compatkit.migrate.finding.sieve import IS_OPEN, MAY_CONCERN, SPELLS, WANTED, Sieve
from compatkit.migrate.job import Task
from compatkit.migration import Migration, Move, bundled_migrations, find_migration, load_migration
from compatkit.options import Options
from compatkit.rewrite.prefilter.interfaces import (
    called_otherwise,
    can_call,
    can_name_keys,
    changes_interface,
    libraries_of,
)
from compatkit.rewrite.prefilter.words import (
    can_be_modern,
    can_matter,
    facade_words,
    may_name,
    may_transform,
    renamed_words,
)

CRATE = load_migration(
    Path(__file__).parents[3] / "fixtures/crate_migration/crate-v2/src/crate_v2_migration/migration.toml"
)
EVERY = (*map(find_migration, bundled_migrations()), CRATE)
WORDS = sorted(
    {part for migration in EVERY for move in migration.moves for part in move.old.split(".")}
    | {part for migration in EVERY for call in migration.calls for name in call.of for part in name.split(".")}
    | {member.v1 for migration in EVERY for member in migration.members}
    | {field.v1 for migration in EVERY for field in migration.fields}
    | {part for migration in EVERY for producer in migration.producers for part in producer.function.split(".")}
    | {part for migration in EVERY for row in migration.keys for part in row.v1.split(".")}
    | {word for migration in EVERY if migration.transform for word in migration.transform.words}
)
GLUE = st.sampled_from(["import ", "from ", ".", "from .", "(", ")", "\n", "\\n", "=", ", ", '"', " ", ": "])
SOURCES = st.lists(st.one_of(st.sampled_from(WORDS), GLUE), max_size=12).map("".join)
FILE, CONFIG = FoundFile("shop/train.py", "shop"), FoundFile("shop/train.yaml", "shop")


@pytest.fixture(scope="module", params=[EVERY, (find_migration(),), (CRATE,)])
def migrations(request: pytest.FixtureRequest) -> tuple[Migration, ...]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=[Options(), Options(modernize=True), Options(ignore=frozenset({"CK"}))])
def task(request: pytest.FixtureRequest, migrations: tuple[Migration, ...]) -> Task:
    return Task.of(migrations, request.param)


@pytest.fixture(scope="module")
def sieve(task: Task) -> Sieve:
    return Sieve(task)


@given(text=SOURCES)
def test_what_a_pass_may_act_on_gets_through(
    migrations: tuple[Migration, ...], task: Task, sieve: Sieve, text: str
) -> None:
    source = text.encode()
    may_act = (
        can_matter(source, task.moves, path="/tree/shop/train.py")
        or can_call(source, migrations, path="/tree/shop/train.py")
        or may_transform(source, migrations, task.options)
    )

    assert sieve.may_matter(source, FILE) or not may_act
    assert sieve.may_matter(source, CONFIG) or not can_name_keys(source, migrations)


@given(text=SOURCES, extra=st.sampled_from(["", "from shop import *\n", "vars(shop)\n", "shop.__dict__\n"]))
def test_what_is_searched_later_is_told_now(
    migrations: tuple[Migration, ...], met: Sieve, text: str, extra: str
) -> None:
    source = f"{extra}{text}".encode()
    moves = tuple(move for migration in migrations for move in migration.moves)
    spelled = facade_words(moves) | {move.old_name.encode() for move in moves}
    spelled |= {name.encode() for name in called_otherwise(migrations)}
    spelled |= {
        library for migration in migrations if changes_interface(migration) for library in libraries_of(migration)
    }

    found = met.sort(source, FILE)

    # Who hands on or takes a name, and who tells of a library, is looked for among these only.
    assert found & SPELLS or not any(word in source for word in spelled)
    assert found & (SPELLS | IS_OPEN) or not extra
    assert found & (WANTED | MAY_CONCERN) or not may_name(source, renamed_words(Move.symbols(moves)))


@pytest.fixture(scope="module")
def met(migrations: tuple[Migration, ...]) -> Sieve:
    """A sieve that met a file that is wanted, from which on it searches for what others ask."""
    sieve = Sieve(Task.of(migrations, Options(rename=True, through_reexports=True)))
    home = next(move.old for migration in migrations for move in Move.symbols(migration.moves))
    assert sieve.sort(f"import {home.rpartition('.')[0]}\n{home}\n".encode(), FILE) & WANTED
    assert sieve.sort(b"x = 1\n", FILE) in {0, SPELLS, MAY_CONCERN, SPELLS | MAY_CONCERN}
    return sieve


@given(SOURCES)
def test_a_record_that_is_asked_for_a_field_gets_through(text: str) -> None:
    migration = find_migration()
    # What cannot reach their module has none of its records.
    reached = "import backend.ml_engine.trainer_v2\nfrom backend.ml_engine import training_orchestrator\n"
    source = f"{reached}{text} train_acc".encode()
    named = any(name in text for name in ("ModelTrainerV2", "TrainingOrchestrator"))

    assert Sieve(Task.of([migration], Options(modernize=True))).may_matter(source, FILE) or not named
    assert can_be_modern(source, [migration]) or not named


def test_importers_of_a_facade_get_through() -> None:
    task = Task((), reexports=(Move("CK101", "shop.facade.Old", "shop.new.New"),))

    assert Sieve(task).may_matter(b"from shop.facade import Old\n", FILE)
    assert not Sieve(Task(())).may_matter(b"from shop.facade import Old\n", FILE)


def test_most_files_are_held_back() -> None:
    assert not Sieve(Task.of([find_migration()], Options(modernize=True))).may_matter(
        b"import torch\nx = train(1)\n", FILE
    )
