"""Change the keys and values of configurations that are arguments of a callable."""
