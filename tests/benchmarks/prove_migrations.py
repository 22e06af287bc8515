"""A training with the old and the new release of a real library: `python -m tests.benchmarks.prove_migrations FOLDER`.

Builds two environments a migration below FOLDER (they stay, for the next time), and has `compatkit verify` set what a
script of `fixtures/real_migrations` logs with the old release against what it logs, rewritten, with the new one; and
that against the script as it is, on the new release under the shim, where this can run it. It installs some hundred
megabytes, so that no test does this. Name migrations behind FOLDER to prove these alone.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Proof:
    """A migration, and what its old and new environments add to this one.

    `options` are those with which the script is rewritten. The shim does not make what is only made on request.
    """

    migration: str
    old: tuple[str, ...]
    new: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    has_shim: bool = True

    @property
    def script(self) -> Path:
        return ROOT / "fixtures" / "real_migrations" / self.migration.replace("-", "_") / "train.py"


# pandas 3, which may lie around, refuses it.
_NUMPY_1 = ("numpy==1.26.4", "pandas==2.3.3")
_ACCELERATE = "--no-deps accelerate==1.15.0"
PROOFS = (
    Proof("mlflow-3", ("mlflow==2.22.2", "sqlalchemy==2.0.44")),
    Proof(
        "lightning-2",
        # It asks for pkg_resources and for np.Inf.
        ("pytorch_lightning==1.9.5", "setuptools==69.5.1", *_NUMPY_1),
        ("lightning==2.6.1",),
    ),
    Proof("numpy-2", _NUMPY_1, options=("--confidence", "review")),
    # With the parts of CUDA without which it cannot be imported, on the CPU as well: some two gigabytes.
    Proof(
        "torch-2",
        (
            "--no-deps torch==1.13.1",
            "--no-deps nvidia-cublas-cu11==11.10.3.66 nvidia-cuda-nvrtc-cu11==11.7.99",
            "--no-deps nvidia-cuda-runtime-cu11==11.7.99 nvidia-cudnn-cu11==8.5.0.96",
            *_NUMPY_1,
        ),
    ),
    Proof(
        "torchmetrics-1",
        # It asks for pkg_resources.
        ("--no-deps torchmetrics==0.9.3", "setuptools==69.5.1"),
        ("--no-deps torchmetrics==1.9.0", "lightning-utilities"),
        options=("--confidence", "review"),
        has_shim=False,
    ),
    # What starts the workers of 2.6.3 did not come up where this was tried; 2.9.3 has the session, too. The shim leaves
    # what is still there, as ray.air.RunConfig is, which the new Trainer refuses.
    Proof("ray-2-train", ("--no-deps ray==2.9.3", "--no-deps pyarrow==15.0.2", *_NUMPY_1), has_shim=False),
    # Their compiled parts have to be for the torch around; nothing of them is used.
    Proof(
        "torchvision-weights",
        ("--no-deps torchvision==0.15.2", "pillow"),
        ("--no-deps torchvision==0.28.0", "pillow"),
    ),
    # Without what they depend on: pip does not see the torch around, and would fetch another one.
    Proof(
        "transformers-5",
        ("--no-deps transformers==4.57.1", "tokenizers==0.22.1 huggingface_hub<1 safetensors regex tqdm", _ACCELERATE),
        ("--no-deps transformers==5.24.0", "tokenizers huggingface_hub safetensors regex tqdm typer", _ACCELERATE),
    ),
)
SCENARIOS = """
[[tool.compatkit.verify.scenarios]]
name = "the old release, and the migrated script with the new one"
before = ["sh", "old.sh"]
after = [{new!r}, "new.py"]
migration = {migration!r}
"""
UNDER_THE_SHIM = """
[[tool.compatkit.verify.scenarios]]
name = "the new release under the shim, and the migrated script without it"
before = [{new!r}, "-m", "compatkit", "run", "--migration", {migration!r}, "old.py"]
after = [{new!r}, "new.py"]
migration = {migration!r}
"""
# The store of the old release is brought up to the schema that this MLflow reads.
OLD = """
set -e
{old} old.py
{here} -m mlflow db upgrade "$MLFLOW_TRACKING_URI" > /dev/null 2>&1 || true
"""


def main(folder: Path, *wanted: str) -> int:
    """Prove the migrations, and return the worst status of all."""
    statuses = [prove(proof, folder.resolve()) for proof in PROOFS if not wanted or proof.migration in wanted]
    return max(statuses, default=64)


def prove(proof: Proof, folder: Path) -> int:
    started = time.perf_counter()
    old, new = (_environment(folder / f"{proof.migration}-{name}", given) for name, given in _sides(proof))
    work = folder / f"{proof.migration}-work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    built = time.perf_counter()
    for name in ("old.py", "new.py"):
        shutil.copy(proof.script, work / name)
    migrate = ["migrate", "--migration", proof.migration, *proof.options, "--allow-dirty", "new.py"]
    _run([sys.executable, "-m", "compatkit", *migrate], work)
    (work / "old.sh").write_text(OLD.format(old=old, here=sys.executable), encoding="utf-8")
    scenarios = SCENARIOS + (UNDER_THE_SHIM if proof.has_shim else "")
    declared = scenarios.format(new=str(new), migration=proof.migration)
    (work / "pyproject.toml").write_text(declared, encoding="utf-8")
    done = _run([sys.executable, "-m", "compatkit", "verify"], work)
    took = f"{built - started:.0f} s to build, {time.perf_counter() - built:.0f} s to run"
    print(f"{proof.migration}: status {done}; {took}")
    return done


def _sides(proof: Proof) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from (("old", proof.old), ("new", proof.new))


def _environment(home: Path, packages: tuple[str, ...]) -> Path:
    """Return the interpreter of an environment that adds to this one, whose torch and scikit-learn it shares."""
    python = home / "bin" / "python"
    if not packages:
        return Path(sys.executable)
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        inside = next(home.glob("lib/python*/site-packages"))
        lines = [f"import site; site.addsitedir({around!r})\n" for around in site.getsitepackages()]
        (inside / "around.pth").write_text("".join(lines), encoding="utf-8")
        # One after the other: what a later one brings may be older than what an earlier one asks for.
        for package in packages:
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", *package.split()], check=True, stderr=subprocess.DEVNULL
            )
        (home / "complete").touch()
    return python


def _run(command: list[str], folder: Path) -> int:
    print("$", " ".join(Path(part).name if os.sep in part else part for part in command), flush=True)
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {__doc__}")
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
