"""What else decides the numbers of a training: packages, machine and torch's switches, as tags of the run."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import torch

PREFIX = "environment."
_PACKAGES = ("mlflow", "numpy", "scikit-learn", "torch")


def environment_tags() -> Mapping[str, str]:
    """Return what decides the numbers beside the settings; ask where threads and switches are as in the training."""
    facts = {
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "mkldnn": str(torch.backends.mkldnn.is_available()),  # type: ignore[no-untyped-call]
        "threads": str(torch.get_num_threads()),
        "interop_threads": str(torch.get_num_interop_threads()),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        **{name: _version(name) for name in _PACKAGES},
    }
    return {f"{PREFIX}{name}": fact for name, fact in facts.items()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
