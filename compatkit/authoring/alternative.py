"""The ways in which a table of a migration file can be written, and how the schema names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]

# Stands for every key of a table whose keys are free.
ANY = "any_key"


@dataclass(slots=True)
class Alternative:
    """One way in which a table can be written."""

    properties: Json = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    is_settings: bool = False


def reference(path: Path) -> str:
    """Return how one definition of the schema names another."""
    return f"#/definitions/{definition_name(path)}"


def definition_name(path: Path) -> str:
    return ".".join(path)


def is_there(key: str) -> str:
    return f"is there {key}"
