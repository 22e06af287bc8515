"""Read and write settings in TOML, YAML and JSON files, as nested dicts of plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from compatkit.budget import MIB, Budget, BudgetError, load_json, load_toml, load_yaml
from compatkit.safe_text import is_encodable
from compatkit.training.errors import ConfigError
from compatkit.training.v2.settings.rules import RULES

_MOST_BYTES = 4 * MIB
Settings: TypeAlias = dict[str, Any]


def read_settings(path: Path) -> Settings:
    """Return what the file at `path` says. Raises `ConfigError` if it cannot be read, or is no table."""
    load = _by_suffix(path, _READERS)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BudgetError(f"it is larger than {_MOST_BYTES // MIB} MiB")
        settings = load(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except (OSError, ValueError) as error:
        raise ConfigError.bad_file(path, error) from error
    if not isinstance(settings, dict):
        raise ConfigError.bad_file(path, f"it is a {type(settings).__name__}, not a table")
    return settings


def write_settings(path: Path, settings: Settings) -> None:
    """Write `settings` in the format that the ending of `path` names.

    Raises `ConfigError`, and writes nothing, for a text that no file in UTF-8 can hold.
    """
    write = _by_suffix(path, _WRITERS)
    for name, value in _flat(settings):
        if isinstance(value, str) and not is_encodable(value):
            raise ConfigError.unwritable(path, name, value)
    path.write_text(write(settings), encoding="utf-8")


def to_toml(settings: Settings) -> str:
    """Return `settings` as TOML. It has no None: a setting that is None is left out, which is its default."""
    import tomli_w

    return tomli_w.dumps(_without_none(settings))


def _flat(settings: Settings, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _without_none(settings: Settings) -> Settings:
    kept = {name: value for name, value in settings.items() if value is not None}
    return {name: _without_none(value) if isinstance(value, dict) else value for name, value in kept.items()}


def _from_toml(text: str) -> Settings:
    return load_toml(text)


def _from_yaml(text: str) -> Any:
    import yaml

    try:
        documents = load_yaml(text.encode(), Budget(size=len(text)))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if len(documents) > 1:
        raise ValueError("it holds several documents")
    settings = documents[0] if documents else None
    return _numbers_read(settings, "") if isinstance(settings, dict) else settings or {}


def _numbers_read(settings: Settings, prefix: str) -> Settings:
    """Read texts as numbers where the setting is one: PyYAML takes `1e-3` for text, as YAML 1.1 says."""
    read: Settings = {}
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and not prefix:
            read[name] = _numbers_read(value, f"{path}.")
        elif isinstance(value, str) and path in RULES and not RULES[path].accepts(value):
            read[name] = RULES[path].parse(path, value)
        else:
            read[name] = value
    return read


def _to_yaml(settings: Settings) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
        """Escapes each character that is no visible one: YAML folds U+0085 into a blank."""

        def represent_text(self, text: str) -> Any:
            return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')

    Dumper.add_representer(str, Dumper.represent_text)
    return str(yaml.dump(settings, Dumper=Dumper, sort_keys=False, allow_unicode=True))


def _to_json(settings: Settings) -> str:
    return json.dumps(settings, indent=2) + "\n"


_READERS: Mapping[str, Callable[[str], Any]] = {
    ".json": load_json,
    ".toml": _from_toml,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
}
_WRITERS: Mapping[str, Callable[[Settings], str]] = {
    ".json": _to_json,
    ".toml": to_toml,
    ".yaml": _to_yaml,
    ".yml": _to_yaml,
}
_Handler: TypeAlias = Callable[[Any], Any]


def _by_suffix(path: Path, handlers: Mapping[str, _Handler]) -> _Handler:
    if path.suffix.lower() not in handlers:
        raise ConfigError(f"{path} has no known ending.", where=str(path), hint=f"known: {', '.join(sorted(handlers))}")
    return handlers[path.suffix.lower()]
