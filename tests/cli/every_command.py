"""Every command with arguments that ask it for something, and an environment that holds a base install alone."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What the base install brings; PyYAML comes with LibCST.
_BASE = ("click", "libcst", "yaml", "_yaml")
OLD = "from backend.ml_engine.training_orchestrator import TrainingOrchestrator\n"

# The arguments of every command, and its status in a folder that holds a.py with one old import.
COMMANDS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "census": (("census", "census.json"), 2),
    "compare": (("compare", "a", "b"), 2),
    "demo": (("demo", "--folder", "demo"), 2),
    "migrate": (("migrate", "--check", "."), 1),
    "migrate -": (("migrate", "-"), 0),
    "migrations audit": (("migrations", "audit", "torch-amp", "--old", "a", "--new", "b"), 2),
    "migrations check": (("migrations", "check", "torch-amp"), 0),
    "migrations docs": (("migrations", "docs", "torch-amp"), 0),
    "migrations draft": (("migrations", "draft", "--old", "a", "--new", "b"), 2),
    "migrations list": (("migrations", "list"), 0),
    "migrations new": (("migrations", "new", "acme-v2"), 0),
    "migrations schema": (("migrations", "schema"), 0),
    "migrations show": (("migrations", "show", "torch-amp"), 0),
    "migrations test": (("migrations", "test", "torch-amp"), 2),
    "presets": (("presets",), 2),
    "run": (("run", "absent.py"), 2),
    "shim": (("shim", "status"), 0),
    "snapshot": (("snapshot", "a", "-o", "a.txt"), 2),
    "status": (("status", "."), 1),
    "stubs": (("stubs", "--check"), 1),
    "sweep": (("sweep", "--preset", "quick_test"), 2),
    "tracking flush": (("tracking", "flush"), 2),
    "train": (("train", "--preset", "quick_test"), 2),
    "verify": (("verify",), 2),
}


def make_base_install(folder: Path) -> Path:
    """Link what `pip install compatkit` brings into a folder of its own; return it."""
    installed = Path(sysconfig.get_paths()["purelib"])
    found = {name: Path(sys.modules[name].__file__ or "").parent for name in _BASE if name in sys.modules}
    for name in _BASE:
        place = found.get(name, installed / name)
        if place.exists():
            (folder / name).symlink_to(place)
    package = folder / "compatkit"
    package.mkdir()
    for entry in (ROOT / "compatkit").iterdir():
        (package / entry.name).symlink_to(entry)
    for name in ("codemods", "fixtures"):
        (package / name).symlink_to(ROOT / name)
    return folder


def run_in(install: Path, *arguments: str, cwd: Path, **more: object) -> subprocess.CompletedProcess[bytes]:
    """Run compatkit with what is in `install`, and nothing else that is installed."""
    code = f"import sys; sys.path.append({str(install)!r}); from compatkit.cli import main; main()"
    command = [sys.executable, "-I", "-S", "-c", code, *arguments]
    return subprocess.run(command, cwd=cwd, check=False, **{"capture_output": True, **more})  # type: ignore[call-overload,no-any-return]
