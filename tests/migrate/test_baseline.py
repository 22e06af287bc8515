"""The ratchet: known findings pass wherever they have moved to, and new ones never pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate import plan_tree
from compatkit.migrate.baseline import BaselineError, read_baseline, set_against, updated
from compatkit.migrate.report import Overview
from tests.shop.moves import MIGRATION, OLD, plant

STRING = "x = 'shop.core.old_home.Old'\n"


def look(folder: Path) -> Overview:
    return Overview.of(plan_tree([folder], [MIGRATION]), is_written=False)


def record(folder: Path, file: Path) -> None:
    file.write_bytes(updated(look(folder), file, old=read_baseline(file) if file.exists() else None))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    plant(tmp_path / "src", {"a.py": OLD + STRING, "b.py": STRING})
    record(tmp_path / "src", tmp_path / "known.json")
    return tmp_path


def new(tree: Path) -> list[tuple[str, int]]:
    overview, _ = set_against(look(tree / "src"), read_baseline(tree / "known.json"))
    return [(Path(remark.path).name, remark.line) for remark in overview.remarks]


def fixed(tree: Path) -> int:
    return set_against(look(tree / "src"), read_baseline(tree / "known.json"))[1].total()


def test_one_more_of_the_same_is_new(tree: Path) -> None:
    plant(tree / "src", {"b.py": STRING + STRING})

    assert new(tree) == [("b.py", 2)]


def test_the_same_line_in_another_file_is_new(tree: Path) -> None:
    plant(tree / "src", {"c.py": STRING})

    assert new(tree) == [("c.py", 1)]


def test_another_line_in_a_known_file_is_new(tree: Path) -> None:
    plant(tree / "src", {"b.py": STRING.replace("x", "y") + STRING})

    assert new(tree) == [("b.py", 1)]


def test_what_is_known_passes(tree: Path) -> None:
    assert new(tree) == []
    assert fixed(tree) == 0


@given(above=st.integers(0, 5), indent=st.booleans())
def test_lines_above_and_white_space_make_nothing_new(
    tmp_path_factory: pytest.TempPathFactory, above: int, indent: bool
) -> None:
    tree = tmp_path_factory.mktemp("tree")
    plant(tree / "src", {"a.py": STRING})
    record(tree / "src", tree / "known.json")
    plant(tree / "src", {"a.py": "z = 1\n" * above + ("if 1:\n\t" if indent else "") + STRING.replace(" = ", "  =  ")})

    assert new(tree) == []


def test_what_is_fixed_is_counted(tree: Path) -> None:
    (tree / "src" / "b.py").unlink()
    plant(tree / "src", {"a.py": OLD})

    assert fixed(tree) == 2


def test_files_outside_the_run_are_neither_fixed_nor_forgotten(tree: Path) -> None:
    overview = look(tree / "src" / "a.py")
    baseline = read_baseline(tree / "known.json")

    assert set_against(overview, baseline)[1].total() == 0
    assert updated(overview, baseline.path, old=baseline) == baseline.path.read_bytes()


def test_a_file_that_cannot_be_parsed_today_keeps_its_entries(tree: Path) -> None:
    plant(tree / "src", {"b.py": STRING + "broken (\n"})

    assert fixed(tree) == 0


def test_it_does_not_matter_where_the_run_is_started(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "src")
    overview, _ = set_against(look(Path()), read_baseline(tree / "known.json"))

    assert overview.remarks == ()
    assert overview.known == 3


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 2, "known": []}', '{"schema": 1, "known": [{}]}', '{"schema": 1, "known": [1]}', "["]
    + [f'{{"schema": 1, "known": [{{"path": "a", "code": "b", "text": "c", "count": {n}}}]}}' for n in ("0", '"1"')],
)
def test_what_is_no_baseline_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "known.json").write_text(text)

    with pytest.raises(BaselineError, match="cannot be read"):
        read_baseline(tmp_path / "known.json")


def test_a_baseline_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BaselineError):
        read_baseline(tmp_path / "known.json")


@pytest.mark.parametrize("part", ["path", "code", "text"])
def test_an_entry_with_a_part_that_is_no_text_is_refused_and_not_passed_over(tree: Path, part: str) -> None:
    file = tree / "known.json"
    document = json.loads(file.read_text())
    next(iter(entry for value in document.values() if isinstance(value, list) for entry in value))[part] = 1
    file.write_text(json.dumps(document))

    with pytest.raises(BaselineError):
        read_baseline(file)
