"""Named configurations, from a check that everything runs to a large model."""

from __future__ import annotations

from collections.abc import Mapping

from compatkit.training.v2.config import OrchestratorConfig
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.sections import DataConfig, ModelConfig, OptimizerConfig, TrackingConfig

PRESETS: Mapping[str, OrchestratorConfig] = {
    # Does it run at all? Two epochs, and no model in the store.
    "quick_test": OrchestratorConfig(
        epochs=2, model=ModelConfig(hidden_size=16), tracking=TrackingConfig(log_model=False)
    ),
    "development": OrchestratorConfig(epochs=5, model=ModelConfig(hidden_size=32)),
    "production_small": OrchestratorConfig(epochs=20),
    "production_medium": OrchestratorConfig(
        epochs=30,
        model=ModelConfig(hidden_size=128, layers=2, dropout=0.1),
        optimizer=OptimizerConfig(name="adamw", weight_decay=1e-2),
        data=DataConfig(batch_size=64),
    ),
    "production_large": OrchestratorConfig(
        epochs=50,
        model=ModelConfig(hidden_size=256, layers=3, dropout=0.2),
        optimizer=OptimizerConfig(name="adamw", weight_decay=1e-2),
        data=DataConfig(batch_size=64),
    ),
}


def preset_config(name: str) -> OrchestratorConfig:
    """Return the preset called `name`; raises `ConfigError` for another.

    >>> preset_config("quick_test").epochs
    2
    """
    if name not in PRESETS:
        raise ConfigError.unknown_preset(name, PRESETS)
    return PRESETS[name]
