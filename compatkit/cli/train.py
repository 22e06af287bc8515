"""`compatkit train`: one training on the bundled stack, v1 or v2."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compatkit.errors import CompatkitError

if TYPE_CHECKING:
    from compatkit.training import OrchestratorConfig


@click.command("train")
@click.argument("overrides", metavar="[PATH=VALUE]...", nargs=-1)
@click.option("--preset", metavar="NAME", help="Where the settings start from; see `compatkit presets`.")
@click.option("--config", "file", type=click.Path(path_type=Path, dir_okay=False), help="A TOML, YAML or JSON file.")
@click.option("--stack", type=click.Choice(["v1", "v2"]), default="v2", show_default=True, help="Who trains.")
@click.option("--dataset", default="digits", show_default=True, metavar="NAME", help="A bundled one, or PKG.MOD:NAME.")
@click.option("--tracking-uri", metavar="URI", help="Where the run is logged; by default MLflow's own choice.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in checkpoints.folder.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    ctx: click.Context,
    overrides: tuple[str, ...],
    *,
    preset: str | None,
    file: Path | None,
    stack: str,
    dataset: str,
    tracking_uri: str | None,
    resume: bool,
    form: str,
) -> None:
    """Train a model, and log the run to MLflow.

    Settings come from a preset or a file, and each PATH=VALUE changes one. A dataset PKG.MOD:NAME is a Dataset or a
    pair (X, y), or a function that returns one. Ctrl-C ends v2 with the epoch: it is kept, logged, and the run is
    marked as killed; a second one ends it at once. Started by torchrun, v2 trains in several processes together, and
    the batch size is that of all of them: the numbers are those of one process, but for rounding, and for dropout.
    With scale.engine=ray, Ray Train starts scale.processes of them, on the machines of a cluster (scale.address).

    Exit status: 0 the training was finished; 2 it failed, or was interrupted.

    \b
    Example:
      compatkit train --preset quick_test --dataset wine optimizer.learning_rate=0.01 checkpoints.folder=run
      torchrun --nproc-per-node 2 -m compatkit train --preset quick_test
    """
    from compatkit.cli._extras import quiet_mlflow, require

    require("mlflow", "sklearn", "torch")
    quiet_mlflow()
    if preset and file:
        raise click.UsageError('Give --preset or --config; a file names its preset itself: preset = "NAME".')
    if resume and stack == "v1":
        raise click.UsageError("v1 has no checkpoints to resume from.")
    from compatkit.cli._exit_status import ExitStatus
    from compatkit.cli._training import base_config, dataset_source, from_command_line, summary_json, summary_lines
    from compatkit.training.v2.loop.distributed import is_distributed, rank_of_process

    if stack == "v1" and is_distributed():
        raise click.UsageError("v1 trains in one process: start it without torchrun.")
    base = base_config(None, file)
    with from_command_line():
        config = (base_config(preset, None) if preset else base).with_assignments(overrides)
    if tracking_uri:
        config = config.with_overrides({"tracking.uri": tracking_uri})
    source = dataset_source(dataset)
    with _failure_as_error():
        if stack == "v1":
            result, is_interrupted = _train_v1(config, source), False
        else:
            result, is_interrupted = _train_v2(config, preset, source, resume=resume)
    if rank_of_process() == 0:
        lines = summary_lines(result, config, is_interrupted=is_interrupted)
        click.echo(summary_json(result) if form == "json" else "\n".join(lines))
    ctx.exit(int(ExitStatus.FAILED if is_interrupted else ExitStatus.OK))


@contextmanager
def _failure_as_error() -> Iterator[None]:
    """Turn what torch or MLflow raise in the block into an error of ours, with the traceback before it."""
    try:
        yield
    except CompatkitError:
        raise
    except Exception as error:  # out of memory, a store that breaks: the outermost loop over trainings
        import traceback

        traceback.print_exc()
        raise CompatkitError(
            f"The training failed: {type(error).__name__}: {error}",
            hint="see the traceback above; a run that had begun is marked as FAILED, with this reason",
        ) from error


def _train_v1(config: OrchestratorConfig, source: Any) -> dict[str, Any]:
    from compatkit.training import OrchestratorConfig, TrainingOrchestrator
    from compatkit.training.v2.settings.v1_arguments import v1_arguments

    arguments: dict[str, Any] = v1_arguments(config.flatten(), OrchestratorConfig().flatten())
    return TrainingOrchestrator(**arguments).train_model(source)


def _train_v2(
    config: OrchestratorConfig, preset: str | None, source: Any, *, resume: bool
) -> tuple[dict[str, Any], bool]:
    from compatkit.cli._progress import QuietLine
    from compatkit.cli._training import LiveLine
    from compatkit.training import TrainingOrchestratorV2
    from compatkit.training.v2.loop.callbacks import Interruption
    from compatkit.training.v2.loop.distributed import rank_of_process

    quiet = QuietLine("preparing the training")
    line = LiveLine(quiet)
    told = "Interrupted: the training ends with this epoch; press Ctrl-C again to end it at once."
    is_first = rank_of_process() == 0
    interruption = Interruption(lambda: click.echo(f"\n{told}", err=True) if is_first else None)
    orchestrator = TrainingOrchestratorV2(config, callbacks=[interruption, line])
    orchestrator.preset = preset
    try:
        # What others print on the way is talk: Ray does, when a process is lost.
        with redirect_stdout(sys.stderr), quiet:
            result = orchestrator.train_model(source, resume=resume)
    finally:
        interruption.close()
    return result, interruption.is_asked
