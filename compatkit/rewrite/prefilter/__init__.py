"""Questions that are asked of raw bytes, before anything is parsed."""
