"""The rules: each finds what it rewrites or reports in one file."""
