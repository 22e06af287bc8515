"""The JSON Schema of a `migration.toml`, for editors: the declared columns (`migration.rows`), written down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compatkit.migrate.settings import settings_keys
from compatkit.migration.columns import REQUIRED, Column, Json, Table
from compatkit.migration.rows import ROOT
from compatkit.options import wishes

# The draft that editors' TOML plug-ins know.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_SCALAR: Json = {"type": ["string", "number", "boolean"]}


def json_schema() -> Json:
    """Return the schema of `migration.toml`, as JSON.

    It says of each table what the loader says. What holds between tables, such as that no code is given twice, is
    beyond a schema: `compatkit migrations check` tells it.
    """
    definitions = dict(_definitions(ROOT, ""))
    root = definitions.pop("")
    values = {"anyOf": [_SCALAR, {"$ref": "#/definitions/settings"}]}
    definitions["settings"] = {"type": "object", "additionalProperties": values}
    return {"$schema": _DRAFT, "title": "A compatkit migration", **root, "definitions": definitions}


def _definitions(table: Table, name: str) -> Iterator[tuple[str, Json]]:
    """Yield the definition of a table and of all tables in it, by the dotted path that leads there."""
    inner = {column.name: f"{name}.{column.name}".lstrip(".") for column in table.columns if column.kind.inner}
    yield name, _definition(table, inner)
    for column in table.columns:
        if column.kind.inner:
            yield from _definitions(column.kind.inner(), inner[column.name])


def _definition(table: Table, inner: dict[str, str]) -> Json:
    found: Json = {
        "type": "object",
        "properties": {column.name: _property(column, inner) for column in table.columns},
        "required": sorted(column.name for column in table.columns if column.default is REQUIRED),
        "additionalProperties": False,
    }
    return {**found, "allOf": [rule.schema for rule in table.rules]} if table.rules else found


def _property(column: Column, inner: dict[str, str]) -> Json:
    schema = column.kind.schema
    if column.name in inner:
        reference = {"$ref": f"#/definitions/{inner[column.name]}"}
        schema = {**schema, "items": reference} if column.kind.is_list else reference
    return {**schema, "description": column.meaning}


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
