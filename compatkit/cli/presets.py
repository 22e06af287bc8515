"""`compatkit presets`: what the presets set, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click


@click.command("presets")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "show_all", is_flag=True, help="Also show the settings in which they do not differ.")
@click.option("--format", "form", type=click.Choice(["text", "json", "toml"]), default="text", show_default=True)
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], *, show_all: bool, form: str) -> None:
    """Show presets side by side: the bundled ones, those of installed packages, and the project's own.

    Your own is a table [tool.compatkit.presets.NAME] in pyproject.toml, with the settings that differ from those of
    its base, another preset. The format toml takes one NAME, and writes a file for `compatkit train --config`.

    \b
    Example:
      compatkit presets production_small production_large
    """
    import json

    from compatkit.cli._exit_status import ExitStatus
    from compatkit.cli._extras import require

    require("sklearn", "torch")
    from compatkit.cli._training import from_command_line
    from compatkit.training import ConfigError, available_presets
    from compatkit.training.v2.settings.config_files import to_toml

    if form == "toml" and len(names) != 1:
        raise click.UsageError("--format toml takes one preset")
    presets = available_presets()
    for name in names:
        if name not in presets:
            with from_command_line():
                raise ConfigError.unknown_preset(name, presets)
    chosen = {name: presets[name] for name in names or presets}
    match form:
        case "json":
            click.echo(json.dumps({name: config.to_dict() for name, config in chosen.items()}, indent=2))
        case "toml":
            click.echo(to_toml(chosen[names[0]].to_dict()), nl=False)
        case _:
            flat = {name: config.flatten() for name, config in chosen.items()}
            click.echo("\n".join(preset_lines(flat, show_all=show_all)))
    ctx.exit(int(ExitStatus.OK))


def preset_lines(presets: Mapping[str, Mapping[str, object]], *, show_all: bool = False) -> Iterator[str]:
    """Yield the table of `presets`, by dotted path; settings in which all agree only if `show_all`.

    >>> list(preset_lines({"a": {"epochs": 1, "seed": 2}, "b": {"epochs": 30, "seed": 2}}))
    ['setting  a  b', 'epochs   1  30']
    """
    columns = list(presets.values())
    paths = [
        path
        for path in columns[0]
        if show_all or len(columns) == 1 or any(column[path] != columns[0][path] for column in columns)
    ]
    rows = [["setting", *presets], *([path, *(_text(column[path]) for column in columns)] for path in paths)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _text(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
