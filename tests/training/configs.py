"""Generated configurations, of every setting."""

from __future__ import annotations

from hypothesis import strategies as st

from compatkit.training import MODEL_TYPES, OPTIMIZERS, OrchestratorConfig
from compatkit.training.v2.settings.sections import (
    CLASS_WEIGHTS,
    COMPILERS,
    ENGINES,
    METRIC_NAMES,
    MONITORED,
    SCHEDULERS,
)

_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_shares = st.floats(0.01, 0.99)
_sizes = st.integers(1, 10_000)
_booleans = st.booleans()
_numbers = st.floats(0, 1e300)
VALUES = {
    "epochs": _sizes,
    "model.type": st.sampled_from(MODEL_TYPES),
    "model.hidden_size": _sizes,
    "model.layers": st.integers(0, 9),
    "model.dropout": _shares,
    "optimizer.name": st.sampled_from(OPTIMIZERS),
    "optimizer.learning_rate": _numbers,
    "optimizer.weight_decay": _numbers,
    "optimizer.momentum": _numbers,
    "optimizer.clip_norm": st.none() | st.floats(1e-9, 1e9),
    "optimizer.accumulate": _sizes,
    "scheduler.name": st.sampled_from([name for name in SCHEDULERS if name != "plateau"]),
    "scheduler.warmup_epochs": st.integers(0, 9),
    "scheduler.step_epochs": _sizes,
    "scheduler.factor": _shares,
    "scheduler.min_factor": _shares,
    "data.batch_size": _sizes,
    "data.validation_fraction": _shares,
    "data.class_weights": st.sampled_from(CLASS_WEIGHTS),
    "data.noise": _numbers,
    "early_stopping.patience": st.none() | _sizes,
    "early_stopping.metric": st.sampled_from(MONITORED),
    "early_stopping.min_delta": _numbers,
    "early_stopping.restore_best": _booleans,
    "checkpoints.folder": st.none() | _texts,
    "checkpoints.every_epochs": _sizes,
    "checkpoints.metric": st.sampled_from(MONITORED),
    "runtime.seed": st.integers(0, 2**32 - 1),
    "runtime.threads": _sizes,
    "runtime.device": st.sampled_from(["auto", "cpu", "cuda"]),
    "runtime.precision": st.sampled_from(["float32", "bfloat16"]),
    "runtime.workers": st.integers(0, 9),
    "runtime.deterministic": _booleans,
    "runtime.compile": st.sampled_from(COMPILERS),
    "scale.engine": st.sampled_from(ENGINES),
    "scale.processes": _sizes,
    "scale.address": st.none() | _texts,
    "scale.restarts": st.integers(0, 9),
    "scale.patience_seconds": _numbers,
    "tracking.experiment_name": _texts,
    "tracking.uri": st.none() | _texts,
    "tracking.run_name": st.none() | _texts,
    "tracking.log_model": _booleans,
    "tracking.metric_names": st.sampled_from(METRIC_NAMES),
    "tracking.system_metrics": _booleans,
    "tracking.flush_seconds": _numbers,
    "tracking.patience_seconds": _numbers,
    "tracking.spool": st.none() | _texts,
}


def _engine_of(given: dict[str, object]) -> dict[str, str]:
    """Return the engine that starts several processes, or starts them again, where that is asked for."""
    is_needed = given.get("scale.processes", 1) != 1 or given.get("scale.restarts", 0) != 0
    return {"scale.engine": "ray"} if is_needed else {}


overrides = st.fixed_dictionaries({}, optional=VALUES).map(lambda given: {**given, **_engine_of(given)})
configs = overrides.map(lambda given: OrchestratorConfig().with_overrides(given))
