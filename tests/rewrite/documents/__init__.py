"""Documents that name code."""
