"""Move from MLflow 2 to MLflow 3: declared in migration.toml."""
