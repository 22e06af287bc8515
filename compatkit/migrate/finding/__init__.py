"""Find the files of a run, and those of them that it must look into."""
