"""The code that migrations bring: loaded when a file needs it, and held to what every rewrite is held to."""
