"""Move to torchmetrics 1: declared in migration.toml."""
