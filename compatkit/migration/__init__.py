"""The declaration: what a `migration.toml` says, its loader and validation, and the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compatkit.migration.compose import codes_of, compose, validate_together
from compatkit.migration.equivalence import Allowance, Bound, Defaults, Equivalence, Margin
from compatkit.migration.errors import MigrationError
from compatkit.migration.loader import load_migration, parse_equivalence, parse_migration
from compatkit.migration.model import (
    TRANSFORM_FILE,
    Argument,
    Confidence,
    Config,
    Field,
    Migration,
    Move,
    Preset,
    Producer,
    Scalar,
    Section,
    Setting,
    Unhandled,
    Versions,
)
from compatkit.migration.registry import (
    DEFAULT_MIGRATION,
    ENTRY_POINT_GROUP,
    Registry,
    available_migrations,
    bundled_migrations,
    current_id,
    find_migration,
    load_all,
    read_registry,
)
from compatkit.migration.shape import Attribute, Each, Item, RecordStep, Step, parse_records, parse_shape

if TYPE_CHECKING:
    from compatkit.migration.changes import (
        About,
        CallChange,
        FlagChange,
        HookChange,
        KeyChange,
        MemberChange,
        Removal,
        Transform,
    )
    from compatkit.migration.project import Project, load_project

# Resolved on first use: a training script under the shim needs none of them.
_LATER = {
    **dict.fromkeys(
        ["About", "CallChange", "FlagChange", "HookChange", "KeyChange", "MemberChange", "Removal", "Transform"],
        "changes",
    ),
    **dict.fromkeys(["Project", "load_project"], "project"),
}

__all__ = [
    "DEFAULT_MIGRATION",
    "ENTRY_POINT_GROUP",
    "TRANSFORM_FILE",
    "About",
    "Allowance",
    "Argument",
    "Attribute",
    "Bound",
    "CallChange",
    "Confidence",
    "Config",
    "Each",
    "Defaults",
    "Equivalence",
    "Field",
    "FlagChange",
    "HookChange",
    "Item",
    "KeyChange",
    "Margin",
    "MemberChange",
    "Migration",
    "MigrationError",
    "Move",
    "Preset",
    "Producer",
    "Project",
    "RecordStep",
    "Registry",
    "Removal",
    "Scalar",
    "Section",
    "Setting",
    "Step",
    "Transform",
    "Unhandled",
    "Versions",
    "available_migrations",
    "bundled_migrations",
    "codes_of",
    "compose",
    "current_id",
    "find_migration",
    "load_all",
    "load_migration",
    "load_project",
    "parse_equivalence",
    "parse_migration",
    "parse_records",
    "parse_shape",
    "read_registry",
    "validate_together",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The run-time path imports no more of the declaration than it reads.
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
