"""`OrchestratorConfig`: its sections, their rules, presets, and the files that hold them."""
