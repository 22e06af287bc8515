"""Which files there are, and which of them a run must look into."""
