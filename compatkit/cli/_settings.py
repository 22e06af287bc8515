"""Say where the settings of a command come from: --config and --isolated, and what a folder has with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings
    from compatkit.migration import Project

_META = "compatkit.settings"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def reads_settings(command: _Command) -> _Command:
    """Give a command the options that say where its settings come from; `settings_at` and `project_at` heed them."""

    def keep(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
        if value:
            ctx.meta[f"{_META}.{parameter.name}"] = value

    isolated = click.option(
        "--isolated", is_flag=True, expose_value=False, callback=keep, help="Read no pyproject.toml."
    )
    config = click.option(
        "--config",
        multiple=True,
        metavar="FILE|KEY=VALUE",
        expose_value=False,
        callback=keep,
        help="A TOML file in place of the pyproject.toml, or one key of [tool.compatkit]; repeatable.",
    )
    return isolated(config(command))


def are_settings_given() -> bool:
    """Tell whether the command line says where settings come from."""
    return bool(_given("config") or _given("isolated"))


def settings_at(start: Path) -> Settings:
    """Return the settings for a folder, as --config and --isolated say."""
    # The help of a command needs no settings.
    from compatkit.migrate.settings import load_settings

    return load_settings(start, config=_given("config") or (), isolated=bool(_given("isolated")))


def project_at(start: Path) -> Project:
    """Return the project for a folder, as --config and --isolated say; else as at run time, where it is read alone."""
    # The help of a command needs no project.
    from compatkit.migration import load_project

    return settings_at(start).project if are_settings_given() else load_project(start)


def _given(option: str) -> Any:
    context = click.get_current_context(silent=True)
    return context and context.meta.get(f"{_META}.{option}")
