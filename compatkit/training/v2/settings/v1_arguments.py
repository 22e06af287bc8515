"""Turn v1's flat arguments into overrides of v2's settings, by the names that the migration declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from compatkit.errors import nearest
from compatkit.migration import Argument, Migration, find_migration
from compatkit.training.errors import ConfigError
from compatkit.training.v2.settings.rules import RULES

NOT_GIVEN: Final = object()


def declared_arguments(migration: Migration) -> list[Argument]:
    """Return the declared arguments that lead to a setting of this configuration."""
    return [row for row in migration.arguments if row.v2 in RULES]


@lru_cache(maxsize=1)
def v1_paths() -> Mapping[str, str]:
    """Return v1's flat names with the dotted paths that the bundled migration maps them to."""
    return {row.v1: row.v2 for row in declared_arguments(find_migration())}


def v1_overrides(
    positional: Sequence[object], keywords: Mapping[str, object], migration: Migration
) -> dict[str, object]:
    """Return the settings, by dotted path, that a v1 call gives; a position that is `NOT_GIVEN` is passed over.

    Raises `ConfigError` for an argument that v1 did not have, or that is given twice.
    """
    rows = declared_arguments(migration)
    by_name = {row.v1: row for row in rows}
    by_position = {row.position: row for row in rows if row.position is not None}
    overrides: dict[str, object] = {}
    for position, value in enumerate(positional):
        if position not in by_position:
            given = len(positional)
            raise ConfigError(
                f"{given} arguments were given by position; v1 knows {len(by_position)}.",
                where="the v1 arguments",
                hint="give them by name, or as an OrchestratorConfig",
            )
        if value is not NOT_GIVEN:
            overrides[by_position[position].v2] = value
    for name, value in keywords.items():
        if name not in by_name:
            raise ConfigError(
                f"There is no argument {name!r} (given: {value!r}).",
                where="the v1 arguments",
                hint=nearest(name, by_name),
            )
        if by_name[name].v2 in overrides:
            raise ConfigError.argument_twice(name)
        overrides[by_name[name].v2] = value
    return overrides


def v1_arguments(settings: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, object]:
    """Return v1's flat arguments that say what `settings` say, by dotted path.

    Raises `ConfigError` for a setting off its default that v1 had no argument for.
    """
    paths = v1_paths()
    if asked := [path for path in settings if path not in paths.values() and settings[path] != defaults[path]]:
        raise ConfigError(
            f"v1 has no argument for {', '.join(sorted(asked))}.",
            where="OrchestratorConfig",
            hint="leave them at their defaults, or train on v2",
        )
    return {name: settings[path] for name, path in paths.items()}
