"""Read `[tool.compatkit.verify]`: scenarios, and what holds for all of them."""

from __future__ import annotations

import math
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from compatkit.budget import load_toml
from compatkit.equivalence.commands.scenario import CommandScenario
from compatkit.migration import MigrationError, parse_equivalence


@dataclass(frozen=True, slots=True)
class _Value:
    """What a key may hold, in words and as a test."""

    expected: str
    fits: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Declared:
    """The scenarios of a project, and the settings that also hold for one that the command line names."""

    scenarios: tuple[CommandScenario, ...] = ()
    shared: Mapping[str, Any] = field(default_factory=dict)


def declared_scenarios(project: Path) -> Declared:
    """Read what a `pyproject.toml` declares; commands run in its folder, and paths start there.

    Raises `MigrationError` for an unknown key, a value of the wrong type, or a scenario that cannot be run.
    """
    try:
        document = load_toml(project.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MigrationError.unreadable(str(project), error) from error
    where = f"{project}, [tool.compatkit.verify]"
    table = document.get("tool", {}).get("compatkit", {}).get("verify", {})
    if not isinstance(table, dict):
        raise MigrationError.wrong_value("verify", table, "a table", where=where)
    own = {key: value for key, value in table.items() if key != "scenarios"}
    shared = _checked(own, _SHARED, project.parent, where, "scenarios")
    rows = table.get("scenarios", [])
    if not isinstance(rows, list):
        raise MigrationError.wrong_value("scenarios", rows, "a list of tables", where=where)
    found: dict[str, CommandScenario] = {}
    for number, row in enumerate(rows, 1):
        place = f"{project}, [[tool.compatkit.verify.scenarios]] #{number}"
        scenario = _scenario(row, shared, project.parent, place)
        if scenario.name in found:
            first = list(found).index(scenario.name) + 1
            raise MigrationError.declared_twice(
                f"The scenario {scenario.name!r}", f"#{first}", f"#{number}", where=where
            )
        found[scenario.name] = scenario
    return Declared(tuple(found.values()), shared)


def require_complete(scenario: CommandScenario, where: str) -> CommandScenario:
    """Raise `MigrationError` unless it says what to run: `before` and `after`, or `base` and `command`."""
    pairs = (("before", scenario.before), ("after", scenario.after))
    trees = (("base", scenario.base), ("command", scenario.command))
    wanted, other = (trees, pairs) if any(value for _, value in trees) else (pairs, trees)
    for key, value in wanted:
        if not value:
            raise MigrationError.missing_key(key, where=where)
    for key, value in other:
        if value:
            raise MigrationError.wrong_value(key, value, f"nothing beside {wanted[0][0]!r}", where=where)
    if not scenario.base and scenario.is_migration:
        raise MigrationError.missing_key("base", where=where)
    return scenario


def _scenario(row: object, shared: Mapping[str, Any], folder: Path, where: str) -> CommandScenario:
    if not isinstance(row, dict):
        raise MigrationError.wrong_value("scenario", row, "a table", where=where)
    own = _checked(row, {**_SHARED, **_OWN}, folder, where)
    if "name" not in own:
        raise MigrationError.missing_key("name", where=where)
    given = {**shared, **own}
    given["folder"] = folder / given.get("folder", ".")
    # A row's own variables and allowances stand beside the shared ones.
    given["env"] = {**shared.get("env", {}), **own.get("env", {})}
    given["equivalence"] = (*shared.get("equivalence", ()), *own.get("equivalence", ()))
    return require_complete(replace(CommandScenario(own["name"], folder), **given), where)


def _checked(
    table: Mapping[str, object], known: Mapping[str, _Value], folder: Path, where: str, *also: str
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise MigrationError.unknown_key(key, [*known, *also], where=where)
        if not known[key].fits(value):
            raise MigrationError.wrong_value(key, value, known[key].expected, where=where)
        given[key] = _converted(key, value, folder, where)
    return given


def _converted(key: str, value: Any, folder: Path, where: str) -> object:
    match key:
        case "before" | "after" | "command":
            return tuple(shlex.split(value)) if isinstance(value, str) else tuple(value)
        case "equivalence":
            return (parse_equivalence(value, where=f"{where}, equivalence"),)
        case "before_python":
            return str(folder / value)
        case "link":
            return tuple(str(folder / path) for path in value)
        case "migration":
            return str(folder / value) if (folder / value).exists() else value
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_command(value: object) -> bool:
    if isinstance(value, list):
        return _is_texts(value) and bool(value)
    try:
        return _is_text(value) and bool(shlex.split(str(value)))
    except ValueError:
        return False


def _is_variables(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_integer(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


_TEXT = _Value("a non-empty string", _is_text)
_COUNT = _Value("a number, one or more", lambda value: _is_integer(value, 1))
_SWITCH = _Value("true or false", lambda value: isinstance(value, bool))
_COMMAND = _Value("a command, as one string or as a list of words", _is_command)
_SHARED: Mapping[str, _Value] = {
    "accept_unread": _SWITCH,
    "before_python": _TEXT,
    "confidence": _Value("a number between 0.5 and 1", lambda value: isinstance(value, float) and 0.5 < value < 1),
    "env": _Value("a table of strings", _is_variables),
    "equivalence": _Value("a table", lambda value: isinstance(value, dict)),
    "exact": _SWITCH,
    "explain": _SWITCH,
    "jobs": _COUNT,
    "link": _Value("a list of strings", _is_texts),
    "migration": _TEXT,
    "once": _SWITCH,
    "seed": _Value("an integer, zero or more", lambda value: _is_integer(value, 0)),
    "seeds": _COUNT,
    "threads": _COUNT,
    "timeout": _Value("a number of seconds", _is_seconds),
}
_OWN: Mapping[str, _Value] = {
    "after": _COMMAND,
    "base": _TEXT,
    "before": _COMMAND,
    "command": _COMMAND,
    "folder": _TEXT,
    "migrate": _SWITCH,
    "name": _TEXT,
    "shim": _SWITCH,
}
