"""Edits of one text: made, placed and checked."""
