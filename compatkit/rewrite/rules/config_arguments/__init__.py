"""Calls whose arguments moved, and the presets that they equal."""
