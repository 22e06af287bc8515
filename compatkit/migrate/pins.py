"""Read which versions of libraries a project pins: from lock files and metadata; nothing is imported or run."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from compatkit.budget import load_toml
from compatkit.migrate.finding.reading import read_input
from compatkit.migration import Migration, MigrationError

# As metadata writes a requirement; what is behind the version does not matter here.
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([=<>!~^][^;#\n]*)?")
_CONDA = re.compile(r"\s*-\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(=[^#\n]*|[<>][^#\n]*)?\s*(?:#.*)?$")
ANY = "any version"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")


def normalized(name: str) -> str:
    """Return the name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Pin(NamedTuple):
    """The version that a project asks for, and the file that says so, spelled from the project's folder."""

    version: str
    file: str


def read_pins(folder: Path) -> Mapping[str, Pin]:
    """Return, by normalized name, what the project asks for: an exact version where a lock file has one.

    A file that cannot be read as what it is tells nothing: it is for those tools to complain of it.
    """
    found: dict[str, Pin] = {}
    for file, name, version in (*_declared(folder), *_locked(folder)):
        found[normalized(name)] = Pin(version.strip(), file.relative_to(folder).as_posix())
    return found


def pins_of(migration: Migration, pins: Mapping[str, Pin]) -> tuple[str, ...]:
    """Say what the project asks for of the libraries that a migration is about, and to what the migration leads."""
    new_homes: dict[str, set[str]] = {}
    for old, new in ((move.old, move.new) for move in migration.moves):
        new_homes.setdefault(_distribution(old), set()).add(_distribution(new))
    packages = {_distribution(row.subject) for _, row in migration.rows() if "." in row.subject} | new_homes.keys()
    lines = []
    for name in sorted(packages & pins.keys()):
        homes = new_homes.get(name, {name})
        goal = f"{name if name in homes else min(homes)} {migration.versions.v2}"
        version, file = pins[name]
        asked = f"{version} of {name}" if version == ANY else f"{name} {version}"
        lines.append(f"{file} asks for {asked}: change it with the code; the migration leads to {goal}")
    return tuple(lines)


def _distribution(dotted: str) -> str:
    return normalized(dotted.partition(".")[0])


def _declared(folder: Path) -> Iterator[tuple[Path, str, str]]:
    patterns = ("*requirements*.txt", "requirements/*.txt", "*constraints*.txt")
    for file in sorted(file for pattern in patterns for file in folder.glob(pattern)):
        for line in _lines(file):
            if (found := _REQUIREMENT.match(line)) and not line.lstrip().startswith(("#", "-")):
                yield file, found[1], found[2] or ANY
    for name in ("environment.yml", "environment.yaml"):
        for found in filter(None, map(_CONDA.match, _lines(folder / name))):
            yield folder / name, found[1], found[2] or ANY
    project = _toml(file := folder / "pyproject.toml")
    extras, groups = _get(project, "project", "optional-dependencies"), _get(project, "dependency-groups")
    for listed in (_get(project, "project", "dependencies"), *_tables(extras), *_tables(groups)):
        for text in _list(listed):
            if isinstance(text, str) and (found := _REQUIREMENT.match(text)):
                yield file, found[1], found[2] or ANY
    poetry = _get(project, "tool", "poetry", "dependencies")
    for name, version in poetry.items() if isinstance(poetry, dict) else ():
        yield file, name, str(version.get("version", ANY) if isinstance(version, dict) else version)


def _locked(folder: Path) -> Iterator[tuple[Path, str, str]]:
    for name in _LOCKS:
        for package in _list(_get(_toml(folder / name), "package")):
            if isinstance(package, dict) and isinstance(package.get("version"), str):
                yield folder / name, str(package.get("name")), f"=={package['version']}"
    with suppress(ValueError, AttributeError, RecursionError):
        locked = json.loads(_text(file := folder / "Pipfile.lock"))
        for section in ("develop", "default"):
            for name, package in (_get(locked, section) or {}).items():
                if isinstance(package, dict) and isinstance(package.get("version"), str):
                    yield file, name, package["version"]


def _toml(file: Path) -> dict[str, Any]:
    with suppress(tomllib.TOMLDecodeError, MigrationError):
        return load_toml(_text(file))
    return {}


def _lines(file: Path) -> list[str]:
    return _text(file).splitlines()


def _text(file: Path) -> str:
    """Return the text of a file, or none where it is no text; a pipe is not waited for."""
    source = read_input(str(file), is_data=True)
    with suppress(UnicodeDecodeError):
        return source.decode("utf-8") if isinstance(source, bytes) else ""
    return ""


def _get(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tables(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []
