"""Record where a run is made, as MLflow tags that no policy compares: versions, threads and flags."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from functools import lru_cache

PREFIX = "compatkit.env."
PACKAGES = f"{PREFIX}packages"
_VARIABLES = ("ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONHASHSEED")
_MOST = 7900  # characters: SQL stores cut a tag at 8,000


def environment_tags() -> dict[str, str]:
    """Return the tags, each named `compatkit.env.…`. Of torch only what is imported is said; nothing is imported."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": str(os.cpu_count()),
        **{f"variable.{name}": os.environ[name] for name in _VARIABLES if name in os.environ},
        **dict(_torch()),
    }
    return {**{f"{PREFIX}{name}": text for name, text in found.items()}, PACKAGES: _packages()}


def _torch() -> Iterator[tuple[str, str]]:
    if (torch := sys.modules.get("torch")) is None:
        return
    yield "torch.threads", str(torch.get_num_threads())
    yield "torch.interop_threads", str(torch.get_num_interop_threads())
    yield "torch.cpu_capability", torch.backends.cpu.get_cpu_capability()
    yield "torch.mkldnn", str(torch.backends.mkldnn.enabled)
    yield "torch.deterministic", str(torch.are_deterministic_algorithms_enabled())
    yield "torch.float32_matmul", torch.get_float32_matmul_precision()
    yield "torch.default_dtype", str(torch.get_default_dtype())
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        yield "torch.processes", f"{distributed.get_world_size()} by {distributed.get_backend()}"
    if torch.cuda.is_available():
        yield "torch.cuda", str(torch.version.cuda)
        yield "torch.cuda.device", torch.cuda.get_device_name()
        yield "torch.cudnn.benchmark", str(torch.backends.cudnn.benchmark)
        yield "torch.cudnn.deterministic", str(torch.backends.cudnn.deterministic)


@lru_cache(maxsize=1)
def _packages() -> str:
    """Return every installed distribution as `name==version`, sorted, as far as a tag holds them."""
    # Imported here: it costs 30 ms, and `watch` needs none of it.
    from importlib.metadata import distributions

    names = {f"{found.metadata['Name']}=={found.version}" for found in distributions() if found.metadata["Name"]}
    lines = sorted(names, key=str.lower)
    while sum(len(line) + 1 for line in lines) > _MOST:
        lines.pop()
    return " ".join(lines)
