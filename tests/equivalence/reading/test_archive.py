"""A model archive is compared as a whole, except for the parts that are known to name the occasion."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from compatkit.equivalence import Policy, Snapshot, compare_snapshots
from compatkit.equivalence.reading.model_folder import read_model
from compatkit.migration import Migration

OCCASION = {"archive_format", "archive_version", ".data/version", ".data/serialization_id", "byteorder"}
EXAMPLE = torch.linspace(-1, 1, 12).reshape(4, 3)


class Net(nn.Module):
    """A parameter, a buffer, a buffer that is not saved with the weights, a constant, a count, and two outputs."""

    def __init__(self, *, constant: float = 2.0, count: int = 7, swapped: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 2)
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 3.0]))
        self.register_buffer("shift", torch.tensor([1.0, 2.0]), persistent=False)
        self.register_buffer("count", torch.tensor(count))
        self.constant = torch.tensor([1.0, constant])
        self.swapped = swapped

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.layer(x * self.scale) + self.count
        one, other = y * self.constant, y + self.shift
        return (other, one) if self.swapped else (one, other)


class Branching(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,))


def save(module: nn.Module, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.export.save(torch.export.export(module, (EXAMPLE,)), file)
    return file


def differences(left: Path, right: Path, policy: Policy | None = None) -> list[str]:
    one, other = (Snapshot(side.name, models={"net": read_model(side, "net")[0]}) for side in (left, right))
    verdict = compare_snapshots(one, other, policy or Policy.exact())
    assert verdict.is_equivalent == (not verdict.deciding)
    return [f"{difference.kind.value}: {difference.name}" for difference in verdict.deciding]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "net"
    save(Net(), folder / "data" / "model.pt2")
    return folder


def test_equal_weights_compare_equal(saved: Path, tmp_path: Path) -> None:
    save(Net(), tmp_path / "data" / "model.pt2")

    assert differences(saved, tmp_path) == []


def test_source_lines_and_paths_do_not_count(saved: Path, tmp_path: Path) -> None:
    source = Path(__file__).read_text(encoding="utf-8").split("class Branching")[0]
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("# A line more.\n" + source.replace("class Net(", "class Other(") + "\nMADE = Other()\n")
    namespace: dict[str, Any] = {"__name__": "elsewhere"}
    exec(compile(elsewhere.read_text(), str(elsewhere), "exec"), namespace)
    save(namespace["MADE"], tmp_path / "net" / "data" / "model.pt2")

    assert (tmp_path / "net/data/model.pt2").read_bytes() != (saved / "data/model.pt2").read_bytes()
    assert differences(saved, tmp_path / "net") == []


def test_source_lines_of_a_branch_do_not_count_and_its_operations_do(tmp_path: Path) -> None:
    save(Branching(), tmp_path / "one" / "model.pt2")
    shutil.copytree(tmp_path / "one", tmp_path / "moved")
    shutil.copytree(tmp_path / "one", tmp_path / "changed")
    rewrite(tmp_path / "moved" / "model.pt2", graph=lambda text: text.replace(Path(__file__).name, "moved.py"))
    rewrite(tmp_path / "changed" / "model.pt2", graph=lambda text: text.replace("aten.sin.default", "aten.exp.default"))

    assert differences(tmp_path / "one", tmp_path / "moved") == []
    assert differences(tmp_path / "one", tmp_path / "changed")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"constant": 2.5}, "model tensor value: net: constant constant"),
        ({"count": 8}, "model tensor value: net: count"),
        ({"swapped": True}, "model detail: net: data/model.pt2//graph.outputs"),
    ],
)
def test_another_network_is_told_and_named(
    changed: Mapping[str, Any], named: str, saved: Path, tmp_path: Path, migration: Migration
) -> None:
    save(Net(**changed), tmp_path / "data" / "model.pt2")

    for policy in (Policy.exact(), Policy.from_migration(migration)):
        assert named in differences(saved, tmp_path, policy)


def test_counts_that_no_double_tells_apart_differ(tmp_path: Path, migration: Migration) -> None:
    save(Net(count=2**53), tmp_path / "one" / "model.pt2")
    save(Net(count=2**53 + 1), tmp_path / "other" / "model.pt2")

    found = differences(tmp_path / "one", tmp_path / "other", Policy.from_migration(migration))

    assert found == ["model tensor value: net: count"]


def test_a_buffer_that_is_not_saved_with_the_weights_is_compared(saved: Path, tmp_path: Path) -> None:
    other = Net()
    other.shift[0] = 1.5  # type: ignore[index]  # a buffer is typed as Tensor or Module
    save(other, tmp_path / "data" / "model.pt2")

    assert "model tensor value: net: constant shift" in differences(saved, tmp_path)


def test_of_two_archives_in_one_folder_both_are_compared(saved: Path, tmp_path: Path) -> None:
    for side, constant in (("one", 2.0), ("other", 2.5)):
        save(Net(constant=constant), tmp_path / side / "data" / "a.pt2")
        shutil.copy(saved / "data" / "model.pt2", tmp_path / side / "data" / "z.pt2")

    assert differences(tmp_path / "one", tmp_path / "one") == []
    assert "model tensor value: net: data/a.pt2: constant constant" in differences(tmp_path / "one", tmp_path / "other")
    assert differences(tmp_path / "one", saved)


def test_an_archive_under_another_name_is_reported(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(saved / "data" / "model.pt2", tmp_path / "data" / "other.pt2")

    assert differences(saved, tmp_path)


def test_views_of_one_storage_are_read_where_they_lie(tmp_path: Path) -> None:
    class Views(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            whole = torch.arange(12.0).reshape(3, 4)
            self.register_buffer("whole", whole)
            self.register_buffer("row", whole[2])
            self.register_buffer("column", whole[:, 1])
            self.register_buffer("empty", torch.zeros(0, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.sum() + self.whole.sum() + self.row.sum() + self.column.sum() + self.empty.sum()

    save(Views(), tmp_path / "model.pt2")

    model, notes = read_model(tmp_path, "net")

    assert not notes
    np.testing.assert_array_equal(model.tensors["row"].values, [8, 9, 10, 11])
    np.testing.assert_array_equal(model.tensors["column"].values, [1, 5, 9])
    assert model.tensors["empty"].shape == (0, 3)


@dataclass(frozen=True)
class Leaf:
    """A value in a JSON document, by the keys that lead to it."""

    path: tuple[str | int, ...]


def leaves(document: Any, path: tuple[str | int, ...] = ()) -> list[Leaf]:
    items = document.items() if isinstance(document, dict) else enumerate(document)
    found = []
    for key, value in items:
        found += leaves(value, (*path, key)) if isinstance(value, dict | list) and value else [Leaf((*path, key))]
    return found


def with_another(document: Any, leaf: Leaf) -> None:
    *parents, last = leaf.path
    for key in parents:
        document = document[key]
    document[last] = {"another": document[last]}


def rewrite(file: Path, *, graph: Callable[[str], str] = str, **changed: bytes) -> None:
    """Write the archive again, with another graph, other members, or more of them."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    root = next(iter(members)).partition("/")[0]
    members[f"{root}/models/model.json"] = graph(members[f"{root}/models/model.json"].decode()).encode()
    members |= {f"{root}/{name}": content for name, content in changed.items()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.fixture(scope="module")
def copy(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    folder = tmp_path_factory.mktemp("copies")

    def make() -> Path:
        shutil.copytree(saved, folder, dirs_exist_ok=True)
        return folder

    return make


def test_writing_the_archive_again_changes_nothing(saved: Path, copy: Callable[[], Path]) -> None:
    rewritten = copy()
    rewrite(rewritten / "data" / "model.pt2")

    assert differences(saved, rewritten) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_change_anywhere_in_the_graph_is_reported(data: st.DataObject, saved: Path, copy: Callable[[], Path]) -> None:
    with zipfile.ZipFile(saved / "data" / "model.pt2") as archive:
        document = json.loads(archive.read("model/models/model.json"))
    # Of the modules around an operation only torch's own classes count: see test_layers.
    leaf = data.draw(st.sampled_from([leaf for leaf in leaves(document) if leaf.path[-1] != "nn_module_stack"]))
    with_another(document, leaf)
    changed = copy()
    rewrite(changed / "data" / "model.pt2", graph=lambda _: json.dumps(document))

    names_the_occasion = "metadata" in leaf.path[:-1] or leaf.path[0] in {"torch_version", "schema_version"}
    assert (differences(saved, changed) == []) == names_the_occasion


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_change_anywhere_in_a_member_is_reported(data: st.DataObject, saved: Path, copy: Callable[[], Path]) -> None:
    with zipfile.ZipFile(saved / "data" / "model.pt2") as archive:
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(members.keys() - OCCASION - {"models/model.json"})))
    content = bytearray(members[name])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 6))
    changed = copy()
    rewrite(changed / "data" / "model.pt2", **{name: bytes(content)})

    assert differences(saved, changed)


