"""`compatkit verify`: does every trainer on every orchestrator log the same?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compatkit.cli._status import ExitStatus
    from compatkit.equivalence.matrix import Matrix


@click.command("verify", epilog="Example: compatkit verify --dataset wine --trainer mypackage.trainer:MyTrainer")
@click.option("--dataset", "datasets", multiple=True, default=["digits"], show_default=True, help="Repeatable.")
@click.option("--preset", "presets", multiple=True, default=["development"], show_default=True, help="Repeatable.")
@click.option("--trainer", "trainers", multiple=True, metavar="PKG.MOD:CLASS", help="A trainer of yours; repeatable.")
@click.option(
    "--orchestrator", "orchestrators", multiple=True, metavar="PKG.MOD:CLASS", help="An orchestrator of yours."
)
@click.option("--migration", metavar="ID_OR_PATH", help="Whose policy decides; the project's own by default.")
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Folder that keeps the MLflow store.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    ctx: click.Context,
    datasets: tuple[str, ...],
    presets: tuple[str, ...],
    trainers: tuple[str, ...],
    orchestrators: tuple[str, ...],
    migration: str | None,
    store: Path | None,
    form: str,
) -> None:
    """Train v1 and v2 in every combination, and compare what each run logged with v1 on v1."""
    import sys
    import tempfile

    from compatkit.cli._extras import quiet_mlflow, require

    require("mlflow", "sklearn", "torch")
    quiet_mlflow()
    # The user's own classes are found as `python -m` would find them.
    sys.path.insert(0, str(Path.cwd()))

    from compatkit.equivalence.matrix import Scenario
    from compatkit.equivalence.stack import load_class, verify_stack
    from compatkit.migration import load_project
    from compatkit.report.verdict_json import matrices_json

    declared = load_project(Path.cwd()).load_one(migration)
    own_trainers = [load_class(reference) for reference in trainers]
    own_orchestrators = [load_class(reference) for reference in orchestrators]
    folder = store or Path(tempfile.mkdtemp(prefix="compatkit-verify-"))
    matrices = [
        verify_stack(
            Scenario(dataset, preset),
            declared,
            store=folder,
            trainers=own_trainers,
            orchestrators=own_orchestrators,
            progress=lambda text: click.echo(text, err=True),
        )
        for dataset in datasets
        for preset in presets
    ]
    click.echo(matrices_json(matrices) if form == "json" else _text(matrices))
    click.echo(f"The MLflow store of these runs: sqlite:///{folder.resolve() / 'mlflow.db'}", err=True)
    ctx.exit(int(_status(matrices)))


def _text(matrices: Sequence[Matrix]) -> str:
    from compatkit.report.verdict_text import matrix_lines

    lines = [line for matrix in matrices for line in (*matrix_lines(matrix), "")]
    is_equivalent = all(matrix.is_equivalent for matrix in matrices)
    return "\n".join([*lines, f"Verdict: {'equivalent' if is_equivalent else 'not equivalent'}"])


def _status(matrices: Sequence[Matrix]) -> ExitStatus:
    from compatkit.cli._status import ExitStatus

    status = ExitStatus.OK
    if any(matrix.has_differences for matrix in matrices):
        status |= ExitStatus.FINDINGS
    if any(matrix.has_failures for matrix in matrices):
        status |= ExitStatus.FAILED
    # Whatever the reason: where there is no proof, the status is not that of one.
    if status is ExitStatus.OK and not all(matrix.is_equivalent for matrix in matrices):
        status = ExitStatus.FAILED
    return status
