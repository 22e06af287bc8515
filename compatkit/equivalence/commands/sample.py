"""Run the command of every side under one seed, and read the runs that it logged."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.equivalence.commands.environment import (
    default_stores_written,
    environment_of,
    files_written,
    require_own_code,
    slots_and_threads,
    watch_imports,
)
from compatkit.equivalence.commands.process import Launch, mlflow_is_imported, run_commands
from compatkit.equivalence.commands.result import Reading
from compatkit.equivalence.commands.scenario import AGAIN, CommandScenario, Side, Sides
from compatkit.equivalence.commands.store import LoggedRun, Store, bring_up_to_date, top_level_runs
from compatkit.equivalence.errors import CommandError
from compatkit.equivalence.reading.reader import take_snapshots
from compatkit.equivalence.snapshot import Snapshot
from compatkit.shim.startup import OFF, VARIABLE, variables

# Seconds: what two runs of before stamp with the second at which they began is to differ, as noise.
_APART = 1.1
_SHIM_IS_OFF = "compatkit: the shim is off in this process"


@dataclass(frozen=True, slots=True)
class Logged:
    """The top-level runs of one side and their snapshots, in the order in which they began.

    `folders` are those of its store and of its checkout, or where it ran.
    """

    side: str
    runs: tuple[LoggedRun, ...]
    snapshots: dict[str, Snapshot]
    notes: tuple[str, ...] = ()
    folders: tuple[str, str] = ("", "")


def run_sides(
    scenario: CommandScenario, sides: Sides, store: Path, *, seed: int, reading: Reading, tried: float | None = None
) -> list[Logged]:
    """Run all sides under one seed, each into a store of its own below `store`, and read what they logged.

    Where several ran at once and wrote to one folder, the one may have logged the other's file: all run again, one
    after the other, unless it was asked for how many run at once. `tried` is when such a first try began.

    Raises `CommandError` where a command fails, hangs, logs nothing, or runs code that is not its own tree's.
    """
    slots, threads = slots_and_threads(scenario, len(sides.all))
    stores = {side.name: Store.make(store / side.name.replace(" ", "-")) for side in sides.all}
    launches = []
    for side in sides.all:
        own = stores[side.name]
        python = scenario.before_python if _is_first(side) else ""
        environment = environment_of(scenario, own, seed=seed, threads=threads, python=python)
        environment |= _of_tree(side, own, environment)
        environment |= _of_shim(side, scenario, environment)
        delay = _APART if side.name.endswith(AGAIN) and slots > 1 else 0.0
        launches.append(Launch(side.name, side.argv, side.folder, environment, own.output, delay))
    with mlflow_is_imported():
        begun = _run(launches, scenario, sides, slots)
    if slots > 1 and (shared := _shared_files(sides, store, begun[0])):
        if scenario.jobs is not None:
            names, folder = shared
            some = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            raise CommandError(
                f"Both commands ran at once in one folder, and wrote there: {some}. "
                "One may have logged the other's file.",
                where=str(folder),
                hint="leave --jobs out, and they run one after the other; or have each write to a temporary folder",
            )
        in_turn = replace(scenario, jobs=1)
        return run_sides(in_turn, sides, store / "in-turn", seed=seed, reading=reading, tried=begun[0])
    for side in sides.all:
        bring_up_to_date(side.name, stores[side.name])
    logged = [_read(side, stores[side.name], begun[0], reading) for side in sides.all]
    return logged if slots > 1 else _with_leftovers(logged, sides, store, begun, tried)


def _is_first(side: Side) -> bool:
    """Tell whether it is the side that all others are compared with, or its second run."""
    return side.name.removesuffix(AGAIN) in {"before", "base"}


def _run(launches: Sequence[Launch], scenario: CommandScenario, sides: Sides, slots: int) -> list[float]:
    """Run all commands, and return when each began, or all of them."""
    begun = []
    # One after the other in calls of their own, so that it is known what was written in whose time.
    for group in [launches] if slots > 1 else [[launch] for launch in launches]:
        begun.append(time.time())
        try:
            run_commands(group, timeout=scenario.timeout, slots=slots)
        except CommandError as error:
            raise _with_hint(error, sides) from error
    return begun


def _of_tree(side: Side, store: Store, environment: dict[str, str]) -> dict[str, str]:
    return {} if side.tree is None else watch_imports(side.tree, side.other, store, environment)


def _of_shim(side: Side, scenario: CommandScenario, environment: dict[str, str]) -> dict[str, str]:
    if side.is_shimmed:
        return variables(side.folder, _chosen(scenario), path=environment.get("PYTHONPATH"))
    # The migrated code must do without, even where the environment has it on for every Python.
    return {VARIABLE: OFF} if side.is_migrated else {}


def _chosen(scenario: CommandScenario) -> list[str]:
    if scenario.migration is None:
        return []
    path = scenario.folder / scenario.migration
    return [str(path) if path.exists() else scenario.migration]


def _shared_files(sides: Sides, store: Path, began: float) -> tuple[list[str], Path] | None:
    """Return the files that were written in a folder in which two sides ran at once, and the folder."""
    folders = [side.folder.resolve() for side in sides.all]
    for folder in sorted({one for one in folders if folders.count(one) > 1}):
        if shared := _without_stores(files_written(folder, began), folder, store):
            return shared, folder
    return None


# As TensorBoard's folder has every run's events, and Lightning calls a second checkpoint of one name last-v1.
_BEGIN_ANEW = "where the script logs that folder, or names files by what is there, have it begin with an empty one"


def _with_leftovers(
    logged: list[Logged], sides: Sides, store: Path, begun: Sequence[float], tried: float | None
) -> list[Logged]:
    """Say which files a side found that one before it had written in the same folder, and did not write anew."""
    told, since = [], begun[0] if tried is None else tried
    for number, (one, side) in enumerate(zip(logged, sides.all, strict=True)):
        folder = side.folder.resolve()
        earlier = [] if tried is None else ["a first try, in which all ran at once,"]
        earlier += [other.name for other in sides.all[:number] if other.folder.resolve() == folder]
        left = _without_stores(files_written(folder, since, begun[number]), folder, store) if earlier else []
        found = f"{side.name}: found {', '.join(left[:4])}"
        notes = [f"{found} as {earlier[-1].removesuffix(AGAIN)} had left it; {_BEGIN_ANEW}"] if left else []
        told.append(replace(one, notes=(*one.notes, *notes)))
    return told


def _without_stores(files: Sequence[str], folder: Path, store: Path) -> list[str]:
    own = store.relative_to(folder).parts[0] if store.is_relative_to(folder) else ""
    return [name for name in files if name.partition("/")[0] != own]


def _with_hint(error: CommandError, sides: Sides) -> CommandError:
    hint = next((side.hint for side in sides.all if side.hint and error.what.startswith(f"{side.name}: ")), "")
    return CommandError(error.what, where=error.where, hint=f"{error.hint}; {hint}") if hint else error


def _read(side: Side, store: Store, began: float, reading: Reading) -> Logged:
    if side.tree is not None:
        require_own_code(side.name, side.tree, side.folder, side.other, store)
    if side.is_shimmed:
        _require_shim(side, store)
    runs = top_level_runs(side.name, store)
    elsewhere = default_stores_written(side.folder, began)
    if not runs:
        wrote = f" It wrote to {', '.join(elsewhere)} instead." if elsewhere else ""
        raise CommandError(
            f"{side.name}: `{shlex.join(side.argv)}` logged no run to the store that it was given.{wrote}",
            where=str(store.output),
            hint="leave out mlflow.set_tracking_uri, or give it os.environ['MLFLOW_TRACKING_URI']",
        )
    for run in runs:
        if run.status not in {"FINISHED", "FAILED", "KILLED"}:
            raise CommandError(
                f"{side.name}: the command ended, but left its run {run.label} {run.status}.",
                where=str(store.output),
                hint="end the run: with mlflow.start_run(), or client.set_terminated(run_id)",
            )
    snapshots = {}
    reading(0, len(runs))
    all_taken = take_snapshots([run.run_id for run in runs], tracking_uri=store.uri, registry_uri=store.uri)
    for run, taken in zip(runs, all_taken, strict=True):
        snapshots[taken.run_id] = replace(taken, tags={**taken.tags, **run.settings})
        reading(len(snapshots), len(runs))
    folders = (str(store.folder), str(side.tree or side.folder))
    return Logged(side.name, runs, snapshots, tuple(_notes(side, runs, elsewhere)), folders)


def _notes(side: Side, runs: tuple[LoggedRun, ...], elsewhere: list[str]) -> list[str]:
    notes = []
    if elsewhere:
        notes.append(f"{side.name}: it also wrote to {', '.join(elsewhere)}, which is not compared")
    notes += [f"{side.name}: run {run.label} ended as {run.status}" for run in runs if run.status != "FINISHED"]
    return notes


def _require_shim(side: Side, store: Store) -> None:
    with store.output.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(_SHIM_IS_OFF):
                raise CommandError(
                    f"{side.name}: the command ran without the shim: {line.strip()}", where=str(store.output)
                )
