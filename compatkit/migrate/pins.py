"""Read which versions of libraries a project pins: from lock files and metadata; nothing is imported or run."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
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
    lines = []
    for name, goal in _goals(migration).items():
        if name not in pins:
            continue
        version, file = pins[name]
        asked = f"{version} of {name}" if version == ANY else f"{name} {version}"
        lines.append(f"{file} asks for {asked}: change it with the code; the migration leads to {goal}")
    return tuple(lines)


def older_pins(migration: Migration, pins: Mapping[str, Pin]) -> tuple[str, ...]:
    """Say whether a project asks for a release of the library from before the one at which a migration starts."""
    name, start = library_of(migration), migration.versions.v1
    if name not in pins or not _is_older(pins[name].version, start):
        return ()
    asked = f"{pins[name].file} asks for {name} {pins[name].version}, and {migration.id} starts at {start}"
    return (f"{asked}: what changed before that is not in it. Go there first, and migrate then.",)


def library_of(migration: Migration) -> str:
    """Return the distribution that most rows of a migration are about, whose releases it names."""
    names = Counter(_distribution(row.subject) for _, row in migration.rows() if "." in row.subject)
    return max(names, key=names.__getitem__, default="")


def is_before(version: str, start: str) -> bool:
    """Tell whether one release is older than another, by the numbers that both have.

    >>> [is_before(version, "1.9") for version in ("1.3.8", "1.9.5", "2", "1.10rc1", "unknown")]
    [True, False, False, False, False]
    """
    one, other = (
        [int(part) for part in re.findall(r"\d+", re.split(r"[a-z+!]", text)[0])] for text in (version, start)
    )
    shared = min(len(one), len(other))
    return one[:shared] < other[:shared]


def _is_older(asked: str, start: str) -> bool:
    """Tell whether all that a requirement allows is older than the release at which a migration starts."""
    for sign, version in re.findall(r"([=<>!~^]*)\s*v?(\d[\w.]*)", asked):
        if sign in ("", "=", "==", "===", "<=", "~=", "~") and is_before(version, start):
            return True
        if sign == "<" and (is_before(version, start) or version.rstrip(".0") == start.rstrip(".0")):
            return True
    return False


def _goals(migration: Migration) -> dict[str, str]:
    """Return the distributions that a migration is about, each with that to which it leads, and its release."""
    new_homes: dict[str, set[str]] = {}
    for old, new in ((move.old, move.new) for move in migration.moves):
        new_homes.setdefault(_distribution(old), set()).add(_distribution(new))
    packages = {_distribution(row.subject) for _, row in migration.rows() if "." in row.subject} | new_homes.keys()
    goals = {name: new_homes.get(name, {name}) for name in sorted(packages)}
    return {name: f"{name if name in homes else min(homes)} {migration.versions.v2}" for name, homes in goals.items()}


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
