"""Complete codes and migrations behind TAB in a shell, in every command, by the metavar of the parameter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from compatkit.errors import CompatkitError


def completed(command: click.Command) -> click.Command:
    """Give the parameters of a command what a shell may offer for them."""
    for parameter in command.params:
        if parameter.metavar == "ID_OR_PATH":
            parameter._custom_shell_complete = _ids  # noqa: SLF001 - click takes it at the making only
        elif parameter.metavar in ("CODES", "CODE|ID:CODE"):
            parameter._custom_shell_complete = _codes  # noqa: SLF001
    return command


def _ids(_ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    # Imported here: only a shell asks for completions.
    from compatkit.migration import available_migrations

    found = [CompletionItem(name) for name in sorted(available_migrations()) if name.startswith(begun)]
    # Anything else is a path, which the shell knows.
    return found if found and os.sep not in begun else [CompletionItem(begun, type="file")]


def _codes(_ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    if parameter.metavar == "CODES":
        before, comma, begun = begun.rpartition(",")
        front, own, begun = before + comma, "", begun
    else:
        own, colon, begun = begun.rpartition(":")
        front = own + colon
    return [CompletionItem(f"{front}{code}") for code in _known(own) if code.startswith(begun.upper())]


def _known(migration_id: str) -> Iterator[str]:
    # As above.
    from compatkit.authoring.explaining import TOOL_CODES
    from compatkit.cli._settings import project_at
    from compatkit.migration import available_migrations, codes_of, load_migration

    codes = set() if migration_id else set(TOOL_CODES)
    for name, file in available_migrations().items():
        # What cannot be loaded is told by the command itself.
        with suppress(CompatkitError):
            codes |= set(codes_of(load_migration(file))) if migration_id in ("", name) else set()
    if not migration_id:
        with suppress(CompatkitError):
            codes |= {code for migration in project_at(Path.cwd()).load() for code in codes_of(migration)}
    yield from sorted(codes)
