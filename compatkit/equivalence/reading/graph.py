"""The graph of a model that torch exported: its operations, its layers, and what weights and graph leave unsaid."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any

from compatkit.equivalence.snapshot import Layer

_VERSIONS = {"torch_version", "schema_version"}


def graph_operations(program: dict[str, Any]) -> tuple[str, ...]:
    """Return each operation with its inputs and outputs."""
    nodes = program["graph_module"]["graph"]["nodes"]
    return tuple(f"{node['target']} {_graph_text(node)}" for node in nodes)


def graph_details(program: dict[str, Any]) -> dict[str, str]:
    """Return the rest by name: what goes in and out, the shapes and devices of all values, constraints, guards."""
    module = program["graph_module"]
    parts = {
        **{key: value for key, value in program.items() if key not in {"graph_module", *_VERSIONS}},
        **{f"graph_module.{key}": value for key, value in module.items() if key != "graph"},
        **{f"graph.{key}": value for key, value in module["graph"].items() if key != "nodes"},
    }
    return {name: _graph_text(value) for name, value in parts.items()}


def _graph_text(value: object) -> str:
    return json.dumps(_without_sources(value), sort_keys=True)


def _without_sources(value: object) -> object:
    """Drop the provenance of every node, also of those in the graphs of branches and loops."""
    if isinstance(value, list):
        return [_without_sources(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_sources(item) for key, item in value.items()}
    if "target" in kept and isinstance(value.get("metadata"), dict):
        # `custom` is what the author of the model annotated; the rest is traced by torch.
        kept["metadata"] = {key: item for key, item in value["metadata"].items() if key == "custom"}
    return kept


_ATTENTION = "torch.nn.MultiheadAttention"
_STACK = "nn_module_stack"


def graph_layers(program: dict[str, Any]) -> tuple[Layer, ...]:
    """Return the layers in the order in which they run, or nothing where the graph does not name them.

    A layer that runs twice, or goes on after one inside it, is there twice.
    """
    found = [_modules(node.get("metadata") or {}) for node in _nodes(program)]
    if not any(found):
        return ()
    innermost = [modules[-1] if modules else ("", "") for modules in found]
    return tuple(Layer(*module, len(list(group))) for module, group in groupby(innermost))


def unknown_settings(program: dict[str, Any], tensors: Iterable[str]) -> list[str]:
    """Return the layers of which the graph does not tell all settings: the same graph is traced whatever they are.

    These are layers without weights that do nothing there, as a `DropPath` in evaluation or an `Identity`, and the
    dropout of attention, which `MultiheadAttention` leaves out of an evaluation.
    """
    active = {path for metadata in _metadata(program["graph_module"]["graph"]) for path, _ in _modules(metadata)}
    if not active:
        return []
    listed = [str(entry["fqn"]) for entry in program["graph_module"].get("module_call_graph") or []]
    weights = list(tensors)
    silent = [path for path in listed if path and path not in active and not _has_any(path, weights)]
    outermost = [path for path in silent if not any(path.startswith(f"{other}.") for other in silent)]
    return [*outermost, *(f"{path} (dropout)" for path in _without_dropout(program))]


def _without_dropout(program: dict[str, Any]) -> Iterator[str]:
    last = [(modules[-1], node) for node in _nodes(program) if (modules := _modules(node.get("metadata") or {}))]
    for path in dict.fromkeys(path for (path, kind), _ in last if kind == _ATTENTION):
        own = [node for module, node in last if module[0] == path]
        if not any("dropout" in str(node["target"]) or _has_dropout(node) for node in own):
            yield path


def _has_dropout(node: dict[str, Any]) -> bool:
    return any(given["name"] == "dropout_p" for given in node["inputs"])


def _nodes(program: dict[str, Any]) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = program["graph_module"]["graph"]["nodes"]
    return nodes


def _modules(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the path and the class of each module around an operation, the innermost last.

    They are written as `key,path,class;key,path,class`.
    """
    entries = [entry.split(",", 2) for entry in str(metadata.get(_STACK) or "").split(";")]
    return [(entry[1], _kind(entry[2])) for entry in entries if len(entry) == 3]


def _kind(name: str) -> str:
    # Where inside torch.nn a class is defined is no part of its name.
    if name.startswith("torch.nn.modules."):
        return f"torch.nn.{name.rpartition('.')[2]}"
    return name if name.startswith("torch.") else ""


def _metadata(value: object) -> Iterator[dict[str, Any]]:
    """Yield what is noted of each operation, also of those in branches and loops."""
    if isinstance(value, dict):
        if isinstance(value.get("metadata"), dict):
            yield value["metadata"]
        value = list(value.values())
    if isinstance(value, list):
        yield from chain.from_iterable(map(_metadata, value))


def _has_any(path: str, tensors: Iterable[str]) -> bool:
    return any(name.startswith(f"{path}.") for name in tensors)
