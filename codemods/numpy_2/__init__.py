"""Move to NumPy 2: declared in migration.toml."""
