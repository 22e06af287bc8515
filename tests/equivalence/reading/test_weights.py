"""Model files are read without executing anything; others are compared by digest, with a note."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from compatkit.equivalence.reading.model_folder import read_model
from compatkit.equivalence.snapshot import Model


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("exploded",)


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    for name in ("model.pkl", "model.pth", "model.pt2"):
        (tmp_path / name).write_bytes(pickle.dumps(Bomb()))

    model, notes = read_model(tmp_path, "model")

    assert not Path("exploded").exists()
    assert set(model.files) == {"model.pkl", "model.pth", "model.pt2"}
    # The first is read by its opcodes, the others are neither a checkpoint nor an archive.
    assert len(notes) == 2


# torch's own remark on saving a weight that is a view, which is what this test wants.
@pytest.mark.filterwarnings("ignore:No complete tensor found in the group:UserWarning")
def test_every_dtype_and_layout_is_read_as_torch_saved_it(tmp_path: Path) -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w_single = nn.Parameter(torch.randn(3, 4))
            self.w_transposed = nn.Parameter(torch.randn(4, 3).t())
            self.w_double = nn.Parameter(torch.randn(3, 4, dtype=torch.float64))
            self.w_half = nn.Parameter(torch.randn(3, 4).half())
            self.w_brain = nn.Parameter(torch.randn(3, 4).bfloat16())
            self.register_buffer("w_count", torch.tensor(7))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            total = self.w_single + self.w_transposed + self.w_double + self.w_half + self.w_brain + self.w_count
            return x + total.float()

    module = Mixed()
    torch.export.save(torch.export.export(module, (torch.randn(3, 4),)), tmp_path / "model.pt2")

    model, notes = read_model(tmp_path, "model")

    assert not notes
    for name, tensor in module.state_dict().items():
        assert model.tensors[name].dtype == str(tensor.dtype).removeprefix("torch.")
        expected = tensor.float() if tensor.dtype is torch.bfloat16 else tensor
        np.testing.assert_array_equal(model.tensors[name].values, expected.numpy())


def test_a_model_that_is_described_twice_is_the_model_that_is_described_once(tmp_path: Path) -> None:
    """As MLflow 2.12 does; another description, or one of another name, is a file of the model's own."""

    def described(name: str, **files: str) -> Model:
        for file, text in {"MLmodel": "flavors: {python_function: {loader_module: json}}", **files}.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return read_model(tmp_path / name, "model")[0]

    once = described("once")
    same, other = (f"flavors: {{python_function: {{loader_module: {loader}}}}}" for loader in ("json", "yaml"))

    assert described("twice", **{"metadata/MLmodel": same, "metadata/requirements.txt": "numpy"}) == once
    assert described("otherwise", **{"metadata/MLmodel": other}) != once
    assert described("elsewhere", **{"data/MLmodel": same}) != once
    assert described("more", **{"metadata/MLmodel": same, "metadata/labels.txt": "a"}) != once


def test_what_a_model_needs_to_run_is_told_with_its_python(tmp_path: Path) -> None:
    files = {
        "MLmodel": "flavors: {python_function: {loader_module: json}}",
        "requirements.txt": "numpy\n\n",
        "python_env.yaml": "python: 3.11.7",
        "conda.yaml": "dependencies: [python=3.11.7, cudatoolkit, pip: [numpy]]",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    (note,) = read_model(tmp_path, "net")[1]
    assert note.endswith("not compared: cudatoolkit, numpy, python=3.11.7")

    (tmp_path / "python_env.yaml").write_text("python: [")

    (note,) = read_model(tmp_path, "net")[1]
    assert "python_env.yaml cannot be read" in note
