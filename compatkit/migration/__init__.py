"""The declaration: what a `migration.toml` says, its loader and validation, and the registry."""

from __future__ import annotations

from compatkit.migration._validation import validate_together
from compatkit.migration.errors import MigrationError
from compatkit.migration.loader import load_migration, parse_migration
from compatkit.migration.model import (
    Allowance,
    Argument,
    Confidence,
    Equivalence,
    Field,
    Migration,
    Move,
    Producer,
    Versions,
)
from compatkit.migration.project import Project, load_project
from compatkit.migration.registry import (
    DEFAULT_MIGRATION,
    ENTRY_POINT_GROUP,
    available_migrations,
    find_migration,
)
from compatkit.migration.shape import Attribute, Item, Step, parse_shape

__all__ = [
    "DEFAULT_MIGRATION",
    "ENTRY_POINT_GROUP",
    "Allowance",
    "Argument",
    "Attribute",
    "Confidence",
    "Equivalence",
    "Field",
    "Item",
    "Migration",
    "MigrationError",
    "Move",
    "Producer",
    "Project",
    "Step",
    "Versions",
    "available_migrations",
    "find_migration",
    "load_migration",
    "load_project",
    "parse_migration",
    "parse_shape",
    "validate_together",
]
