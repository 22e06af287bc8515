"""Rewrite calls whose arguments moved, and find the presets that they equal."""
