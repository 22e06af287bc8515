"""Move to transformers 5: declared in migration.toml."""
