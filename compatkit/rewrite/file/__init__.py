"""One source file: its text, tree, scopes, imports and neighbours."""
