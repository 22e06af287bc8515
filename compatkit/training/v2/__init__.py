"""The v2 stack: nested configuration and presets, `EpochMetrics`, and a result that v1's readers can read."""

from __future__ import annotations

from compatkit.training.v2.config import OrchestratorConfig
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.orchestrator import TrainingOrchestratorV2
from compatkit.training.v2.presets import PRESETS, preset_config
from compatkit.training.v2.result import TrainingResult
from compatkit.training.v2.sections import DataConfig, ModelConfig, OptimizerConfig, RuntimeConfig, TrackingConfig
from compatkit.training.v2.trainer import OPTIMIZERS, ModelTrainerV2

__all__ = [
    "OPTIMIZERS",
    "PRESETS",
    "ConfigError",
    "DataConfig",
    "ModelConfig",
    "ModelTrainerV2",
    "OptimizerConfig",
    "OrchestratorConfig",
    "RuntimeConfig",
    "TrackingConfig",
    "TrainingOrchestratorV2",
    "TrainingResult",
    "preset_config",
]
