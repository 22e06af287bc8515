"""Migrations used together: conflicts name both, and a chain run as one is a chain run step by step."""

from __future__ import annotations

import ast
import itertools
from textwrap import dedent

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compatkit.migration import (
    Argument,
    Confidence,
    Migration,
    MigrationError,
    Move,
    Producer,
    Versions,
    bundled_migrations,
    compose,
    load_migration,
    parse_migration,
)
from compatkit.rewrite import Rewritten, rewrite_source

VERSIONS = Versions("1", "2")


def moving(name: str, *rows: tuple[str, str], kind: str = "symbol", confidence: Confidence = "safe") -> Migration:
    prefix = name.upper()
    moves = tuple(
        Move(f"{prefix}{100 + number}", old, new, confidence, kind="module" if kind == "module" else "symbol")
        for number, (old, new) in enumerate(rows)
    )
    return Migration(name, "Moves.", VERSIONS, moves)


def pairs(migration: Migration) -> set[tuple[str, str]]:
    return {(move.old, move.new) for move in migration.moves}


def refusal(*migrations: Migration) -> str:
    with pytest.raises(MigrationError) as caught:
        compose(migrations)
    return str(caught.value)


def test_unrelated_migrations_stay_what_they_are() -> None:
    first, second = moving("aa", ("x.N", "y.N")), moving("bb", ("q.N", "r.N"))

    assert compose([first, second]) == (first, second)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_chain_leads_to_its_end_in_any_order(order: tuple[int, ...]) -> None:
    chain = [moving("aa", ("x.N", "y.N")), moving("bb", ("y.N", "z.M")), moving("cc", ("z.M", "end.Last"))]

    composed = compose([chain[number] for number in order])

    assert [migration.id for migration in composed] == [chain[number].id for number in order]
    assert {pair for migration in composed for pair in pairs(migration)} == {
        ("x.N", "end.Last"),
        ("y.N", "end.Last"),
        ("z.M", "end.Last"),
    }


def test_a_symbol_goes_along_with_the_module_that_it_moved_to() -> None:
    (first, _) = compose([moving("aa", ("x.N", "y.sub.N")), moving("bb", ("y", "z"), kind="module")])

    assert pairs(first) == {("x.N", "z.sub.N")}


def test_what_leaves_a_moved_module_is_found_under_its_first_name() -> None:
    (first, _) = compose([moving("aa", ("x", "y"), kind="module"), moving("bb", ("y.sub.N", "z.M"))])

    assert pairs(first) == {("x", "y"), ("x.sub.N", "z.M")}
    assert {move.code for move in first.moves} == {"AA100"}


def test_what_a_migration_brings_elsewhere_itself_does_not_leave_with_the_module() -> None:
    both = moving("aa", ("x", "y"), kind="module")
    other = Migration("aa", "Moves.", VERSIONS, (*both.moves, Move("AA200", "x.N", "w.N")))

    (first, _) = compose([other, moving("bb", ("y.N", "z.M"))])

    assert pairs(first) == {("x", "y"), ("x.N", "w.N")}


def test_a_chain_is_as_sure_as_its_weakest_link() -> None:
    (first, _) = compose([moving("aa", ("x.N", "y.N")), moving("bb", ("y.N", "z.N"), confidence="review")])

    assert [move.confidence for move in first.moves] == ["review"]


def test_arguments_are_known_under_the_first_name_too() -> None:
    second = moving("bb", ("y.F", "z.F"))
    arguments = (Argument("BB300", "y.F", "lr", "rate"), Argument("BB301", "y.F.fit", "lr", "rate"))
    second = Migration("bb", "Moves.", VERSIONS, second.moves, arguments=arguments)

    (_, composed) = compose([moving("aa", ("x.F", "y.F")), second])

    assert [row.of for row in composed.arguments] == ["y.F", "x.F", "y.F.fit", "x.F.fit"]


def test_composing_again_changes_nothing() -> None:
    composed = compose([moving("aa", ("x", "y"), kind="module"), moving("bb", ("y.sub.N", "z.M"), ("y.K", "z.K"))])

    assert compose(composed) == composed


