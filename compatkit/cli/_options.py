"""The options of commands that follow from the fields of `RunOptions`, and what was given of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from compatkit.cli._settings import reads_settings
from compatkit.options import (
    CODES,
    CODES_BY_PATTERN,
    CONFIDENCE,
    COUNT,
    FILE,
    MOST_JOBS,
    PATTERNS,
    SWITCH,
    Wish,
    wishes,
)

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


def wished(*, without: Iterable[str] = ()) -> Callable[[_Command], _Command]:
    """Give a command an option for each field of `RunOptions`, and those that say where settings come from."""
    left_out = frozenset(without)

    def decorate(command: _Command) -> _Command:
        command = reads_settings(command)
        for key, (field, wish) in reversed(wishes().items()):
            if field.name not in left_out:
                command = _option(key, wish)(command)
        return command

    return decorate


def _option(key: str, wish: Wish) -> Callable[[_Command], _Command]:
    if wish.kind is SWITCH:
        return click.option(f"--{key}/--no-{key}", default=None, help=wish.help)
    if wish.kind is CONFIDENCE:
        return click.option(f"--{key}", type=click.Choice(["safe", "review"]), help=wish.help)
    if wish.kind is COUNT:
        return click.option(f"--{key}", type=click.IntRange(1, MOST_JOBS), metavar=wish.metavar, help=wish.help)
    if wish.kind is FILE:
        return click.option(f"--{key}", type=click.Path(path_type=Path), metavar=wish.metavar, help=wish.help)
    assert wish.kind in (CODES, PATTERNS, CODES_BY_PATTERN)
    return click.option(f"--{key}", multiple=True, metavar=wish.metavar, help=f"{wish.help} Repeatable.")


def with_given(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """Set what was given on the command line before what the settings say."""
    said: dict[str, Any] = {}
    for field, wish in wishes().values():
        value = given.get(field.name)
        if value is None or value == ():
            continue
        said[field.name] = _read(wish, value)
    return replace(settings, **said)


def _read(wish: Wish, value: Any) -> Any:
    if wish.kind is CODES:
        return frozenset(split(value))
    if wish.kind is PATTERNS:
        return tuple(split(value))
    if wish.kind is CODES_BY_PATTERN:
        return tuple(_pair(text) for text in split(value))
    return value


def _pair(text: str) -> tuple[str, tuple[str, ...]]:
    pattern, separator, code = text.rpartition(":")
    if not (separator and pattern and code):
        raise click.UsageError(f"--per-file-ignores {text!r} is not of the form PATTERN:CODE")
    return pattern, (code.strip(),)


def split(given: Iterable[str]) -> list[str]:
    """Split `CK101,CK2`, which may also be given one by one."""
    return [part.strip() for text in given for part in text.split(",") if part.strip()]
