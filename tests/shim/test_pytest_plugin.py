"""The plug-in stands in every pytest run of an environment that has compatkit: it must cost nothing there."""

from __future__ import annotations

import subprocess
import sys


def test_without_the_option_nothing_of_compatkit_is_imported() -> None:
    code = "import sys, compatkit.pytest_plugin; print(sorted(m for m in sys.modules if m.startswith('compatkit')))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['compatkit', 'compatkit.pytest_plugin']"
