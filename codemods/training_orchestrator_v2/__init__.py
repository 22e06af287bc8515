"""Move to TrainingOrchestratorV2: declared in migration.toml."""
