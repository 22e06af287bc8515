"""Record what happens inside a training: digests a batch and a layer; torch and MLflow load when used.

One line in a training script, inert unless the environment variable COMPATKIT_TRACE is set:

    from compatkit.trace import watch

    watch(model)

With COMPATKIT_TRACE=1 the first 200 batches are recorded, with a greater number that many, and logged to the active
MLflow run as `compatkit/trace.json`. `compatkit compare --explain` finds in two such records where they part.
"""

from __future__ import annotations

from compatkit.trace.record import TRACE_FILE, Batch, Trace, TraceError, environment_tags
from compatkit.trace.watch import watch

__all__ = ["TRACE_FILE", "Batch", "Trace", "TraceError", "environment_tags", "watch"]
