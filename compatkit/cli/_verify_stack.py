"""`compatkit verify` on the reference stack: every trainer on every orchestrator, as a matrix."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.cli._exit_status import status_of_proof
from compatkit.cli._extras import require
from compatkit.cli._outputs import write_and_show
from compatkit.cli._progress import QuietLine
from compatkit.cli._settings import project_at
from compatkit.cli._training import dataset_source
from compatkit.cli._verdict_page import write_matrices
from compatkit.cli._verify_options import VerifyCliOptions, in_shard, require_stack_only
from compatkit.equivalence import Policy
from compatkit.equivalence.matrix import Scenario
from compatkit.equivalence.stack import load_class, verify_stack
from compatkit.migration.registry import DEFAULT_MIGRATION
from compatkit.report.provenance import how_made
from compatkit.report.verdict_formats import render_matrices

if TYPE_CHECKING:
    from compatkit.cli._exit_status import ExitStatus
    from compatkit.equivalence.matrix import Matrix


def verify_reference_stack(given: VerifyCliOptions) -> ExitStatus:
    """Train every combination, and compare what each run logged with v1 on v1."""
    require_stack_only(given)
    require("mlflow", "sklearn", "torch")
    # The user's own classes are found as `python -m` would find them.
    sys.path.insert(0, str(Path.cwd()))

    project = project_at(Path.cwd())
    is_bundled = not (given["migration"] or given["trainers"] or given["orchestrators"])
    if is_bundled and project.origin:
        said = "no scenario is declared: the bundled stacks are compared, and nothing of this project"
        click.echo(f"note: {said}; compatkit docs verify", err=True)
    # These are about their own migration, whatever the project uses.
    declared = project.load_one(DEFAULT_MIGRATION if is_bundled else given["migration"])
    own_trainers = [load_class(reference) for reference in given["trainers"]]
    own_orchestrators = [load_class(reference) for reference in given["orchestrators"]]
    datasets, presets = given["datasets"] or ("digits",), given["presets"] or ("development",)
    loaded = {name: dataset_source(name) for name in datasets}
    sources = {name: data if ":" in name else None for name, data in loaded.items()}
    scenarios = [Scenario(name, preset, data=data) for name, data in sources.items() for preset in presets]
    folder = given["store"] or Path(tempfile.mkdtemp(prefix="compatkit-verify-"))
    with QuietLine("training") as line:

        def say(text: str) -> None:
            line.moved(text)
            click.echo(text, err=True)

        matrices = [
            verify_stack(
                scenario,
                declared,
                store=folder,
                trainers=own_trainers,
                orchestrators=own_orchestrators,
                progress=say,
            )
            for scenario in in_shard(scenarios, given["shard"])
        ]
    made = how_made(Policy.from_migration(declared).title)
    write_and_show(lambda form: render_matrices(matrices, form, made=made), given["form"], given["outputs"])
    uri = f"sqlite:///{folder.resolve() / 'mlflow.db'}"
    write_matrices(given["html"], matrices, Policy.from_migration(declared), uri)
    click.echo(f"The MLflow store of these runs: {uri}", err=True)
    return _status(matrices)


def _status(matrices: Sequence[Matrix]) -> ExitStatus:
    return status_of_proof(
        has_differences=any(matrix.has_differences for matrix in matrices),
        has_failures=any(matrix.has_failures for matrix in matrices),
        is_proven=all(matrix.is_equivalent for matrix in matrices),
    )