@pytest.mark.parametrize(
    ("first", "second", "parts"),
    [
        (moving("aa", ("x.N", "y.N")), moving("bb", ("x.N", "z.N")), ("The old name 'x.N'", "by aa and by bb")),
        (moving("aa", ("x.N", "y.N")), moving("bb", ("y.N", "x.N")), ("in a circle", "aa", "bb")),
        (
            moving("aa", ("x.N", "y.N")),
            Migration("bb", "Moves.", VERSIONS, (Move("AA100", "q.N", "r.N"),)),
            ("The code 'AA100'", "by aa and by bb"),
        ),
        (
            Migration("aa", "Moves.", VERSIONS, producers=(Producer("AA251", "x.train"),)),
            Migration("bb", "Moves.", VERSIONS, producers=(Producer("BB251", "x.train", ".history"),)),
            ("The producer 'x.train'", "by aa and by bb"),
        ),
        (
            Migration("aa", "", VERSIONS, (Move("AA1", "x.F", "y.F"),), arguments=(Argument("AA2", "x.F", "a", "b"),)),
            Migration("bb", "", VERSIONS, (Move("BB1", "y.F", "z.F"),), arguments=(Argument("BB2", "y.F", "b", "c"),)),
            ("arguments of x.F", "aa and then bb", "--migration aa, then --migration bb"),
        ),
    ],
)
def test_a_conflict_names_both(first: Migration, second: Migration, parts: tuple[str, ...]) -> None:
    message = refusal(first, second)

    assert all(part in message for part in parts), message


def test_a_circle_of_three_names_two_that_are_in_it() -> None:
    outside = moving("oo", ("before.N", "x.N"))
    circle = [moving("aa", ("x.N", "y.N")), moving("bb", ("y.N", "z.N")), moving("cc", ("z.N", "x.N"))]

    message = refusal(outside, *circle)

    assert "oo" not in message.partition("go in a circle")[0]


NAMES = ("N", "M", "K")
LAYERS = ("first", "second", "third", "fourth")


@st.composite
def chains(draw: st.DrawFn) -> list[Migration]:
    """Three migrations, each of which moves some of what is in its layer to the next."""
    found = []
    for number, (layer, after) in enumerate(itertools.pairwise(LAYERS)):
        moved = draw(st.permutations(NAMES)), draw(st.permutations(NAMES))
        count = draw(st.integers(0, len(NAMES)))
        homes = st.sampled_from(["", ".deep"])
        rows = [(f"{layer}.{old}", f"{after}{draw(homes)}.{new}") for old, new in zip(*moved, strict=True)][:count]
        found.append(moving("abc"[number] * 2, *rows))
    return found


@st.composite
def sources(draw: st.DrawFn) -> str:
    lines = []
    homes = [f"{layer}{deep}" for layer in LAYERS for deep in ("", ".deep")]
    for number in range(draw(st.integers(1, 4))):
        home, name = draw(st.sampled_from(homes)), draw(st.sampled_from(NAMES))
        if draw(st.booleans()):
            lines.append(f"from {home} import {name} as local{number}")
        else:
            others = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
            lines.append(f"from {home} import {', '.join(f'{other} as many{number}{other}' for other in others)}")
    return "\n".join(lines) + "\n"


def rewritten(source: str, migrations: list[Migration] | tuple[Migration, ...]) -> str:
    moves = [move for migration in migrations for move in migration.moves]
    outcome = rewrite_source(source.encode(), module="app", is_package=False, moves=moves)
    return outcome.source.decode() if isinstance(outcome, Rewritten) else source


def bound(source: str) -> set[tuple[str, str]]:
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    return {(alias.asname or alias.name, f"{node.module}.{alias.name}") for node in imports for alias in node.names}


@given(chains(), sources())
def test_a_chain_run_as_one_is_the_chain_run_step_by_step(chain: list[Migration], source: str) -> None:
    stepwise = source
    for migration in chain:
        stepwise = rewritten(stepwise, [migration])

    at_once = rewritten(source, compose(chain))

    assert bound(at_once) == bound(stepwise)
    assert rewritten(at_once, compose(chain)) == at_once


