"""The declaration: what a `migration.toml` says, its loader and validation, and the registry."""

from __future__ import annotations

from compatkit.migration._validation import validate_together
from compatkit.migration.changes import About, CallChange, MemberChange, Removal
from compatkit.migration.errors import MigrationError
from compatkit.migration.loader import load_migration, parse_migration
from compatkit.migration.model import (
    Allowance,
    Argument,
    Config,
    Equivalence,
    Field,
    Migration,
    Move,
    Preset,
    Producer,
    Scalar,
    Section,
    Setting,
    Versions,
)
from compatkit.migration.names import Confidence
from compatkit.migration.project import Project, load_project
from compatkit.migration.registry import (
    DEFAULT_MIGRATION,
    ENTRY_POINT_GROUP,
    available_migrations,
    find_migration,
)
from compatkit.migration.shape import Attribute, Each, Item, RecordStep, Step, parse_records, parse_shape

__all__ = [
    "DEFAULT_MIGRATION",
    "ENTRY_POINT_GROUP",
    "About",
    "Allowance",
    "Argument",
    "Attribute",
    "CallChange",
    "Confidence",
    "Config",
    "Each",
    "Equivalence",
    "Field",
    "Item",
    "MemberChange",
    "Migration",
    "MigrationError",
    "Move",
    "Preset",
    "Producer",
    "Project",
    "RecordStep",
    "Removal",
    "Scalar",
    "Section",
    "Setting",
    "Step",
    "Versions",
    "available_migrations",
    "find_migration",
    "load_migration",
    "load_project",
    "parse_migration",
    "parse_records",
    "parse_shape",
    "validate_together",
]
