"""The reference of `[tool.compatkit]`, and its JSON Schema, from the fields and keys that are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compatkit.migrate.settings import settings_keys
from compatkit.options import wishes


def settings_lines() -> Iterator[str]:
    """Yield a Markdown table of the keys: what each takes, its default, and what it means."""
    options = wishes()
    yield "| key | value | default | it means |"
    yield "|---|---|---|---|"
    for key, wish in settings_keys().items():
        default = _toml(options[key][0].default) if key in options else "none"
        yield f"| `{key}` | {wish.kind.expected} | {default} | {wish.help} |"


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the table `[tool.compatkit]`."""
    keys = settings_keys()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "compatkit, as [tool.compatkit] in a pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {**wish.kind.schema, "description": wish.help} for key, wish in keys.items()},
    }


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str) else "none"
