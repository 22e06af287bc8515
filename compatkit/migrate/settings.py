"""What `[tool.compatkit]` says to `migrate` and `status`: the nearest `pyproject.toml` that has it decides alone."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from compatkit.budget import load_toml
from compatkit.migration import MigrationError, Project, parse_shape
from compatkit.rewrite.run_plan import Options

MOST_JOBS = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """The project, and its wishes for every run; what the command line says goes before them."""

    project: Project = field(default_factory=Project)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    confidence: Literal["safe", "review"] = "safe"
    modernize: bool = False
    rename: bool = False
    through_reexports: bool = False
    allow_dirty: bool = False
    jobs: int | None = None
    baseline: Path | None = None

    @property
    def options(self) -> Options:
        return Options(
            confidence=self.confidence,
            modernize=self.modernize,
            rename=self.rename,
            through_reexports=self.through_reexports,
            select=frozenset(self.select),
            ignore=frozenset(self.ignore),
        )


def load_settings(start: Path) -> Settings:
    """Read the settings for `start`. Raises `MigrationError` for an unknown key or a value of the wrong type."""
    place = start.resolve()
    for folder in (place, *place.parents):
        file = folder / "pyproject.toml"
        if (table := _table(file)) is not None:
            return _settings(table, file)
    return Settings()


def settings_file(start: Path) -> Path | None:
    """Return the `pyproject.toml` that decides for `start`."""
    return load_settings(start).project.origin


def _table(file: Path) -> Mapping[str, object] | None:
    if not file.is_file():
        return None
    try:
        document = load_toml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MigrationError.unreadable(str(file), str(error)) from error
    tool = document.get("tool", {})
    table = tool.get("compatkit") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise MigrationError.wrong_value("compatkit", table, "a table", where=f"{file}, [tool]")
    return table


def _settings(table: Mapping[str, object], file: Path) -> Settings:
    where = f"{file}, [tool.compatkit]"
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key in _OF_TRAINING:
            continue
        if key not in _KEYS:
            raise MigrationError.unknown_key(key, _KEYS, where=where)
        expected, fits = _KEYS[key]
        if not fits(value):
            raise MigrationError.wrong_value(key, value, expected, where=where)
        if key not in _OF_OTHERS:
            given[key.replace("-", "_")] = tuple(value) if isinstance(value, list) else value
    producers = {name: None if path is False else path for name, path in given.pop("producers", {}).items()}
    project = Project(given.pop("migrations", ()), given.pop("homes", {}), producers, file)
    if "baseline" in given:
        given["baseline"] = file.parent / given["baseline"]
    return Settings(project, **given)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_homes(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) and name.strip() for name in value.values())


def _is_producers(value: object) -> bool:
    paths = value.values() if isinstance(value, dict) else [None]
    return all(path is False or (isinstance(path, str) and parse_shape(path) is not None) for path in paths)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_JOBS


_OF_TRAINING = frozenset({"presets"})  # read and checked there
_KEYS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "allow-dirty": ("true or false", _is_switch),
    "baseline": ("a path", lambda value: isinstance(value, str) and bool(value)),
    "confidence": ("'safe' or 'review'", lambda value: value in ("safe", "review")),
    "homes": ("a table of non-empty strings", _is_homes),
    "ignore": ("a list of strings", _is_texts),
    "jobs": (f"a number from 1 to {MOST_JOBS}", _is_count),
    "migrations": ("a list of strings", _is_texts),
    "modernize": ("true or false", _is_switch),
    "producers": ("a table of paths such as '.history', or false", _is_producers),
    "rename": ("true or false", _is_switch),
    "select": ("a list of strings", _is_texts),
    "through-reexports": ("true or false", _is_switch),
    "verify": ("a table", _is_table),
}
# Read elsewhere: `compatkit verify` checks what is in it.
_OF_OTHERS = frozenset({"verify"})
