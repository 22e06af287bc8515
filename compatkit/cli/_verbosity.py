"""Set how much a command says, and in which colours: -q, -v and --color, which every command takes."""

from __future__ import annotations

import os
from collections.abc import Callable

import click

_QUIET, _VERBOSE = "compatkit.quiet", "compatkit.verbose"


def say(text: str = "", *, nl: bool = True) -> None:
    """Say something beside the result, on standard error; not with -q."""
    if not _is_on(_QUIET):
        click.echo(text, err=True, nl=nl)


def say_more(text: str) -> None:
    """Say something that only -v asks for."""
    if is_verbose():
        click.echo(text, err=True)


def is_verbose() -> bool:
    """Tell whether -v was given."""
    return _is_on(_VERBOSE)


def is_quiet() -> bool:
    """Tell whether -q was given."""
    return _is_on(_QUIET)


def _is_on(key: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(key))


def color_of_environment() -> bool | None:
    """Return what NO_COLOR, FORCE_COLOR and TERM say; None leaves it to whether a terminal reads."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def shared_options() -> list[click.Option]:
    """Return the options that every command takes beside its own."""

    def loud(key: str) -> Callable[..., None]:
        def keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:
            if value:
                ctx.meta[key] = True

        return keep

    def color(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value:
            ctx.color = {"always": True, "never": False}.get(value, color_of_environment())

    return [
        _option(["-q", "--quiet"], loud(_QUIET), "Say nothing beside the result and errors."),
        _option(["-v", "--verbose"], loud(_VERBOSE), "Say more about what is done."),
        click.Option(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            expose_value=False,
            callback=color,
            help="Colours; by default where a terminal reads, and as NO_COLOR and FORCE_COLOR say.",
        ),
    ]


def _option(names: list[str], callback: Callable[..., None], text: str) -> click.Option:
    return click.Option(names, is_flag=True, expose_value=False, callback=callback, help=text)
