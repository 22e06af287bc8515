"""The options of commands that report: `--format`, `--output FORMAT=FILE` for several at once, and `--html`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

import click

from compatkit.errors import CompatkitError, nearest

FC = TypeVar("FC", bound="Callable[..., object] | click.Command")
Outputs = tuple[tuple[str, Path], ...]

html_option = click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a page with curves, weights and tables; it loads nothing.",
)


def format_option(formats: Collection[str]) -> Callable[[FC], FC]:
    """Return the option `--format` of a command that reports in these formats."""
    return click.option("--format", "form", type=click.Choice([*formats]), default="text", show_default=True)


def output_option(formats: Collection[str]) -> Callable[[FC], FC]:
    """Return the option `--output`, which refuses a format that is not among `formats`."""

    def parse(ctx: click.Context, param: click.Parameter, values: Iterable[str]) -> Outputs:
        found = []
        for value in values:
            form, separator, file = value.partition("=")
            if not (separator and file):
                raise click.BadParameter(f"{value!r} is not of the form FORMAT=FILE.", ctx, param)
            if form not in formats:
                raise click.BadParameter(f"There is no format {form!r}; {nearest(form, formats)}", ctx, param)
            found.append((form, Path(file)))
        return tuple(found)

    return click.option(
        "--output",
        "outputs",
        metavar="FORMAT=FILE",
        callback=parse,
        multiple=True,
        help="Write this format to a file; repeatable.",
    )


def require_page(html: Path | None, *, is_logged: bool = False) -> None:
    """Raise `CompatkitError` before anything is done, if a page is wanted and cannot be made or put there."""
    # It reads what is installed, which takes longer than click.
    from compatkit.cli._extras import require

    if html or is_logged:
        require("jinja2", extra="report")
    if html and not html.parent.is_dir():
        raise CompatkitError(f"There is no folder {html.parent}.", where="--html", hint="make it, or name another")


def write_text(file: Path, text: str) -> None:
    """Write a file, and make the folders above it. Raises `CompatkitError`."""
    try:
        content = text.encode("utf-8")  # first: what cannot be written leaves no empty file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except (OSError, UnicodeEncodeError) as error:
        what = f"The file cannot be written: {getattr(error, 'strerror', None) or error}."
        raise CompatkitError(what, where=str(file), hint="check the path, permissions and free space") from error


def write_and_show(render: Callable[[str], str], form: str, outputs: Outputs) -> None:
    """Write the files first: what is on stdout may be read by something that ends at its end."""
    for other, file in outputs:
        try:
            # As on stdout: half a character does not cost the rest of the report.
            file.write_text(f"{render(other)}\n", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            hint = "give a file in a folder that exists and can be written"
            raise CompatkitError(
                f"The {other} output cannot be written: {error}.", where=str(file), hint=hint
            ) from error
    click.echo(render(form))
