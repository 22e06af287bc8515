"""`compatkit verify`: do two stacks, two commands or two revisions log the same?"""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from compatkit.cli._outputs import format_option, html_option, output_option, require_page
from compatkit.cli._settings import project_at, reads_settings
from compatkit.cli._verify_options import (
    VerifyCliOptions,
    in_shard,
    is_of_stack,
    parse_shard,
    require_one_scenario,
)
from compatkit.report import FORMATS

_FOLDER = click.Path(path_type=Path, file_okay=False)
_COUNT = click.IntRange(min=1)


@click.command("verify", context_settings={"allow_interspersed_args": False})
@click.option("--before", metavar="COMMAND", help="Compare what this command logs …")
@click.option("--after", metavar="COMMAND", help="… with what this one logs. No shell reads either.")
@click.option(
    "--before-python",
    metavar="PATH",
    type=click.Path(exists=True, dir_okay=False),
    help="The Python of another environment, for the first side: old and new release, side by side.",
)
@click.option("--base", metavar="REF", help="Run COMMAND at this git revision and in the working tree.")
@click.option("--shim", is_flag=True, help="With --base: run the working tree's COMMAND under the shim.")
@click.option("--migrate", is_flag=True, help="With --base: run COMMAND in a migrated copy of the working tree.")
@click.option(
    "--link", metavar="PATH", multiple=True, help="With --base: what git leaves out, such as data; repeatable."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Of each command; 3600."
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Given to both sides as COMPATKIT_SEED; 0.")
@click.option("--seeds", type=_COUNT, metavar="N", help="Run N seeds, and decide by an equivalence test.")
@click.option("--confidence", type=click.FloatRange(0.5, 1, min_open=True, max_open=True), help="Of that test; 0.95.")
@click.option("--margin", "margins", multiple=True, metavar="METRIC=0.01", help="Between its means; or METRIC=1%.")
@click.option("--once", is_flag=True, help="Run the side before once only: its noise is not measured.")
@click.option("--jobs", type=_COUNT, metavar="N", help="Commands at once; by default as many as there are cores.")
@click.option("--threads", type=_COUNT, metavar="N", help="Threads of each command; by default its share of the cores.")
@click.option("--exact", is_flag=True, help="Allow nothing: every name, value and weight must be equal.")
@click.option("--accept-unread", is_flag=True, help="Judge by what can be read, and only say what cannot.")
@click.option("--explain", is_flag=True, help="Where commands differ, say where they began to; sets COMPATKIT_TRACE.")
@click.option("--scenario", "scenarios", metavar="NAME", multiple=True, help="Run this declared scenario; repeatable.")
@click.option("--shard", metavar="I/N", callback=parse_shard, help="Run every N-th scenario, from the I-th on.")
@click.option("--dataset", "datasets", multiple=True, help="Of the stack, digits by default; one, or PKG.MOD:NAME.")
@click.option("--preset", "presets", multiple=True, help="Of the reference stack, development by default; repeatable.")
@click.option("--trainer", "trainers", multiple=True, metavar="PKG.MOD:CLASS", help="A trainer of yours; repeatable.")
@click.option(
    "--orchestrator", "orchestrators", multiple=True, metavar="PKG.MOD:CLASS", help="An orchestrator of yours."
)
@click.option("--migration", metavar="ID_OR_PATH", help="Whose policy decides; the project's own by default.")
@click.option("--store", type=_FOLDER, help="Folder that keeps the MLflow stores, and what the commands print.")
@format_option(FORMATS)
@output_option(FORMATS)
@html_option
@click.argument("arguments", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@reads_settings
@click.pass_context
def command(ctx: click.Context, /, **given: Unpack[VerifyCliOptions]) -> None:
    """Run two commands, one command in two revisions, or the reference stack, and compare what they log to MLflow.

    Without commands: the scenarios that [tool.compatkit.verify] of the nearest pyproject.toml declares; if there is
    none, the bundled v1 and v2 trainers and orchestrators in every combination.

    Each side logs to a store of its own (MLFLOW_TRACKING_URI), under the same seed (COMPATKIT_SEED, PYTHONHASHSEED) and
    the same number of threads. All top-level runs are compared, by experiment, name and order. `python` is the one that
    runs compatkit. The side before runs twice: what differs between these two runs is noise, which is listed.

    Exit status: 0 equivalent; 1 different; 2 a command failed, hung or logged nothing; 3 both; 64 wrong use.

    \b
    Examples:
      compatkit verify --before "python train.py" --after "python train_v2.py"
      compatkit verify --base main -- python train.py
      compatkit verify --dataset wine --trainer mypackage.trainer:MyTrainer
    """
    require_one_scenario(given)
    require_page(given["html"])
    from compatkit.cli._extras import quiet_mlflow, require

    if is_of_stack(given):
        require("mlflow", "sklearn", "torch")
    from compatkit.cli._policy import declared_by
    from compatkit.cli._verify_commands import chosen_scenarios, direct_scenario, verify_scenarios

    quiet_mlflow()
    project = project_at(Path.cwd())
    declared = declared_by(project)
    if direct := direct_scenario(given, declared.shared):
        ctx.exit(int(verify_scenarios([direct], given, project)))
    chosen = [] if is_of_stack(given) else chosen_scenarios(given, declared.scenarios)
    if chosen:
        ctx.exit(int(verify_scenarios(in_shard(chosen, given["shard"]), given, project)))
    # Only this use needs torch.
    from compatkit.cli._verify_stack import verify_reference_stack

    ctx.exit(int(verify_reference_stack(given)))
