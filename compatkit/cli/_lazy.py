"""A group that knows its commands by name and help alone, so that `--help` imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from compatkit.cli._verbosity import shared_options
from compatkit.errors import nearest


class LazyGroup(click.Group):
    """Holds commands by name and one-line help; each is `command` in the module of its name, in `package`.

    `homes` are modules of several commands, each `NAME_command`. `sections` groups commands in the help, and `bare` are
    those without the options that all take.
    """

    rows: Mapping[str, str] = {}
    sections: Mapping[str, tuple[str, ...]] = {}
    bare: frozenset[str] = frozenset()
    homes: Mapping[str, tuple[str, ...]] = {}
    package = "compatkit.cli"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.rows:
            return None
        home = next((module for module, names in self.homes.items() if cmd_name in names), cmd_name)
        name = f"{cmd_name}_command" if home in self.homes else "command"
        command = getattr(import_module(f"{self.package}.{home}"), name)
        assert isinstance(command, click.Command)
        if cmd_name not in self.bare and not isinstance(command, click.Group):
            _add_shared(command)
        if ctx.resilient_parsing:
            # A shell asks what may follow.
            from compatkit.cli._complete import completed

            return completed(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] == "help" and "help" not in self.rows:
            if not args[1:] and ctx.resilient_parsing:
                # A shell asks what may follow.
                return "help", self, []
            if not args[1:]:
                click.echo(ctx.get_help())
                ctx.exit()
            args = [*args[1:], "--help"]
        if args and args[0] not in self.rows and not args[0].startswith("-"):
            hint = nearest(args[0], self.rows)
            ctx.fail(f"No such command {args[0]!r}{f'; {hint}' if hint else '.'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in (self.sections or {"Commands": tuple(sorted(self.rows))}).items():
            with formatter.section(title):
                formatter.write_dl([(name, self.rows[name]) for name in names])


def _add_shared(command: click.Command) -> None:
    """Give a command the options that every command takes, but for names that it has itself."""
    own = {name for parameter in command.params for name in parameter.opts}
    command.params += [option for option in shared_options() if own.isdisjoint(option.opts)]
