"""What the files of a tree tell of one another."""
