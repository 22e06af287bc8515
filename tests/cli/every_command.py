"""List every command with working arguments, and make an environment that holds only a base install."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
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
    "docs": (("docs", "migrate"), 0),
    "doctor": (("doctor", "--json"), 1),
    "explain": (("explain", "torch-2:TA101"), 0),
    "init": (("init", "--json"), 0),
    "lsp": (("lsp",), 2),
    "migrate": (("migrate", "--check", "."), 1),
    "migrate -": (("migrate", "-"), 0),
    "migrations audit": (("migrations", "audit", "torch-2", "--old", "a", "--new", "b"), 2),
    "migrations check": (("migrations", "check", "torch-2"), 0),
    "migrations docs": (("migrations", "docs", "torch-2"), 0),
    "migrations draft": (("migrations", "draft", "--old", "a", "--new", "b"), 2),
    "migrations list": (("migrations", "list"), 0),
    "migrations new": (("migrations", "new", "acme-v2"), 0),
    "migrations schema": (("migrations", "schema"), 0),
    "migrations show": (("migrations", "show", "torch-2"), 0),
    "migrations test": (("migrations", "test", "torch-2"), 0),
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
    for name in _BASE:
        spec = find_spec(name)
        if spec and spec.origin:
            (folder / name).symlink_to(Path(spec.origin).parent)
    package = folder / "compatkit"
    package.mkdir()
    for entry in (ROOT / "compatkit").iterdir():
        (package / entry.name).symlink_to(entry)
    for name in ("codemods", "fixtures"):
        (package / name).symlink_to(ROOT / name)
    return folder


def command_in(install: Path, *arguments: str, before: str = "") -> list[str]:
    """Return what runs compatkit with what is in `install` and nothing else that is installed, after `before`."""
    code = f"import sys; sys.path.append({str(install)!r})\n{before}\nfrom compatkit.cli import main; main()"
    return [sys.executable, "-I", "-S", "-c", code, *arguments]


def run_in(
    install: Path, *arguments: str, cwd: Path, before: str = "", **more: object
) -> subprocess.CompletedProcess[bytes]:
    """Run it; `more` is for `subprocess.run`."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run(command_in(install, *arguments, before=before), cwd=cwd, check=False, **streams)  # type: ignore[call-overload,no-any-return]
