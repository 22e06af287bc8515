"""The reference stack: trainers and orchestrators, v1 and v2, over real data, torch and MLflow.

Importing it imports torch; MLflow is imported when a run begins.
"""

from __future__ import annotations

from compatkit.training.data import DATASETS, DatasetSource, DataSplit, load_dataset
from compatkit.training.errors import TrainingError
from compatkit.training.models import MODEL_TYPES, build_model
from compatkit.training.protocol import Trainer
from compatkit.training.v1 import ModelTrainer, TrainingOrchestrator
from compatkit.training.v2 import (
    OPTIMIZERS,
    PRESETS,
    CheckpointConfig,
    ConfigError,
    DataConfig,
    EarlyStoppingConfig,
    ModelConfig,
    ModelTrainerV2,
    OptimizerConfig,
    OrchestratorConfig,
    RuntimeConfig,
    ScaleConfig,
    SchedulerConfig,
    TrackingConfig,
    TrainingOrchestratorV2,
    TrainingResult,
    available_presets,
    preset_config,
)

__all__ = [
    "DATASETS",
    "MODEL_TYPES",
    "OPTIMIZERS",
    "PRESETS",
    "CheckpointConfig",
    "ConfigError",
    "DataConfig",
    "DataSplit",
    "DatasetSource",
    "EarlyStoppingConfig",
    "ModelConfig",
    "ModelTrainer",
    "ModelTrainerV2",
    "OptimizerConfig",
    "OrchestratorConfig",
    "RuntimeConfig",
    "ScaleConfig",
    "SchedulerConfig",
    "TrackingConfig",
    "Trainer",
    "TrainingError",
    "TrainingOrchestrator",
    "TrainingOrchestratorV2",
    "TrainingResult",
    "available_presets",
    "build_model",
    "load_dataset",
    "preset_config",
]
