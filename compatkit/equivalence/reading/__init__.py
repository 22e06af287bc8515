"""From a tracking store to a snapshot: runs, metrics, artifacts by kind, models, data sets. Nothing is executed."""