@pytest.mark.parametrize("name", ["data/extra/notes.txt", "models/other.json", "data/weights/weight_99", "unknown"])
def test_a_member_that_is_not_known_is_reported(name: str, saved: Path, copy: Callable[[], Path]) -> None:
    more = copy()
    rewrite(more / "data" / "model.pt2", **{name: b"{}"})

    assert differences(saved, more) == [f"model file: net: data/model.pt2//{name}"]


@pytest.mark.parametrize("name", sorted(OCCASION - {"byteorder"}))
def test_what_names_the_occasion_is_not_reported(name: str, saved: Path, copy: Callable[[], Path]) -> None:
    other = copy()
    rewrite(other / "data" / "model.pt2", **{name: b"1"})

    assert differences(saved, other) == []


def test_the_other_byte_order_is_compared_by_digest(saved: Path, copy: Callable[[], Path]) -> None:
    other = copy()
    rewrite(other / "data" / "model.pt2", byteorder=b"big")

    assert differences(saved, other)


@pytest.mark.parametrize("graph", ["", "[]", "{}", '{"graph_module": 1}', "[" * 100_000])
def test_an_archive_that_is_broken_is_compared_by_digest(graph: str, copy: Callable[[], Path]) -> None:
    broken = copy()
    rewrite(broken / "data" / "model.pt2", graph=lambda _: graph)

    model, notes = read_model(broken, "net")

    assert list(model.files) == ["data/model.pt2"]
    assert "digest" in notes[0]
