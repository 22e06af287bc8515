"""The keys of `[tool.compatkit.verify]` and of its scenarios, each declared once: its meaning, and which values fit.

What reads them (`compatkit.equivalence.commands.declared`), the JSON Schema and the reference are derived from these.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping

from compatkit.options import SWITCH, SettingKind, Wish


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


_STRING = {"type": "string", "pattern": r"\S"}
_STRINGS = {"type": "array", "items": {"type": "string"}}
_TEXT = SettingKind("a non-empty string", _is_text, _STRING)
_COUNT = SettingKind("a number, one or more", lambda value: _is_integer(value, 1), {"type": "integer", "minimum": 1})
_COMMAND = SettingKind(
    "a command, as one string or as a list of words", _is_command, {"anyOf": [_STRING, {**_STRINGS, "minItems": 1}]}
)
_SHARE = SettingKind(
    "a number between 0.5 and 1",
    lambda value: isinstance(value, float) and 0.5 < value < 1,
    {"type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 1},
)

# For all scenarios, and for one that the command line names; a scenario may say otherwise.
OF_ALL: Mapping[str, Wish] = {
    "accept_unread": Wish("Judge by what can be read, and only say what cannot.", SWITCH),
    "before_python": Wish("The Python of another environment, for the side before; from this file.", _TEXT),
    "confidence": Wish("Of the equivalence test over several seeds; 0.95.", _SHARE),
    "env": Wish(
        "Variables of the environment of both sides.",
        SettingKind(
            "a table of strings", _is_variables, {"type": "object", "additionalProperties": {"type": "string"}}
        ),
    ),
    "equivalence": Wish(
        "What may differ, and why: as in a migration.toml.",
        SettingKind("a table", lambda value: isinstance(value, dict), {"type": "object"}),
    ),
    "exact": Wish("Allow nothing: every name, value and weight must be equal.", SWITCH),
    "explain": Wish("Where runs differ, say where they began to.", SWITCH),
    "jobs": Wish("Commands at once; by default as many as there are cores.", _COUNT),
    "link": Wish(
        "With a base: what git leaves out, such as data; from this file.",
        SettingKind("a list of strings", _is_texts, _STRINGS),
    ),
    "migration": Wish("Whose policy decides: an id, or a path from this file.", _TEXT),
    "once": Wish("Run the side before once only: its noise is not measured.", SWITCH),
    "seed": Wish(
        "Given to both sides as COMPATKIT_SEED; 0.",
        SettingKind("an integer, zero or more", lambda value: _is_integer(value, 0), {"type": "integer", "minimum": 0}),
    ),
    "seeds": Wish("Run so many seeds, and decide by an equivalence test.", _COUNT),
    "threads": Wish("Threads of each command; by default its share of the cores.", _COUNT),
    "timeout": Wish(
        "Of each command, in seconds; 3600.",
        SettingKind("a number of seconds", _is_seconds, {"type": "number", "exclusiveMinimum": 0}),
    ),
}
OF_SCENARIO: Mapping[str, Wish] = {
    "after": Wish("Beside `before`: the command of the other side.", _COMMAND),
    "base": Wish("The git revision of the side before; it goes with `command`.", _TEXT),
    "before": Wish("The command of the side before; it goes with `after`.", _COMMAND),
    "command": Wish("The command that runs at `base`, and as it is here.", _COMMAND),
    "folder": Wish("The folder in which commands run; from this file.", _TEXT),
    "migrate": Wish("With a base: run the command in a migrated copy of the working tree.", SWITCH),
    "name": Wish("The name of the scenario; required.", _TEXT),
    "shim": Wish("With a base: run the working tree's command under the shim.", SWITCH),
}


def verify_schema() -> Mapping[str, object]:
    """Return the JSON Schema of `[tool.compatkit.verify]`."""
    shared = _properties(OF_ALL)
    scenario = {
        "type": "object",
        "properties": {**shared, **_properties(OF_SCENARIO)},
        "required": ["name"],
        "anyOf": [{"required": ["before", "after"]}, {"required": ["base", "command"]}],
        "additionalProperties": False,
    }
    scenarios = {"type": "array", "items": scenario, "description": "What `compatkit verify` compares, each a table."}
    return {"type": "object", "properties": {**shared, "scenarios": scenarios}, "additionalProperties": False}


def _properties(keys: Mapping[str, Wish]) -> dict[str, object]:
    return {key: {**wish.kind.schema, "description": wish.help} for key, wish in keys.items()}
