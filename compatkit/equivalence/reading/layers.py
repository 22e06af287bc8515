"""The layers of an exported model: which module each operation belongs to, as torch noted it when it traced the model.

A class of torch's is told by its name. One of the project's own is not: a migration may well rename it, and what it
does is in its operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any

from compatkit.equivalence.snapshot import Layer

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
