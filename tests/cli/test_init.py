"""`compatkit init` reads a stranger's project, imports nothing of it, and writes only what it showed."""

from __future__ import annotations

import io
import json
import os
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate.proposal import propose
from tests.cli.here import compatkit

PROJECT = {
    "requirements.txt": "pytorch-lightning==1.9.5\n",
    "pyproject.toml": dedent(
        """\
        [project]
        name = "acme"
        version = "1"
        """
    ),
    "acme/__init__.py": "raise RuntimeError('it is not imported')\n",
    "acme/train/__init__.py": "",
    "acme/train/training_orchestrator.py": "class TrainingOrchestrator:\n    def train_model(self): ...\n",
    "acme/train/training_orchestrator_v2.py": "class TrainingOrchestratorV2: ...\n",
    "job.py": """
        import mlflow
        import pytorch_lightning as pl
        from acme.train.training_orchestrator import TrainingOrchestrator

        if __name__ == "__main__":
            with mlflow.start_run():
                pl.Trainer(max_steps=1)
        """,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip(), encoding="utf-8")
    return tmp_path


def settings(project: Path) -> object:
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["compatkit"]


def test_migrations_and_homes_that_apply_are_written(project: Path) -> None:
    done = compatkit("init", "--yes", str(project))

    assert done.returncode == 0, done.stderr
    assert settings(project) == {
        "migrations": ["lightning-2", "training-orchestrator-v2"],
        "homes": {"backend.ml_engine": "acme.train"},
    }
    assert (project / "pyproject.toml").read_text(encoding="utf-8").startswith(PROJECT["pyproject.toml"])
    pin = (
        "requirements.txt asks for pytorch-lightning ==1.9.5: change it with the code; the migration leads to lightning"
    )
    assert pin in done.stdout
    assert pin in compatkit("doctor", str(project)).stdout


def test_what_it_wrote_is_what_migrate_then_finds(project: Path) -> None:
    compatkit("init", "--yes", str(project))

    written = compatkit("migrate", "--allow-dirty", str(project))

    job = (project / "job.py").read_text(encoding="utf-8")
    assert written.returncode == 1, written.stderr
    assert "from acme.train.training_orchestrator_v2 import TrainingOrchestratorV2 as TrainingOrchestrator\n" in job
    assert "import lightning.pytorch as pl\n" in job


