"""Compare two snapshots; each module compares one kind of content."""
