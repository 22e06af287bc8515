"""A group that knows its commands by name and help alone, so that `--help` imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from compatkit.errors import nearest


class LazyGroup(click.Group):
    """Holds commands by name and one-line help; `home` is the module of each, where its click command is `command`."""

    rows: Mapping[str, str] = {}
    home = "compatkit.cli.{}"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.rows:
            return None
        command = import_module(self.home.format(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] == "help" and "help" not in self.rows:
            if not args[1:]:
                click.echo(ctx.get_help())
                ctx.exit()
            args = [*args[1:], "--help"]
        if args and args[0] not in self.rows and not args[0].startswith("-"):
            hint = nearest(args[0], self.rows)
            ctx.fail(f"No such command {args[0]!r}{f'; {hint}' if hint else '.'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self.rows.items()))
