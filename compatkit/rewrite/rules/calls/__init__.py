"""Calls, members and names that a library changed: rewritten where they are certain, reported where they are not."""
