"""A census loses nothing, and counts nothing as found in the source that is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate.census import CensusError, CensusMatch, CountedUse, read_censuses, take_census
from compatkit.migration import Move
from tests.shop.moves import OLD, contents, plant

FIRST = Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New")
SECOND = Move("CK102", "shop.core.old_home.Second", "shop.core.new_home.Second")
MOVES = (FIRST, SECOND)
OLD_NAMES = {move.code: move.old for move in MOVES}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(file: Path, *uses: tuple[str, str, int]) -> Path:
    """Write a census of uses: code, file, line."""
    entries = [
        {"code": code, "old": OLD_NAMES[code], "file": path, "line": line, "count": 1} for code, path, line in uses
    ]
    file.write_text(json.dumps({"schema": 1, "uses": entries}))
    return file


def take(tree: Path, *uses: tuple[str, str, int]) -> CensusMatch:
    return take_census([record(tree / "census.json", *uses)], [Path()], MOVES)


def lines(found: tuple[CountedUse, ...]) -> list[str]:
    return [f"{use.file}:{use.line} {use.code}" for use in found]


def test_a_use_in_another_file_is_not_found(tree: Path) -> None:
    plant(tree, {"a.py": OLD, "b.py": "x = 1\n"})

    census = take(tree, ("CK101", "b.py", 1))

    assert (lines(census.found), lines(census.missed)) == ([], ["b.py:1 CK101"])
    assert [place.file for place in census.unseen] == ["a.py"]


def test_a_use_with_another_code_is_not_found(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    assert lines(take(tree, ("CK102", "a.py", 1)).missed) == ["a.py:1 CK102"]


def test_a_use_from_nowhere_is_not_found(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    census = take(tree, ("CK101", "<unknown>", 0))

    assert lines(census.missed) == ["<unknown>:0 CK101"]


def test_a_configuration_does_not_hide_that_code_used_the_name(tree: Path) -> None:
    plant(tree, {"a.py": "load(config)\n", "c.yaml": "class: shop.core.old_home.Old\n"})

    census = take(tree, ("CK101", "a.py", 1))

    assert lines(census.missed) == ["a.py:1 CK101"]
    assert [(place.file, place.line) for place in census.unseen] == [("c.yaml", 1)]


def test_the_census_itself_is_no_place(tree: Path) -> None:
    census = take(tree, ("CK101", "<unknown>", 0))

    assert census.unseen == ()


def test_nothing_is_written(tree: Path) -> None:
    plant(tree, {"a.py": OLD})
    record(tree / "census.json", ("CK101", "a.py", 1))
    before = contents(tree)

    take(tree, ("CK101", "a.py", 1))

    assert contents(tree) == before


def test_a_use_on_the_line_of_an_import_is_found(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    census = take(tree, ("CK101", "a.py", 1))

    assert (lines(census.found), census.missed, census.unseen) == (["a.py:1 CK101"], (), ())


def test_an_absolute_path_is_the_same_file(tree: Path) -> None:
    plant(tree, {"a.py": OLD})

    assert lines(take(tree, ("CK101", str(tree / "a.py"), 1)).found) == ["a.py:1 CK101"]


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_any_line_of_the_statement_is_its_place(tree: Path, line: int) -> None:
    plant(tree, {"a.py": f"from shop.core.old_home import (\n    Old,\n)\n\n{OLD}"})

    census = take(tree, ("CK101", "a.py", line))

    assert [place.line for place in census.unseen] == ([5] if line < 4 else [])


def test_a_line_that_does_not_match_is_found_and_leaves_no_place_unseen(tree: Path) -> None:
    plant(tree, {"a.py": f"{OLD}\n{OLD}"})

    census = take(tree, ("CK101", "a.py", 99))

    assert (lines(census.found), census.unseen) == (["a.py:99 CK101"], ())


def test_a_place_on_another_line_stays_unseen(tree: Path) -> None:
    plant(tree, {"a.py": f"{OLD}def late():\n    {OLD}"})

    assert [place.line for place in take(tree, ("CK101", "a.py", 1)).unseen] == [3]


def test_the_body_of_a_statement_is_not_its_place(tree: Path) -> None:
    plant(tree, {"a.py": f'with use("shop.core.old_home.Old"):\n    pass\n    {OLD}'})

    assert [place.line for place in take(tree, ("CK101", "a.py", 3)).unseen] == [1]


@pytest.mark.parametrize(
    "source",
    [
        "from shop.core.old_home import Old, Second\n",
        "from shop.core.old_home import *\n",
        "import shop.core.old_home\n",
        "from shop.core import old_home\n",
        "if 1: from shop.core.old_home import Old, Second  # one line\n",
    ],
)
@pytest.mark.parametrize("code", ["CK101", "CK102"])
def test_one_import_is_the_place_of_every_name_that_it_brings(tree: Path, source: str, code: str) -> None:
    plant(tree, {"a.py": source})

    census = take(tree, (code, "a.py", 1))

    assert (lines(census.found), census.unseen) == ([f"a.py:1 {code}"], ())


def test_a_relative_import_is_found(tree: Path) -> None:
    plant(tree, {"shop/core/new_home.py": "", "shop/core/a.py": "from .old_home import Second\n"})

    assert lines(take(tree, ("CK102", "shop/core/a.py", 1)).found) == ["shop/core/a.py:1 CK102"]


def test_a_file_that_is_no_python_is_in_the_report(tree: Path) -> None:
    plant(tree, {"a.py": "import shop.core.old_home (\n", "b.py": OLD})

    census = take(tree, ("CK101", "b.py", 1))

    assert [str(result.path) for result in census.report.failed] == ["a.py"]
    assert lines(census.found) == ["b.py:1 CK101"]


entries = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["CK101", "CK102", "CK999"]),
            "old": st.sampled_from(list(OLD_NAMES.values())),
            "file": st.sampled_from(
                ["{folder}/a.py", "{folder}/sub/../a.py", "{folder}/sub/b.py", "<unknown>", "/elsewhere/c.py"]
            ),
            "line": st.integers(0, 6),
            "count": st.integers(1, 5),
        }
    )
)


@given(one=entries, two=entries)
def test_every_use_is_in_exactly_one_group_and_counts_add_up(
    one: list[dict[str, Any]], two: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = plant(tmp_path_factory.mktemp("shop"), {"a.py": f"{OLD}\n{OLD}", "sub/b.py": "x = 1\n"})
    files = [folder / "one.json", folder / "two.json"]
    for file, uses in zip(files, [one, two], strict=True):
        placed = [{**use, "file": use["file"].replace("{folder}", str(folder))} for use in uses]
        file.write_text(json.dumps({"schema": 1, "uses": placed}))

    census = take_census(files, [folder], MOVES)

    every = one + two
    shown = [use for use in every if use["file"].endswith("/a.py") and use["code"] == "CK101"]
    assert sum(use.count for use in census.found) == sum(use["count"] for use in shown)
    assert sum(use.count for use in census.missed) == sum(use["count"] for use in every if use not in shown)
    assert read_censuses(files) == read_censuses(files[::-1])


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("", "The census cannot be read: it is empty: its run ended before it was written"),
        ("{", "The census cannot be read: it is not JSON"),
        ("[" * 100_000, "The census cannot be read: it is not JSON"),
        ("[]", "the document is [], expected an object."),
        ('{"uses": []}', "schema is None, expected 1"),
        ('{"schema": 2, "uses": []}', "schema is 2, expected 1"),
        ('{"schema": true, "uses": []}', "schema is True, expected 1"),
        ('{"schema": 1}', "uses is missing, expected a list."),
        ('{"schema": 1, "uses": {}}', "uses is {}, expected a list."),
        ('{"schema": 1, "uses": [3]}', "use 1 is 3, expected an object."),
    ],
)
def test_a_census_that_is_none_is_refused(tmp_path: Path, document: str, what: str) -> None:
    file = plant(tmp_path, {"census.json": document}) / "census.json"

    with pytest.raises(CensusError) as caught:
        read_censuses([file])

    assert caught.value.what.startswith(what)
    assert caught.value.where == str(file)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, None) for key in ("code", "old", "file", "line", "count")),
        *((key, 3) for key in ("code", "old", "file")),
        *((key, "") for key in ("code", "old", "file")),
        *((key, "\x1b[31m") for key in ("code", "old", "file")),
        ("file", "a\0b"),
        *((key, value) for key in ("line", "count") for value in ("3", 1.5, True, -1)),
        ("count", 0),
    ],
)
def test_a_wrong_or_missing_value_is_named(tmp_path: Path, key: str, value: object) -> None:
    good = {"code": "CK101", "old": FIRST.old, "file": "a.py", "line": 1, "count": 1}
    bad = {name: other for name, other in {**good, key: value}.items() if other is not None}
    file = plant(tmp_path, {"census.json": json.dumps({"schema": 1, "uses": [good, bad]})}) / "census.json"

    with pytest.raises(CensusError) as caught:
        read_censuses([file])

    assert caught.value.what.startswith(f"use 2, {key} is ")


def test_a_census_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match="No such file"):
        read_censuses([tmp_path / "census.json"])


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = plant(tmp_path, {"census.json": b"\xff\xfe{"}) / "census.json"

    with pytest.raises(CensusError, match="not JSON"):
        read_censuses([file])