def test_nothing_is_written_without_consent(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    done = compatkit("init", str(project))

    assert (project / "pyproject.toml").read_text(encoding="utf-8") == PROJECT["pyproject.toml"]
    assert "To be added to" in done.stdout
    assert done.stderr.endswith("Nothing is written.\n")


def test_json_says_the_same_and_writes_nothing(project: Path) -> None:
    done = compatkit("init", "--json", str(project))

    said = json.loads(done.stdout)
    assert [migration["id"] for migration in said["migrations"]] == ["lightning-2", "training-orchestrator-v2"]
    assert said["homes"] == {"backend.ml_engine": "acme.train"}
    assert said["scripts"] == ["job.py"]
    assert tomllib.loads(said["settings"])["tool"]["compatkit"]["homes"] == said["homes"]
    assert (project / "pyproject.toml").read_text(encoding="utf-8") == PROJECT["pyproject.toml"]


def test_settings_that_are_there_are_left_alone(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text('[tool.compatkit]\nmigrations = ["torch-2"]\n', encoding="utf-8")

    done = compatkit("init", "--yes", str(project))

    assert (done.returncode, settings(project)) == (0, {"migrations": ["torch-2"]})


def test_a_project_with_nothing_to_do_is_told_so_with_how_much_was_searched(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print(1)\n", encoding="utf-8")

    done = compatkit("init", "--yes", str(tmp_path))

    assert done.returncode == 0
    assert "1 file searched: none uses an old name" in done.stdout
    assert not (tmp_path / "pyproject.toml").exists()


def test_an_empty_folder_is_said_to_be_one(tmp_path: Path) -> None:
    done = compatkit("init", "--yes", str(tmp_path))

    assert done.stdout.startswith("No file was looked at")
    assert "searched" not in done.stdout


def test_pipes_are_not_waited_for(project: Path) -> None:
    for name in ("training_orchestrator.py", "requirements-dev.txt", "environment.yml"):
        os.mkfifo(project / name)

    done = compatkit("init", "--json", str(project))

    assert [migration["id"] for migration in json.loads(done.stdout)["migrations"]] == [
        "lightning-2",
        "training-orchestrator-v2",
    ]


def test_a_class_of_the_name_in_a_module_of_another_name_is_no_home(project: Path) -> None:
    old = project / "acme/train/training_orchestrator.py"
    old.rename(old.with_name("orchestration.py"))

    done = compatkit("init", "--json", str(project))

    assert json.loads(done.stdout)["homes"] == {}


def write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


LOGS = dedent("""\
    import mlflow
    mlflow.autolog()
    {}
    if __name__ == '__main__':
        pass
    """)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(
            {"train.py": LOGS.format("a.add_argument('--lr', default=1)")},
            {"a.py": LOGS.format("a.add_argument('data')")},
            id="no-argument-before-a-needed-one",
        ),
        pytest.param(
            {"z.py": LOGS.format("a.add_argument('data', nargs='?')")},
            {"a.py": LOGS.format("a.add_argument('--data', required=True)")},
            id="an-optional-argument",
        ),
        pytest.param(
            {"z.py": LOGS.format("")}, {"examples/a.py": LOGS.format("")}, id="the-project-before-its-examples"
        ),
        pytest.param(
            {"z.py": LOGS.format("")},
            {"a.py": LOGS.format("").replace("autolog", "set_tracking_uri")},
            id="one-that-logs-before-one-that-imports",
        ),
        pytest.param({"train_it.py": LOGS.format("")}, {"a.py": LOGS.format("")}, id="one-that-trains-by-its-name"),
    ],
)
def test_the_script_that_runs_as_it_is_comes_first(
    better: dict[str, str], worse: dict[str, str], tmp_path: Path
) -> None:
    write_files(tmp_path, {**better, **worse})

    assert [script.path for script in propose(tmp_path, []).scripts] == [*better, *worse]


@pytest.mark.parametrize(
    ("text", "is_script"),
    [
        ("mlflow.autolog()\nmlflow.set_experiment('x')\n", False),
        (
            dedent("""\
                def train():
                    with mlflow.start_run():
                        mlflow.log_metric('a', 1)
                """),
            False,
        ),
        ("with mlflow.start_run(run_name='a'):\n    mlflow.log_metric('a', 1)\n", True),
        ("run = mlflow.start_run()\n", True),
        ("mlflow.log_metric('a', 1)\n", True),
    ],
)
def test_a_script_without_a_main_guard_is_one_that_logs_where_it_is_imported(
    text: str, is_script: bool, tmp_path: Path
) -> None:
    write_files(tmp_path, {"a.py": f"import mlflow\n{text}"})

    assert bool(propose(tmp_path, []).scripts) is is_script


@pytest.mark.parametrize(
    "text",
    [
        "from pytorch_lightning.loggers import MLFlowLogger\nlogger = MLFlowLogger('x')\n",
        "from ray.air.integrations.mlflow import MLflowLoggerCallback\ncallback = MLflowLoggerCallback()\n",
        "from transformers import TrainingArguments\narguments = TrainingArguments('x', report_to=['mlflow'])\n",
    ],
)
def test_a_script_that_logs_through_a_librarys_logger_is_one(text: str, tmp_path: Path) -> None:
    write_files(tmp_path, {"a.py": f"{text}if __name__ == '__main__':\n    print(1)\n"})

    assert [script.path for script in propose(tmp_path, []).scripts] == ["a.py"]


@pytest.mark.parametrize("path", ["tests/run.py", "test_run.py", "run_test.py", "conftest.py"])
def test_a_test_is_no_script(path: str, tmp_path: Path) -> None:
    write_files(tmp_path, {path: LOGS.format("")})

    assert propose(tmp_path, []).scripts == ()


def test_a_command_that_needs_an_argument_is_left_to_a_person(project: Path) -> None:
    job = project / "job.py"
    job.write_text(job.read_text(encoding="utf-8") + "parser.add_argument('--data\\n[a]', required=True)\n", "utf-8")

    done = compatkit("init", "--yes", str(project))

    assert "job.py logs to MLflow: compatkit verify can run it before and after, once you give it --data" in done.stdout
    assert "verify" not in settings(project)
    assert '# It needs "--data\\n[a]": complete the command.' in (project / "pyproject.toml").read_text(
        encoding="utf-8"
    )


HYDRA = """
    import hydra
    import pytorch_lightning as pl

    @hydra.main(version_base="1.3", config_path="../configs", config_name="train.yaml")
    def main(cfg):
        pl.Trainer(gpus=1)

    if __name__ == "__main__":
        main()
    """
CLI = """
    import pytorch_lightning as pl
    from pytorch_lightning.cli import LightningCLI

    if __name__ == "__main__":
        LightningCLI(pl.LightningModule)
    """
LOGGER = "mlflow:\n  _target_: pytorch_lightning.loggers.mlflow.MLFlowLogger\n"


def _made(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip(), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("defaults", "arguments"),
    [
        ("  - logger: null # or mlflow\n", ("logger=mlflow",)),
        ("  - override /logger: csv\n", ("logger=mlflow",)),
        ("  - logger: mlflow.yaml\n", ()),
        ("  - data: mnist\n", ("+logger=mlflow",)),
    ],
)
def test_a_logger_that_hydra_configures_is_taken_by_its_script(
    defaults: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    files = {
        "src/train.py": HYDRA,
        "configs/logger/mlflow.yaml": LOGGER,
        "configs/train.yaml": "defaults:\n" + defaults,
    }

    (script,) = propose(_made(tmp_path, files), ()).scripts

    assert (script.path, script.arguments) == ("src/train.py", arguments)
    assert script.by == "configs/logger/mlflow.yaml"


def test_a_logger_that_the_command_line_of_lightning_configures_is_taken_by_its_script(tmp_path: Path) -> None:
    config = "trainer:\n  logger:\n    class_path: pytorch_lightning.loggers.MLFlowLogger\n"

    (script,) = propose(_made(tmp_path, {"main.py": CLI, "conf/run.yaml": config}), ()).scripts

    assert (script.path, script.arguments) == ("main.py", ("fit", "--config", "conf/run.yaml"))


@pytest.mark.parametrize(
    "files",
    [
        {"configs/logger/mlflow.yaml": LOGGER, "train.py": "import pytorch_lightning\n"},
        {"other/logger/mlflow.yaml": LOGGER, "src/train.py": HYDRA},
        {"run.sh": "python train.py --report_to mlflow\n", "train.py": "import pytorch_lightning\n"},
        {"acme/loggers.py": "import mlflow\ndef start():\n    mlflow.autolog()\n"},
    ],
)
def test_where_the_script_cannot_be_told_it_says_what_it_saw_and_what_to_write(
    files: dict[str, str], project: Path
) -> None:
    (project / "job.py").write_text("import pytorch_lightning as pl\n\npl.Trainer(gpus=1)\n", encoding="utf-8")

    done = compatkit("init", "--yes", str(_made(project, files)))

    first = next(iter(files))
    assert f"{first} logs to MLflow, by which script is not seen" in done.stdout
    written = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert f'# "{first}" logs to MLflow' in written
    assert '# command = "python SCRIPT"' in written
    assert "verify" not in str(settings(project))


def test_a_project_from_before_the_start_of_a_migration_is_told_so(project: Path) -> None:
    (project / "requirements.txt").write_text("pytorch-lightning==1.3.8\n", encoding="utf-8")

    said = [compatkit(*words, str(project)) for words in (["init", "--yes"], ["doctor"])]
    check = compatkit("migrate", "--check", ".", cwd=project)

    for shown in (said[0].stdout, said[1].stdout, check.stderr):
        assert "asks for pytorch-lightning ==1.3.8, and lightning-2 starts at 1.9" in shown
