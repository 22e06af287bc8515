"""`compatkit migrations`: the migrations that there are, and all that helps to write one."""

from __future__ import annotations

import click

from compatkit.cli._lazy import LazyGroup


class _Migrations(LazyGroup):
    rows = {
        "audit": "Fail where a change of a library's interface is not declared.",
        "check": "Check a migration.toml, and point to the lines that are wrong.",
        "docs": "Write a page of documentation from a migration.toml.",
        "draft": "Draft a migration.toml from two releases of a library.",
        "inventory": "Write the names that a release has in a module that moves as a whole.",
        "list": "List the migrations that are installed.",
        "new": "Start a migration of your own, as a package.",
        "schema": "Print the JSON Schema of migration.toml, for editors.",
        "show": "Show what a migration declares.",
        "test": "Test a migration on its own examples.",
    }
    homes = {
        "telling": ("docs", "list", "schema", "show"),
        "testing": ("audit", "check", "test"),
        "writing": ("draft", "inventory", "new"),
    }
    package = "compatkit.cli._migrations"


@click.group("migrations", cls=_Migrations)
def command() -> None:
    """List the migrations there are, and write, test and document one of your own.

    Start with: compatkit migrations new acme-v2
    """
