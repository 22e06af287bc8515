"""Read which versions of libraries a project pins: from lock files and metadata; nothing is imported or run."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from compatkit.budget import load_toml

# As metadata writes a requirement; what is behind the version does not matter here.
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([=<>!~^][^;#\n]*)?")
_CONDA = re.compile(r"\s*-\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(=[^#\n]*|[<>][^#\n]*)?\s*(?:#.*)?$")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")


def normalized(name: str) -> str:
    """Return the name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(folder: Path) -> Mapping[str, str]:
    """Return, by normalized name, what the project asks for: an exact version where a lock file has one.

    A file that cannot be read as what it is tells nothing: it is for those tools to complain of it.
    """
    found: dict[str, str] = {}
    for name, version in (*_declared(folder), *_locked(folder)):
        found[normalized(name)] = version.strip()
    return found


def _declared(folder: Path) -> Iterator[tuple[str, str]]:
    patterns = ("*requirements*.txt", "requirements/*.txt", "*constraints*.txt")
    for file in sorted(file for pattern in patterns for file in folder.glob(pattern)):
        for line in _lines(file):
            if (found := _REQUIREMENT.match(line)) and not line.lstrip().startswith(("#", "-")):
                yield found[1], found[2] or "any version"
    for name in ("environment.yml", "environment.yaml"):
        for found in filter(None, map(_CONDA.match, _lines(folder / name))):
            yield found[1], found[2] or "any version"
    project = _toml(folder / "pyproject.toml")
    extras, groups = _get(project, "project", "optional-dependencies"), _get(project, "dependency-groups")
    for listed in (_get(project, "project", "dependencies"), *_tables(extras), *_tables(groups)):
        for text in _list(listed):
            if isinstance(text, str) and (found := _REQUIREMENT.match(text)):
                yield found[1], found[2] or "any version"
    poetry = _get(project, "tool", "poetry", "dependencies")
    for name, version in poetry.items() if isinstance(poetry, dict) else ():
        yield name, str(version.get("version", "any version") if isinstance(version, dict) else version)


def _locked(folder: Path) -> Iterator[tuple[str, str]]:
    for name in _LOCKS:
        for package in _list(_get(_toml(folder / name), "package")):
            if isinstance(package, dict) and isinstance(package.get("version"), str):
                yield str(package.get("name")), f"=={package['version']}"
    with suppress(OSError, ValueError, AttributeError, RecursionError):
        locked = json.loads((folder / "Pipfile.lock").read_text(encoding="utf-8"))
        for section in ("develop", "default"):
            for name, package in (_get(locked, section) or {}).items():
                if isinstance(package, dict) and isinstance(package.get("version"), str):
                    yield name, package["version"]


def _toml(file: Path) -> dict[str, Any]:
    with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return load_toml(file.read_text(encoding="utf-8"))
    return {}


def _lines(file: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").splitlines()
    return []


def _get(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tables(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []
