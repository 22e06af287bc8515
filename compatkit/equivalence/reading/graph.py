"""The graph of an exported model: its operations in order, and all else that is said about it.

Left out is what names the occasion: source files and lines, module classes, versions of torch and of its format.
"""

from __future__ import annotations

import json
from typing import Any

_VERSIONS = {"torch_version", "schema_version"}


def graph_operations(program: dict[str, Any]) -> tuple[str, ...]:
    """Return each operation with its inputs and outputs."""
    nodes = program["graph_module"]["graph"]["nodes"]
    return tuple(f"{node['target']} {_text(node)}" for node in nodes)


def graph_details(program: dict[str, Any]) -> dict[str, str]:
    """Return the rest by name: what goes in and out, the shapes and devices of all values, constraints, guards."""
    module = program["graph_module"]
    parts = {
        **{key: value for key, value in program.items() if key not in {"graph_module", *_VERSIONS}},
        **{f"graph_module.{key}": value for key, value in module.items() if key != "graph"},
        **{f"graph.{key}": value for key, value in module["graph"].items() if key != "nodes"},
    }
    return {name: _text(value) for name, value in parts.items()}


def _text(value: object) -> str:
    return json.dumps(_without_sources(value), sort_keys=True)


def _without_sources(value: object) -> object:
    """Drop the provenance of every node, also of those in the graphs of branches and loops."""
    if isinstance(value, list):
        return [_without_sources(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_sources(each) for key, each in value.items()}
    if "target" in kept and isinstance(value.get("metadata"), dict):
        # `custom` is what the author of the model annotated; the rest is traced by torch.
        kept["metadata"] = {key: each for key, each in value["metadata"].items() if key == "custom"}
    return kept
