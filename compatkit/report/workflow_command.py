"""GitHub's workflow commands: a line that GitHub shows beside a step, or beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal


def workflow_command(
    kind: Literal["error", "warning", "notice"], message: str, properties: Mapping[str, object] | None = None
) -> str:
    """Return one command. Properties that are empty are left out."""
    given = ",".join(f"{name}={_property(str(value))}" for name, value in (properties or {}).items() if value)
    return f"::{kind} {given}::{_data(message)}" if given else f"::{kind}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
