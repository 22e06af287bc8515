"""A model with another structure and the same weights is different; where this is unknown, the report says so."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from compatkit.equivalence import Difference, Policy, Snapshot, compare_snapshots
from compatkit.equivalence.reading.graph import graph_layers
from compatkit.equivalence.reading.model_folder import read_model
from compatkit.migration import Migration

EXAMPLE = torch.linspace(-1, 1, 2 * 4 * 6 * 6).reshape(2, 4, 6, 6)
Layers = list[nn.Module]
Change = Callable[[Layers], object]


class SetInTraining(nn.Module):
    """As `DropPath` of timm: in evaluation it does nothing."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.share if self.training else x


def layers() -> Layers:
    torch.manual_seed(0)
    return [
        nn.Conv2d(4, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.LeakyReLU(0.1),
        nn.Dropout(0.3),
        nn.AvgPool2d(3, stride=3),
        nn.Flatten(),
        nn.LayerNorm(16),
        nn.GELU(),
        nn.Linear(16, 3),
        nn.Softmax(dim=1),
    ]


def setting(place: int, name: str, value: object) -> Change:
    return lambda layers: setattr(layers[place], name, value)


def replaced(place: int, layer: nn.Module) -> Change:
    return lambda layers: layers.__setitem__(place, layer)


def exchanged(place: int) -> Change:
    return lambda layers: layers.insert(place, layers.pop(place + 1))


def synchronised(layers: Layers) -> None:
    # Its graph is that of a plain one: only its class tells, which counts in a training on several devices.
    other = nn.SyncBatchNorm(4)
    other.load_state_dict(layers[1].state_dict())
    layers[1] = other


def saved(made: Layers, folder: Path) -> Path:
    folder.mkdir()
    torch.export.save(torch.export.export(nn.Sequential(*made).eval(), (EXAMPLE,)), folder / "model.pt2")
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(layers(), tmp_path_factory.mktemp("plain") / "net")


def deciding(left: Path, right: Path, policy: Policy) -> tuple[Difference, ...]:
    one, other = (Snapshot(str(side), models={"net": read_model(side, "net")[0]}) for side in (left, right))
    return compare_snapshots(one, other, policy).deciding


CHANGES: dict[str, tuple[Change, str]] = {
    # With a dilation that undoes what the padding did to the shape, no shape changes.
    "a dilation": (
        lambda layers: (setting(0, "dilation", (2, 2))(layers), setting(0, "padding", (2, 2))(layers)),
        "'0'",
    ),
    "a stride": (setting(4, "stride", 2), "'4'"),
    "an epsilon": (setting(1, "eps", 1e-3), "'1'"),
    "a momentum": (setting(1, "momentum", 0.2), "'1'"),
    "a slope": (setting(2, "negative_slope", 0.2), "'2'"),
    "a dropout": (setting(3, "p", 0.5), "'3'"),
    "the epsilon of a LayerNorm": (setting(6, "eps", 1e-3), "'6'"),
    "an approximation": (setting(7, "approximate", "tanh"), "'7'"),
    "a dimension": (setting(9, "dim", 0), "'9'"),
    "another activation": (replaced(7, nn.SiLU()), "'7'"),
    "two layers exchanged": (exchanged(2), "'2'"),
    "a layer lost": (lambda layers: layers.pop(), "'9'"),
    "a layer more": (lambda layers: layers.append(nn.Identity()), "module_call_graph"),
    "a class of one graph": (synchronised, "SyncBatchNorm"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_built_otherwise_is_found_and_its_layer_named(
    name: str, plain: Path, tmp_path: Path, migration: Migration
) -> None:
    made = layers()
    change, named = CHANGES[name]
    change(made)

    found = deciding(plain, saved(made, tmp_path / "net"), Policy.from_migration(migration))

    assert not [
        difference for difference in found if difference.kind.category == "model" and "tensor" in difference.kind.value
    ]
    assert any(named in str(difference) for difference in found), list(map(str, found))


def test_layers_are_told_by_path_and_class_in_the_order_in_which_they_run(plain: Path) -> None:
    model, notes = read_model(plain, "net")

    assert not notes
    assert [layer.kind for layer in model.layers] == [f"torch.nn.{type(layer).__name__}" for layer in layers()]
    assert [layer.path for layer in model.layers] == list(map(str, range(10)))
    assert sum(layer.operations for layer in model.layers) == len(model.operations)


def test_a_class_of_the_projects_own_may_be_renamed(plain: Path, tmp_path: Path) -> None:
    class Rate(nn.LeakyReLU):
        pass

    made = layers()
    made[2] = Rate(0.1)

    assert deciding(plain, saved(made, tmp_path / "net"), Policy.exact()) == ()


def test_layers_whose_settings_leave_nothing_in_the_graph_are_reported(tmp_path: Path) -> None:
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(6, 2, dropout=0.2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.attention(x[:, 0], x[:, 0], x[:, 0])[0]

    folder = saved([SetInTraining(0.5), nn.Sequential(nn.Identity(), nn.Identity()), Attends()], tmp_path / "net")

    _, (note,) = read_model(folder, "net")

    assert "these layers leave nothing in its graph: 0, 1, 2.attention (dropout);" in note


def test_a_graph_that_names_no_layers_is_said_and_compared_without_them(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    with zipfile.ZipFile(plain / "model.pt2") as old, zipfile.ZipFile(tmp_path / "net/model.pt2", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("models/model.json"):
                content = content.replace(b'"nn_module_stack"', b'"other"')
            new.writestr(name, content)

    _, (note,) = read_model(tmp_path / "net", "net")

    assert "does not say which layers its operations belong to" in note
    assert deciding(plain, tmp_path / "net", Policy.exact()) == ()


@pytest.mark.parametrize("stack", [None, 7, "", ";", "a,b", "key,path,torch.nn.modules.x.Y;", "k,p,m.C[int, str]"])
def test_whatever_stands_for_the_modules_is_read_or_left(stack: object) -> None:
    node: dict[str, Any] = {"target": "t", "inputs": [], "metadata": {"nn_module_stack": stack}}

    found = graph_layers({"graph_module": {"graph": {"nodes": [node]}}})

    assert [layer.operations for layer in found] == [1] * len(found)
