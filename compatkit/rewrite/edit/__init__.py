"""Make the edits of one text, place them, and check the result."""
