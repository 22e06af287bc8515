"""The GitHub Action's own scripts, run as a runner would run them, in a project of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "verify" / "action.yml"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ACTION.read_text())
    return loaded


@pytest.fixture
def run(action: dict[str, Any], tmp_path: Path) -> Run:
    """Run the step that verifies, with inputs; what it leaves is in `summary` and `output`."""
    (step,) = [step for step in action["runs"]["steps"] if step["id"] == "verify"]

    def run_step(**inputs: str) -> subprocess.CompletedProcess[str]:
        given = {
            "INPUT_ARGUMENTS": inputs.get("arguments", ""),
            "INPUT_BEFORE_PYTHON": inputs.get("before_python", ""),
            "INPUT_ACCEPT_UNREAD": inputs.get("accept_unread", "false"),
            "INPUT_DIRECTORY": inputs.get("directory", "."),
            "INPUT_PYTHON": sys.executable,
            "INPUT_STORE": "",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        }
        assert {name for name in given if name.startswith("INPUT")} == set(step["env"])
        # As a runner starts `shell: bash`.
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        project = tmp_path / "project"
        (project / "sub").mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            command, cwd=project, env={**os.environ, **given}, capture_output=True, text=True, check=False
        )

    return run_step


def test_no_input_is_pasted_into_a_script(action: dict[str, Any]) -> None:
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        used = {value for value in step["env"].values() if "inputs." in value}
        assert used <= {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}


def test_a_failure_is_the_steps_and_in_the_summary(run: Run, tmp_path: Path) -> None:
    done = run(arguments="--before \"python -c 'raise SystemExit(3)'\" --after 'python -c pass'")

    assert done.returncode == 2, done.stdout + done.stderr
    assert "ended with status 3" in (tmp_path / "summary").read_text()
    assert "::error" in done.stdout
    assert "status=2" in (tmp_path / "output").read_text()


def test_an_argument_is_no_script(run: Run, tmp_path: Path) -> None:
    done = run(arguments=f"--scenario '$(touch {tmp_path}/ran)' ; touch {tmp_path}/ran")

    assert done.returncode == 64, done.stdout + done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow("imports MLflow anew")
def test_the_first_side_has_the_python_that_is_named_from_where_the_step_runs(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "project" / "old" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.write_text(f'#!/bin/sh\necho ran >>{tmp_path}/ran\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    sides = "--once --before 'python -c \"raise SystemExit(3)\"' --after 'python -c pass'"

    done = run(arguments=sides, before_python="old/bin/python", directory="sub")

    assert done.returncode == 2, done.stdout + done.stderr
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_what_cannot_be_read_is_accepted_where_the_input_says_so(run: Run) -> None:
    done = run(arguments="--dataset iris", accept_unread="true")

    # The reference stack has no such option: that it was handed on is what this says.
    assert done.returncode == 64, done.stdout + done.stderr
    assert "--accept-unread needs commands" in done.stderr
