"""Showing what `compatkit verify` found: one form on stdout, any others in files."""

from __future__ import annotations

from collections.abc import Callable

import click

from compatkit.cli._verify_given import Given
from compatkit.errors import CompatkitError


def show(render: Callable[[str], str], given: Given) -> None:
    """Write the files first: what is on stdout may be read by something that ends at its end."""
    for form, file in given["outputs"]:
        try:
            file.write_text(f"{render(form)}\n", encoding="utf-8")
        except OSError as error:
            hint = "give a file in a folder that exists and can be written"
            raise CompatkitError(
                f"The {form} output cannot be written: {error}.", where=str(file), hint=hint
            ) from error
    click.echo(render(given["form"]))
