"""`compatkit lsp`: findings and rewrites in an editor, by the Language Server Protocol."""

from __future__ import annotations

import click


@click.command("lsp", epilog="Example: compatkit lsp")
def command() -> None:
    """Speak the Language Server Protocol over standard input and output, for an editor that starts this.

    Findings are diagnostics, explained on hover; rewrites are quick fixes, one by one or all of a file. Nothing is
    written: the editor makes the changes in its own text. Settings are those of the nearest pyproject.toml.
    """
    from compatkit.cli._extras import require

    require("pygls", extra="lsp")
    from compatkit.cli._language_server import serve

    serve()
