"""The plug-in stands in every pytest run of an environment that has compatkit: unused, it must cost nothing there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
import sys

def test_what_is_imported():
    watched = ("compatkit", "mlflow", "torch")
    print("IMPORTED", *sorted(name for name in sys.modules if name.startswith(watched)))
"""


def test_unused_it_imports_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]

    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "IMPORTED compatkit compatkit.pytest_plugin\n" in done.stdout
