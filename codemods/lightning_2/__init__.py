"""Move from PyTorch Lightning 1.x to Lightning 2: declared in migration.toml."""
