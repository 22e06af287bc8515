"""Move from ray.air to ray.train: declared in migration.toml."""
