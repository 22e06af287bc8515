"""Where the values of a file come from, and where they go: what a record is, and what is not."""
