"""Values behave like frozen dataclasses with slots in every respect."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration.value import Value, value


@value
class Place(Value):
    line: int
    column: int = 1
    words: tuple[str, ...] = ()


@value
class Named(Place):
    name: str = ""


@value
class Nothing(Value):
    """Has no fields."""


@value
class One(Value):
    key: object


@dataclass(frozen=True, slots=True)
class Twin:
    line: int
    column: int = 1
    words: tuple[str, ...] = ()


ARGUMENTS = st.tuples(
    st.lists(st.integers(0, 2), max_size=4),
    st.dictionaries(st.sampled_from(["line", "column", "words", "other"]), st.integers(0, 2), max_size=3),
)


def made(kind: Any, args: list[int], kwargs: dict[str, int]) -> str:
    try:
        return repr(kind(*args, **kwargs)).partition("(")[2]
    except TypeError:
        return "TypeError"


@given(ARGUMENTS)
def test_it_takes_and_refuses_what_a_dataclass_does(arguments: tuple[list[int], dict[str, int]]) -> None:
    assert made(Place, *arguments) == made(Twin, *arguments)


@given(ARGUMENTS, ARGUMENTS)
def test_it_is_equal_and_hashed_where_a_dataclass_is(
    one: tuple[list[int], dict[str, int]], other: tuple[list[int], dict[str, int]]
) -> None:
    if "TypeError" in (made(Twin, *one), made(Twin, *other)):
        return
    places: list[Any] = [Place(*args, **kwargs) for args, kwargs in (one, other)]
    twins: list[Any] = [Twin(*args, **kwargs) for args, kwargs in (one, other)]

    assert (places[0] == places[1]) == (twins[0] == twins[1])
    assert len(set(places)) == len(set(twins))


@pytest.mark.parametrize("one", [Place(1), Named(1, name="x"), Nothing(), One("k"), One(None)])
def test_it_is_copied_and_pickled(one: Value) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(one, protocol)) == one
    assert copy.copy(one) == copy.deepcopy(one) == one


def test_it_cannot_be_changed_and_has_no_room_for_more() -> None:
    place: Any = Place(1)

    with pytest.raises(FrozenInstanceError):
        place.line = 2
    with pytest.raises(FrozenInstanceError):
        del place.line
    assert not hasattr(place, "__dict__")


def test_values_of_two_kinds_differ() -> None:
    assert One(1) != Place(1)
    assert Place(1) != Named(1)
    assert Place(1) != (1, 1, ())


def test_dataclasses_own_functions_take_it() -> None:
    assert is_dataclass(Place)
    assert [field.name for field in fields(Named)] == ["line", "column", "words", "name"]
    assert replace(Named(1, name="x"), column=2) == Named(1, 2, name="x")


def test_it_can_be_matched() -> None:
    match One("k"):
        case One(key):
            assert key == "k"


def test_every_public_name_of_the_package_is_there() -> None:
    import compatkit.migration as package

    assert all(hasattr(package, name) for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_the_shim_imports_nothing_that_its_migration_does_not_say() -> None:
    code = "import sys, compatkit; compatkit.install(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    changes = {"changes", "_changes", "calling", "project", "lines", "locate"}
    assert not {f"compatkit.migration.{name}" for name in changes} & set(done.stdout.split())
