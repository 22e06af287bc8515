"""Rewrite the uses of changed calls, members and names that are certain, and report the others."""
