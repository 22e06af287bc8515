"""A made-up library, the shop: its migrations, projects that use it, and short ways to rewrite them."""

from __future__ import annotations

# The head of a migration, before its rows.
HEAD = """\
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
"""
