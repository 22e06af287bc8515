"""The v1 stack: flat arguments, dicts with v1 keys."""

from __future__ import annotations

from compatkit.training.v1.orchestrator import TrainingOrchestrator
from compatkit.training.v1.trainer import ModelTrainer

__all__ = ["ModelTrainer", "TrainingOrchestrator"]
