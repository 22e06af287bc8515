"""The stored histories of real libraries, with 0-d tensors where the library returns them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

HISTORIES = Path(__file__).parents[3] / "fixtures" / "histories"


def payload(name: str) -> Any:
    return _with_tensors(json.loads((HISTORIES / f"{name}.json").read_text())["payload"])


def _with_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"__torch__"}:
            return torch.tensor(value["__torch__"])
        return {key: _with_tensors(item) for key, item in value.items()}
    return [_with_tensors(item) for item in value] if isinstance(value, list) else value
