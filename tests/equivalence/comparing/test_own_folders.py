"""Paths of the folders that compatkit itself made for a side are equated; paths that a user chose are not."""

from __future__ import annotations

import pytest

from compatkit.equivalence import Content, File, Kind, Model, Policy, Snapshot, compare_snapshots
from compatkit.equivalence.comparing.own_folders import with_folders_of

BASE, ROOT = "/tmp/compatkit-trees-1/base", "/home/me/project"
MOVED = [("/tmp/stores/before", "/tmp/stores/after"), (BASE, ROOT)]


def named(text: str) -> Snapshot:
    """A run with this text in every place that holds texts, also in a child."""
    files = {"config.json": File(text, len(text), Content("json", {"$.out": text, "$.lr": "0.1"}))}
    own = Snapshot("run", params={"out": text}, tags={"out": text}, artifacts=files)
    model = Model(files=files, details={"out": text})
    return Snapshot("run", params={"lr": "1"}, models={"net": model}, children={"fold#1": own})


def deciding(before: str, after: str) -> set[Kind]:
    first = named(before)
    second, settled = with_folders_of(first, named(after), MOVED)
    return {difference.kind for difference in compare_snapshots(first, second, Policy(), settled=settled).deciding}


SAME = [
    (f"{BASE}/out", f"{ROOT}/out"),
    ("sqlite:////tmp/stores/before/mlflow.db", "sqlite:////tmp/stores/after/mlflow.db"),
    (f"{BASE}/a in {BASE}", f"{ROOT}/a in {ROOT}"),
    (f"{ROOT}/data.csv", f"{ROOT}/data.csv"),
]
DIFFERENT = [
    (f"{BASE}/out", f"{ROOT}/other"),
    (f"{BASE}/out", "/home/me/other/out"),
    (f"{ROOT}/data.csv", f"{BASE}/data.csv"),
    ("out", f"{ROOT}/out"),
    (f"{BASE}/out", f"{ROOT}-2/out"),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_what_names_its_own_folder_is_the_same(before: str, after: str) -> None:
    assert deciding(before, after) == set()


@pytest.mark.parametrize(("before", "after"), DIFFERENT)
def test_another_path_decides(before: str, after: str) -> None:
    assert Kind.PARAM_VALUE in deciding(before, after)


def test_what_is_settled_is_listed_with_both_folders() -> None:
    _, settled = with_folders_of(named(f"{BASE}/out"), named(f"{ROOT}/out"), MOVED)

    assert len(settled) == 5
    assert {(difference.before, difference.after) for difference in settled} == {(f"{BASE}/out", f"{ROOT}/out")}
    assert {difference.child for difference in settled} == {"", "fold#1"}
