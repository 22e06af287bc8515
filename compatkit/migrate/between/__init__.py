"""Find what the files of a tree need to know of one another."""
