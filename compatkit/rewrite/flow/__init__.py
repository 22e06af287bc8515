"""Interpret a file abstractly: follow its values to find the expressions that are records."""
