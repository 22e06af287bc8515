"""The GitHub Action for migrate: its own script, run as a runner would run it, in a project of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shop.moves import OLD, TOML, contents, plant

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "migrate" / "action.yml"


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ACTION.read_text())
    return loaded


def run(action: dict[str, Any], folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    (step,) = [step for step in action["runs"]["steps"] if step["id"] == "migrate"]
    given = {
        "INPUT_ARGUMENTS": inputs.get("arguments", ""),
        "INPUT_DIRECTORY": ".",
        "INPUT_PYTHON": sys.executable,
        "INPUT_VERDICT": inputs.get("verdict", ""),
        "RUNNER_TEMP": str(folder),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }
    assert {name for name in given if name.startswith("INPUT")} == set(step["env"])
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder / "project",
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    settings = "[tool.compatkit]\nmigrations = ['migration.toml']\n"
    return plant(tmp_path / "project", {"migration.toml": TOML, "pyproject.toml": settings})


def test_no_input_is_pasted_into_a_script(action: dict[str, Any]) -> None:
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        used = {value for value in step["env"].values() if "inputs." in value}
        assert used <= {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}


def test_what_is_left_is_annotated_summed_up_and_fails_the_step(
    action: dict[str, Any], project: Path, tmp_path: Path
) -> None:
    plant(project, {"a.py": OLD, "proof.json": '[{"scenario": "train", "equivalent": true}]'})
    before = contents(project)

    done = run(action, tmp_path, verdict="proof.json")

    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("::warning file=a.py,line=1,col=1,title=CK101::would be rewritten: ")
    summary = (tmp_path / "summary").read_text()
    assert "| CK101 | 1 |" in summary
    assert "Proof of `train`: **equivalent**" in summary
    output = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    assert output["status"] == "1"
    assert Path(output["sarif"]).is_file()
    assert contents(project) == before


def test_nothing_left_passes(action: dict[str, Any], project: Path, tmp_path: Path) -> None:
    assert run(action, tmp_path).returncode == 0


def test_an_argument_is_no_script(action: dict[str, Any], project: Path, tmp_path: Path) -> None:
    done = run(action, tmp_path, arguments=f"--select '$(touch {tmp_path}/ran)' ; touch {tmp_path}/ran")

    assert done.returncode == 64, done.stdout + done.stderr
    assert not (tmp_path / "ran").exists()
