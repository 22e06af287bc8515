"""`compatkit migrations schema`: the JSON Schema of migration.toml."""

from __future__ import annotations

import click


@click.command("schema", epilog="Example: compatkit migrations schema > migration.schema.json")
def command() -> None:
    """Print the JSON Schema of migration.toml.

    Editors with a TOML plug-in complete and check a file that begins with `#:schema ./migration.schema.json`.
    """
    import json

    from compatkit.authoring.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
