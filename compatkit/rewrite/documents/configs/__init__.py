"""Keys and values of configurations that are arguments of a callable: what becomes of them when it changes."""
