"""`compatkit sweep`: a training for each combination of presets, settings and seeds, on the bundled v2 stack."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

import click


@click.command("sweep")
@click.argument("assignments", metavar="[PATH=VALUE[,VALUE]...]...", nargs=-1)
@click.option("--preset", "presets", multiple=True, metavar="NAME", help="Where settings start from; repeatable.")
@click.option("--config", "file", type=click.Path(path_type=Path, dir_okay=False), help="A TOML, YAML or JSON file.")
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Seeds of each combination.")
@click.option("--dataset", default="digits", show_default=True, metavar="NAME", help="A bundled one, or PKG.MOD:NAME.")
@click.option("--tracking-uri", metavar="URI", help="Where the runs are logged; by default MLflow's own choice.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    ctx: click.Context,
    assignments: tuple[str, ...],
    *,
    presets: tuple[str, ...],
    file: Path | None,
    seeds: int,
    dataset: str,
    tracking_uri: str | None,
    form: str,
) -> None:
    """Train every combination of presets, settings and seeds, and log them as child runs of one MLflow run.

    A setting of several values, PATH=VALUE,VALUE, is tried with each. A training that fails does not keep the others
    from being trained. Ctrl-C ends the epoch, and the sweep with it; what was trained is kept.

    Exit status: 0 all were trained; 2 one failed, or the sweep was interrupted.

    \b
    Example:
      compatkit sweep --preset quick_test --seeds 3 optimizer.learning_rate=0.01,0.001 --dataset wine
    """
    from compatkit.cli._extras import quiet_mlflow, require

    require("mlflow", "sklearn", "torch")
    quiet_mlflow()
    if presets and file:
        raise click.UsageError('Give --preset or --config; a file names its preset itself: preset = "NAME".')
    from compatkit.cli._exit_status import ExitStatus
    from compatkit.cli._training import SweepProgress, base_config, dataset_source, from_command_line
    from compatkit.report.sweep_text import sweep_json, sweep_lines
    from compatkit.training.v2.loop.distributed import is_distributed
    from compatkit.training.v2.sweep import Trained, combinations, run_sweep

    if is_distributed():
        raise click.UsageError("A sweep trains in one process: start it without torchrun.")
    base = base_config(None, file)
    with from_command_line():
        asked = combinations(
            assignments,
            presets=presets,
            seeds=seeds,
            base=base,
            overrides={"tracking.uri": tracking_uri} if tracking_uri else {},
        )
    progress = SweepProgress(len(asked))
    with redirect_stdout(sys.stderr):  # Ray prints when a process is lost
        run_id, outcomes = run_sweep(asked, dataset_source(dataset), callbacks=progress.callbacks, tell=progress.show)
    click.echo(sweep_json(run_id, outcomes) if form == "json" else "\n".join(sweep_lines(run_id, asked, outcomes)))
    is_done = len(outcomes) == len(asked) and all(
        isinstance(outcome, Trained) and not outcome.is_interrupted for outcome in outcomes
    )
    ctx.exit(int(ExitStatus.OK if is_done else ExitStatus.FAILED))
