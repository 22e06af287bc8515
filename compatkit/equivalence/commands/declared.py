"""Read `[tool.compatkit.verify]`: scenarios, and what holds for all of them."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from compatkit.budget import load_toml
from compatkit.equivalence.commands.scenario import CommandScenario
from compatkit.migrate.verify_keys import OF_ALL, OF_SCENARIO
from compatkit.migration import MigrationError, parse_equivalence
from compatkit.options import Wish


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
    return declared_in(document.get("tool", {}).get("compatkit", {}).get("verify", {}), project.parent, str(project))


def declared_in(table: object, folder: Path, origin: str) -> Declared:
    """Read `[tool.compatkit.verify]`, which `origin` holds, for commands that run in `folder`."""
    where = f"{origin}, [tool.compatkit.verify]"
    if not isinstance(table, dict):
        raise MigrationError.wrong_value("verify", table, "a table", where=where)
    own = {key: value for key, value in table.items() if key != "scenarios"}
    shared = _checked(own, OF_ALL, folder, where, "scenarios")
    rows = table.get("scenarios", [])
    if not isinstance(rows, list):
        raise MigrationError.wrong_value("scenarios", rows, "a list of tables", where=where)
    found: dict[str, CommandScenario] = {}
    for number, row in enumerate(rows, 1):
        place = f"{origin}, [[tool.compatkit.verify.scenarios]] #{number}"
        scenario = _scenario(row, shared, folder, place)
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
    own = _checked(row, {**OF_ALL, **OF_SCENARIO}, folder, where)
    if "name" not in own:
        raise MigrationError.missing_key("name", where=where)
    given = {**shared, **own}
    given["folder"] = folder / given.get("folder", ".")
    # A row's own variables and allowances stand beside the shared ones.
    given["env"] = {**shared.get("env", {}), **own.get("env", {})}
    given["equivalence"] = (*shared.get("equivalence", ()), *own.get("equivalence", ()))
    return require_complete(replace(CommandScenario(own["name"], folder), **given), where)


def _checked(
    table: Mapping[str, object], known: Mapping[str, Wish], folder: Path, where: str, *also: str
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise MigrationError.unknown_key(key, [*known, *also], where=where)
        if not (kind := known[key].kind).fits(value):
            raise MigrationError.wrong_value(key, value, kind.expected, where=where)
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
