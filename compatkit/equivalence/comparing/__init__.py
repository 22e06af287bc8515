"""Two snapshots set against each other, one kind of thing a module."""
