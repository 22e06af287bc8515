"""The v2 stack: nested configuration and presets, `EpochMetrics`, and a result that v1's readers can read."""

from __future__ import annotations

from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.loop.trainer import ModelTrainerV2
from compatkit.training.v2.orchestrator import TrainingOrchestratorV2
from compatkit.training.v2.result import TrainingResult
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.settings.names import OPTIMIZERS
from compatkit.training.v2.settings.presets import PRESETS, available_presets, preset_config
from compatkit.training.v2.settings.sections import (
    CheckpointConfig,
    DataConfig,
    EarlyStoppingConfig,
    ModelConfig,
    OptimizerConfig,
    RuntimeConfig,
    ScaleConfig,
    SchedulerConfig,
    TrackingConfig,
)

__all__ = [
    "OPTIMIZERS",
    "PRESETS",
    "CheckpointConfig",
    "ConfigError",
    "DataConfig",
    "EarlyStoppingConfig",
    "ModelConfig",
    "ModelTrainerV2",
    "OptimizerConfig",
    "OrchestratorConfig",
    "RuntimeConfig",
    "ScaleConfig",
    "SchedulerConfig",
    "TrackingConfig",
    "TrainingOrchestratorV2",
    "TrainingResult",
    "available_presets",
    "preset_config",
]
