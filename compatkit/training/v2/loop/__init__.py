"""Training itself: batches, passes, steps and epochs, in one process or several that share the batches."""
