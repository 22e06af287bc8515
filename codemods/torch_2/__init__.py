"""Move off what torch 2 removed or warns about: declared in migration.toml."""
