"""`compatkit demo`: the crash, the shim, the rewrite and the proof, on a copy of the bundled legacy service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.errors import CompatkitError

if TYPE_CHECKING:
    from compatkit.cli._demo_runner import DemoRunner

_TRAIN = "scripts/train.py --config configs/quick.yaml --trainer"
_POLICY = "--migration training-orchestrator-v2"
_CRASH = "AttributeError: 'EpochMetrics' object has no attribute 'get'"


@click.command("demo", epilog="Example: compatkit demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the copy; a new temporary folder by default.",
)
def command(folder: Path | None) -> None:
    """Show the problem and its solution for real: train, crash, shim, migrate, compare."""
    import tempfile

    from compatkit.cli._demo_runner import DemoRunner
    from compatkit.cli._extras import require

    require("mlflow", "sklearn", "torch")
    target = folder or Path(tempfile.mkdtemp(prefix="compatkit-demo-")) / "legacy_service"
    _copy_service(target)
    store = f"sqlite:///{target.resolve() / 'mlflow.db'}"
    click.echo(f"A v1 code base, copied to {target}")
    _play(DemoRunner(target, {"MLFLOW_TRACKING_URI": store}, steps=6))
    click.echo(f"\nThe MLflow store with every run above: {store}")
    click.echo(f"To open it:  mlflow ui --backend-store-uri {store}")


def _play(runner: DemoRunner) -> None:
    runner.title("Today: v1 orchestrator, v1 trainer.")
    original = _train(runner, f"python {_TRAIN} v1")

    runner.title("The v2 trainer arrives, and training dies.")
    traceback = runner.run(f"python {_TRAIN} v2", expected=1).stderr
    runner.show(traceback, last=6)
    _require_the_crash(traceback)

    runner.title("The same code on the v2 trainer, under the shim.")
    shimmed = _train(runner, f"compatkit run {_TRAIN} v2")

    runner.title("Migrate the source.")
    # Status 1: places that are reported for a person, beside the rewrites.
    runner.show(runner.run("compatkit migrate --diff .", expected=1).stdout, first=24)
    migrated_files = runner.run("compatkit migrate .", expected=1)
    runner.show(migrated_files.stdout, first=6)
    runner.show(migrated_files.stderr)

    runner.title("The migrated code on the v2 trainer, without the shim.")
    migrated = _train(runner, f"python {_TRAIN} v2")

    runner.title("Did anything that is logged change?")
    for other in (shimmed, migrated):
        runner.show(runner.run(f"compatkit compare {original} {other} {_POLICY}").stdout)


def _train(runner: DemoRunner, command: str) -> str:
    """Run a training, show its last line, and return its MLflow run id."""
    output = runner.run(command).stdout
    runner.show(output, last=1)
    return str(json.loads(output.rstrip().splitlines()[-1])["run_id"])


def _require_the_crash(traceback: str) -> None:
    if traceback.rstrip().splitlines()[-1] != _CRASH:
        raise CompatkitError(f"This is not the crash that the demo is about: {_CRASH}.", where="step 2")


def _copy_service(target: Path) -> None:
    import shutil
    from importlib.util import find_spec

    spec = find_spec("compatkit.fixtures")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise CompatkitError("The legacy service is not installed.", where="compatkit", hint="install compatkit again")
    leave = shutil.ignore_patterns("__pycache__", "mlruns", "mlflow.db", ".pytest_cache")
    try:
        shutil.copytree(Path(folders[0]) / "legacy_service", target, ignore=leave)
    except FileExistsError as error:
        raise CompatkitError(f"{target} exists.", where="--folder", hint="name a folder that does not exist") from error
