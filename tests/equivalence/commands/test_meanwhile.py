"""While commands run, MLflow is imported; that must neither delay an error nor change what an interrupt does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = """
import sys, time
from compatkit.equivalence.commands.process import mlflow_is_imported

try:
    with mlflow_is_imported():
        raise LookupError
except LookupError:
    time.sleep(1)
assert "mlflow" not in sys.modules
with mlflow_is_imported():
    while "mlflow" not in sys.modules:
        time.sleep(0.01)
assert "mlflow.store.tracking.sqlalchemy_store" in sys.modules
"""
# By then, the import has begun, and is not at its end.
INTERRUPTS = "import os, signal, time; time.sleep(1); os.kill(os.getppid(), signal.SIGINT); time.sleep(600)"


@pytest.mark.slow("imports MLflow")
def test_an_error_at_once_waits_for_no_import() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.slow("imports MLflow")
def test_an_interrupt_in_the_middle_of_the_import_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(INTERRUPTS)
    command = ["--jobs", "1", "--before", "python train.py", "--after", "python train.py"]

    done = subprocess.run(
        [sys.executable, "-m", "compatkit", "verify", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert done.returncode == 2, done.stderr
    assert done.stderr.rstrip().endswith("Interrupted.")
    assert not done.stdout
