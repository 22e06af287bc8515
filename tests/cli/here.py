"""The command line in this process: a process of its own would import MLflow anew each time, which takes seconds."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from compatkit.cli import main


def compatkit(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `compatkit`; return its exit status and what it said."""
    said, complained = io.StringIO(), io.StringIO()
    with (
        chdir(cwd or Path.cwd()),
        mock.patch.object(sys, "argv", ["compatkit", *arguments]),
        mock.patch.object(sys, "path", [*sys.path]),
        redirect_stdout(said),
        redirect_stderr(complained),
        pytest.raises(SystemExit) as left,
    ):
        main()
    return subprocess.CompletedProcess(arguments, int(left.value.code or 0), said.getvalue(), complained.getvalue())
