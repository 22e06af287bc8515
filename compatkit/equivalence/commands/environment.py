"""Prepare the environment of a command: its variables, the files in its folder, and the code that it imports."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from compatkit.equivalence.commands.scenario import CommandScenario
from compatkit.equivalence.commands.store import Store
from compatkit.equivalence.errors import CommandError
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


CHILD_SITE = Path(__file__).parent / "child_site"
_VARIABLE = "COMPATKIT_TREE"


def watch_imports(tree: Path, other: Path | None, store: Store, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that have a command's Python processes import from `tree` what lies in `other`, and tell."""
    told = {"tree": str(tree), "other": str(other) if other else None, "report": str(store.imports)}
    rest = environment.get("PYTHONPATH")
    path = os.pathsep.join([str(CHILD_SITE), *([rest] if rest else [])])
    return {_VARIABLE: json.dumps(told), "PYTHONPATH": path}


def require_own_code(side: str, tree: Path, folder: Path, other: Path | None, store: Store) -> None:
    """Raise `CommandError` where a process imported from `other`, or from anywhere else what `tree` has itself."""
    reports = sorted(store.imports.glob("*.json"))
    if not reports:
        raise CommandError(
            f"{side}: no Python process told where it imported its code from, so it may be another tree's.",
            where=str(store.output),
            hint="run Python without -I, -E and -S, and without clearing PYTHONPATH",
        )
    own = {name: place for place in dict.fromkeys((folder, tree, tree / "src")) for name in _importable(place)}
    wrong: dict[str, None] = {}
    for report in reports:
        places: dict[str, list[str]] = json.loads(report.read_text(encoding="utf-8"))
        for name, found in places.items():
            wrong |= dict.fromkeys(_wrong(name, found, tree, other, own))
    if wrong:
        raise CommandError(
            f"{side}: the command did not import its own tree's code: {'; '.join(sorted(wrong))}.",
            where=str(tree),
            hint="install the project editable (pip install -e .), or put its folder on PYTHONPATH",
        )


def _wrong(name: str, found: list[str], tree: Path, other: Path | None, own: Mapping[str, Path]) -> Iterator[str]:
    for place in found:
        # First as it is written: what was linked into the tree on purpose is the tree's.
        if _is_in(place, tree):
            continue
        real = os.path.realpath(place)
        if other and _is_in(real, other) and not _is_environment(real):
            yield f"{name!r} came from the working tree ({os.path.relpath(real, other)})"
        elif name in own and not _is_in(real, tree):
            yield f"{name!r}, which lies in {_shown(own[name], tree)}, came from {place}"


def _is_in(place: str, folder: Path) -> bool:
    return place == str(folder) or place.startswith(f"{folder}{os.sep}")


def _is_environment(place: str) -> bool:
    """Tell whether it is what was installed into an environment, which may well lie in the work tree."""
    return any(part in {"site-packages", "dist-packages"} for part in Path(place).parts)


def _shown(folder: Path, tree: Path) -> str:
    inside = folder.relative_to(tree) if folder != tree else Path()
    return f"{inside.as_posix()}/" if inside.parts else "the tree's root"


def _importable(folder: Path) -> Iterator[str]:
    """Yield the modules and packages in a folder; a folder without `__init__.py` may be anything."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".py" and entry.stem.isidentifier():
            yield entry.stem
        elif entry.name.isidentifier() and (entry / "__init__.py").is_file():
            yield entry.name


# Where MLflow logs if nothing else is said.
_DEFAULT_STORES = ("mlflow.db", "mlruns")
_NEVER = {"__pycache__", "node_modules"}
_MOST = 100_000  # entries; a larger folder is data


def default_stores_written(folder: Path, since: float) -> list[str]:
    """Return MLflow's default stores in a command's folder, as far as they were written to."""
    return [name for name in _DEFAULT_STORES if any(_is_new(one, since) for one in _all_of(folder / name))]


def files_written(folder: Path, since: float, until: float = math.inf) -> list[str]:
    """Return the files in a folder that were last written between two times.

    Hidden ones, environments and MLflow's default stores are left out.
    """
    found = []
    for number, path in enumerate(_files(folder)):
        if number >= _MOST:
            break
        if _is_new(path, since, until):
            found.append(path.relative_to(folder).as_posix())
    return sorted(name for name in found if name.partition("/")[0] not in _DEFAULT_STORES)


def _all_of(place: Path) -> Iterator[Path]:
    yield place
    if place.is_dir():
        yield from place.rglob("*")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if _matters(Path(place, one))]
        yield from (Path(place, file) for file in files if not file.startswith("."))


def _matters(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.name not in _NEVER and not (folder / "pyvenv.cfg").exists()


def _is_new(path: Path, since: float, until: float = math.inf) -> bool:
    return os.path.lexists(path) and since <= path.lstat().st_mtime < until
