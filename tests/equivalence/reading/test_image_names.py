"""Images that were logged with a key are named by key and step, whatever the time and the UUID in their names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence.reading.known_names import names_of_loggers


def logged(key: str, step: int, time: int, mark: str = "+", rest: str = ".png") -> str:
    return f"images/{key}{mark}step{mark}{step}{mark}timestamp{mark}{time}{mark}{UUID(int=time + 17 * step)}{rest}"


@pytest.mark.parametrize("mark", ["+", "%"])
def test_the_same_images_have_the_same_names_whenever_they_were_logged(mark: str) -> None:
    def names(start: int) -> list[str]:
        files = [logged("a b#c", step, start + step, mark, rest) for step in (0, 1, -1) for rest in (".png", ".webp")]
        return sorted(names_of_loggers(files).values())

    assert names(1_700_000_000_000) == names(1_800_000_000_000)
    assert f"images/a b#c{mark}step{mark}-1.png" in names(1_700_000_000_000)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(1, 99)), unique=True))
def test_no_two_images_get_one_name(images: Sequence[tuple[str, int, int]]) -> None:
    files = [logged(*each) for each in images]

    renamed = names_of_loggers(files)

    assert sorted(renamed) == sorted(files)
    assert len(set(renamed.values())) == len(files)


def test_several_images_of_one_key_and_step_are_numbered_as_they_were_logged() -> None:
    first, second = logged("a", 3, 99), logged("a", 3, 100)

    assert names_of_loggers([second, first]) == {first: "images/a+step+3.png", second: "images/a+step+3#2.png"}


def test_other_files_keep_their_names() -> None:
    assert names_of_loggers(["images/a.png", "a+step+1+timestamp+2+x.png", logged("a", 1, 2)[7:]]) == {}
