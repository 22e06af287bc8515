"""Follow the values of a file from where they come to where they go: a record, or not."""
