"""Move to torch.amp, and what else torch's training interface deprecates: declared in migration.toml."""
