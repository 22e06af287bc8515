"""Move to the weights of torchvision by name: declared in migration.toml."""
