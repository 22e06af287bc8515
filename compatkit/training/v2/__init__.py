"""The v2 stack: nested configuration and presets, `EpochMetrics`, and a result that v1's readers can read."""

from __future__ import annotations

from compatkit.training.errors import ConfigError
from compatkit.training.v2.loop.trainer_v2 import ModelTrainerV2
from compatkit.training.v2.orchestrator import TrainingOrchestratorV2
from compatkit.training.v2.recording import TrainingResult
from compatkit.training.v2.settings.config import PRESETS, OrchestratorConfig, available_presets, preset_config
from compatkit.training.v2.settings.sections import (
    OPTIMIZERS,
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
