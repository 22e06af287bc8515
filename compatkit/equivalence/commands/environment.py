"""Make the environment of a command: its store, its seed, its threads, and this interpreter as `python`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from compatkit.equivalence.commands.scenario import CommandScenario
from compatkit.equivalence.commands.store import Store
from compatkit.platforms import usable_cores
from compatkit.trace.watch import VARIABLE as TRACED

SEED = "COMPATKIT_SEED"
# Each would send what is logged elsewhere than into a new run; and a caller's own shim is not the command's.
_LEFT_OUT = {"MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_ACTIVE_MODEL_ID", "COMPATKIT_SHIM"}
# OMP_NUM_THREADS is what torch reads; the others are the BLAS libraries that NumPy and SciPy may come with.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment_of(
    scenario: CommandScenario, store: Store, *, seed: int, threads: int | None, python: str = ""
) -> dict[str, str]:
    """Return the environment of one side, in which `python` is this interpreter, or another that is named.

    All else but the store's address is the same for every side of a scenario.
    """
    # Inside a git hook, GIT_DIR and its like name the hook's repository, not the one of the command's tree.
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT and not name.startswith("GIT_")}
    ours = {
        **store.environment,
        SEED: str(seed),
        # A seed of hashes has 32 bits; 0 switches their randomness off.
        "PYTHONHASHSEED": str(seed % 2**32),
        # What was printed before a hang is in the file.
        "PYTHONUNBUFFERED": "1",
        "PATH": os.pathsep.join([str(Path(python or sys.executable).absolute().parent), kept.get("PATH", os.defpath)]),
    }
    # What `--explain` looks into is what `compatkit.trace.watch` records, if the command calls it.
    watched = {TRACED: kept.get(TRACED) or "1"} if scenario.explain else {}
    return {**kept, **ours, **watched, **_thread_variables(threads), **scenario.env}


def slots_and_threads(scenario: CommandScenario, sides: int) -> tuple[int, int | None]:
    """Return how many sides run at once, and on how many threads each: the numbers that training logs depend on it.

    None leaves the threads to the command: then nothing shares the cores with it.
    """
    cores = usable_cores()
    slots = max(1, min(scenario.jobs or cores, sides))
    if scenario.threads is not None:
        return slots, scenario.threads
    if slots == 1 or _is_chosen(scenario.env):
        return slots, None
    return slots, max(1, cores // slots)


def _is_chosen(env: Mapping[str, str]) -> bool:
    return _THREADS[0] in env or _THREADS[0] in os.environ


def _thread_variables(threads: int | None) -> dict[str, str]:
    return {} if threads is None else dict.fromkeys(_THREADS, str(threads))