@given(chains(), st.randoms())
def test_the_order_in_which_they_are_given_does_not_matter(chain: list[Migration], dice: object) -> None:
    mixed = list(chain)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assume(mixed != chain)

    assert {migration.id: migration for migration in compose(mixed)} == {
        migration.id: migration for migration in compose(chain)
    }


HEAD = dedent(
    """\
    schema = 1
    id = "{id}"
    summary = "S."
    versions = {{ v1 = "1", v2 = "2" }}
    """
)


def declaring(migration_id: str, row: str) -> Migration:
    return parse_migration(f'{HEAD.format(id=migration_id)}{row}\ncode = "{migration_id.upper()}101"\n')


CLAIMS = {
    "an argument": (
        dedent(
            """\
            [[calls]]
            of = "a.f"
            rename = { x = "y" }"""
        ),
        dedent(
            """\
            [[calls]]
            of = ["b.f", "a.f"]
            drop = ["x"]"""
        ),
    ),
    "where it is": ('[[calls]]\nof = "a.f"\nto = "b.f"', '[[moves]]\nold = "a.f"\nnew = "c.f"'),
    "that it is gone": ('[[removed]]\nname = "a.f"\nsay = "no"', '[[moves]]\nold = "a.f"\nnew = "c.f"'),
    "positions": (
        dedent(
            """\
            [[calls]]
            of = "a.f"
            v1 = ["x"]
            v2 = []"""
        ),
        dedent(
            """\
            [[calls]]
            of = "a.f"
            v1 = ["x", "y"]
            v2 = ["x"]"""
        ),
    ),
    "a member": ('[[members]]\nof = "a.C"\nv1 = "m"\nv2 = "n"', '[[members]]\nof = "a.C"\nv1 = "m"\nsay = "no"'),
    "a field": ('[[fields]]\nv1 = "acc"\nv2 = "accuracy"', '[[fields]]\nv1 = "acc"\nv2 = "precision"'),
    "a key": (
        dedent(
            """\
            [[keys]]
            v1 = "a.b"
            v2 = "c"
            beside = ["x"]"""
        ),
        dedent(
            """\
            [[keys]]
            v1 = "a.b"
            say = "no"
            beside = ["x"]"""
        ),
    ),
}


@pytest.mark.parametrize(("one", "other"), CLAIMS.values(), ids=CLAIMS)
def test_two_that_claim_one_thing_are_an_error_that_names_both(one: str, other: str) -> None:
    message = refusal(declaring("aa", one), declaring("bb", other))

    assert "declared by aa and by bb" in message


APART = {
    "other arguments": (
        dedent(
            """\
            [[calls]]
            of = "a.f"
            rename = { x = "y" }"""
        ),
        dedent(
            """\
            [[calls]]
            of = "a.f"
            drop = ["z"]"""
        ),
    ),
    "other callables": (
        dedent(
            """\
            [[calls]]
            of = "a.f"
            drop = ["x"]"""
        ),
        dedent(
            """\
            [[calls]]
            of = "a.g"
            drop = ["x"]"""
        ),
    ),
    "a new name, and an argument": (
        '[[calls]]\nof = "a.f"\nto = "b.f"',
        dedent(
            """\
            [[calls]]
            of = "a.f"
            drop = ["x"]"""
        ),
    ),
    "another class": ('[[members]]\nof = "a.C"\nv1 = "m"\nv2 = "n"', '[[members]]\nof = "a.D"\nv1 = "m"\nv2 = "o"'),
    "a field on which they agree": ('[[fields]]\nv1 = "acc"\nv2 = "a"', '[[fields]]\nv1 = "acc"\nv2 = "a"'),
    "a key of other files": (
        dedent(
            """\
            [[keys]]
            v1 = "a.b"
            v2 = "c"
            beside = ["x"]"""
        ),
        dedent(
            """\
            [[keys]]
            v1 = "a.b"
            v2 = "d"
            beside = ["y"]"""
        ),
    ),
}


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_two_that_do_not_touch_each_other_are_used_together(one: str, other: str) -> None:
    assert len(compose([declaring("aa", one), declaring("bb", other)])) == 2


def test_all_bundled_migrations_can_be_used_together() -> None:
    migrations = [load_migration(file) for file in bundled_migrations().values()]

    assert {migration.id for migration in compose(migrations)} == set(bundled_migrations())
