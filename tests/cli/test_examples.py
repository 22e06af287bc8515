"""Every example that a `--help` shows can be pasted into a project that was just begun, and works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import click
import pytest
from click.testing import CliRunner

from compatkit.cli import cli
from tests.cli import here

OLD = "from backend.ml_engine.training_orchestrator import TrainingOrchestrator\n"
LOG = dedent("""\
    import mlflow

    with mlflow.start_run():
        mlflow.log_metric('loss', 0.5)
    """)
FILES = {
    "pyproject.toml": dedent("""\
        [project]
        name = 'shop'
        version = '1'
        """),
    "src/shop.py": OLD,
    "src/backend/ml_engine/training_orchestrator_v2.py": "class TrainingOrchestratorV2: ...\n",
    "scripts/train.py": "print('trained')\n",
    "train.py": LOG,
    "train_v2.py": LOG,
}
# What is left to other tests, and why.
ELSEWHERE = {
    "compatkit demo": "takes a minute: tests/cli/test_demo.py",
    "compatkit lsp": "needs an editor: tests/cli/test_lsp.py",
    "compatkit shim ": "would change this environment: tests/shim/test_pth.py",
    "compatkit sweep ": "trains six times: tests/cli/test_sweep.py",
    "compatkit train ": "trains, with what it is told in tests/cli/test_train.py",
    "compatkit verify --dataset ": "trains: tests/cli/test_verify.py",
    "compatkit migrations audit ": "downloads releases: tests/authoring",
    "compatkit migrations draft ": "downloads releases: tests/authoring",
    "compatkit migrations inventory ": "downloads a release: tests/authoring",
    "torchrun ": "trains: tests/training",
}
# Before it, what an earlier example of another command makes; the status that is its answer here.
STATUS = {"compatkit doctor": 1, "compatkit migrate": 1, "compatkit status": 1, "compatkit census": 1}
NEEDS = {
    "compatkit migrations check ": "compatkit migrations new acme-v2",
    "compatkit migrations docs ": "compatkit migrations new acme-v2",
    "compatkit migrations test ": "compatkit migrations new acme-v2",
    "compatkit census ": "compatkit run --census census.json scripts/train.py",
    "compatkit compare ": "compatkit snapshot default:latest -o baseline.json",
}


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, groups included."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found
            yield from commands(found, (*path, name))


def examples() -> list[str]:
    """Return the lines below "Example" as a terminal of 80 columns shows them."""
    found: list[str] = []
    for path in commands(cli, ()):
        shown = CliRunner().invoke(cli, [*path, "--help"], prog_name="compatkit", terminal_width=80).output
        for inline, below in re.findall(r"^ +Examples?:(?: (.+))?\n((?:    .+\n)*)", shown, re.MULTILINE):
            found += [line.strip() for line in (inline, *below.splitlines()) if line.strip()]
    return list(dict.fromkeys(found))


EXAMPLES = examples()
PASTED = [line for line in EXAMPLES if not line.startswith(tuple(ELSEWHERE))]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True)
    return tmp_path


def paste(line: str, project: Path) -> None:
    words, _, file = line.partition(" > ")
    program, *arguments = shlex.split(words)
    if "--diff" in arguments or arguments[0] == "run":  # bytes, which no text in memory takes; a shim that stays
        process = [sys.executable, "-m", program, *arguments]
        done = subprocess.run(process, cwd=project, capture_output=True, text=True, check=False)
    else:
        done = here.compatkit(*arguments, cwd=project)

    assert program == "compatkit"
    expected = next((status for start, status in STATUS.items() if line.startswith(start)), 0)
    assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
    if file:
        (project / file).write_text(done.stdout)


def test_every_command_shows_an_example() -> None:
    shown = " ".join(EXAMPLES)

    for path in commands(cli, ()):
        assert not path or path == ("migrations",) or f"compatkit {' '.join(path)}" in shown, path


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_one_line_that_the_command_understands(
    project: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    program, *arguments = shlex.split(re.split(" > | && ", line)[0])
    if program == "torchrun":
        arguments = arguments[arguments.index("compatkit") + 1 :]
    command: click.Command = cli
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), arguments.pop(0))
        assert found
        command = found

    assert command.make_context("compatkit", arguments)


@pytest.mark.parametrize("line", [line for line in PASTED if "verify" not in line])
def test_an_example_can_be_pasted(project: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project / 'mlflow.db'}")
    if "default:latest" in line:
        log_one_run(project)
    if before := next((needed for start, needed in NEEDS.items() if line.startswith(start)), ""):
        paste(before, project)
    paste(line, project)


def log_one_run(project: Path) -> None:
    script = dedent("""
        import mlflow

        mlflow.set_experiment("default")
        with mlflow.start_run():
            mlflow.log_metric("loss", 0.5)
    """)
    subprocess.run([sys.executable, "-c", script], cwd=project, check=True, capture_output=True)


@pytest.mark.slow("two commands log to MLflow, three times")
@pytest.mark.parametrize("line", [line for line in PASTED if "verify" in line])
def test_an_example_of_a_proof_can_be_pasted(
    project: Path, line: str, warm_commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(warm_commands / "python"))
    paste(line, project)
