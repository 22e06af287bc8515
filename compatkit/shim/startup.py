"""Find the shim of a process: from the project that it works in, or from the process that started it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migration import Project, bundled_migrations, current_id, load_project
from compatkit.migration.registry import seen_from
from compatkit.shim.install import install, is_installed
from compatkit.shim.warning import ShimError

VARIABLE = "COMPATKIT_SHIM"
OFF = "0"
_SWITCHES = {**dict.fromkeys(["1", "true", "on", "yes"], True), **dict.fromkeys([OFF, "false", "off", "no"], False)}
_CHILD_SITE = Path(__file__).parent / "child_site"
_has_tried = False


def start() -> None:
    """Install the shim unless this process has one, as `import compatkit.auto` does.

    Which migrations: what the parent process handed down, else the project's that the main script lies in, else
    that of the working directory, else the bundled default. `COMPATKIT_SHIM=0` turns it off.
    Raises `ShimError` where that variable is neither a switch nor what a parent process wrote.
    """
    if is_installed() or not (told := _from_environment()):
        return
    if isinstance(told, dict):
        _start_with(told)
        return
    project = _project()
    install(project.load(), named=())
    # To what is started by other means than multiprocessing, too: the workers of loky and of Ray.
    hand_down(project.origin.parent if project.origin else Path.cwd(), ())
    for pool in _running_pools():
        said = f"the workers of {pool} were started before, and have no shim; import compatkit.auto first"
        print(f"compatkit: {said}", file=sys.stderr)  # noqa: T201 - no logging yet


def start_guarded(project: str | None = None) -> None:
    """Start from a `.pth` or `sitecustomize`: whatever is wrong is one line on stderr, and the interpreter goes on."""
    global _has_tried
    if _has_tried:
        return
    _has_tried = True
    try:
        if project and _from_environment() is True and not is_installed():
            install(load_project(Path(project)).load(), named=())
        else:
            start()
    except Exception as error:  # noqa: BLE001 - no shim is better than no interpreter
        what = error.what if isinstance(error, CompatkitError) else f"{type(error).__name__}: {error}"
        print(f"compatkit: the shim is off in this process: {what}", file=sys.stderr)  # noqa: T201 - no logging yet


def hand_down(project: Path, migrations: Iterable[str], *, census: Path | None = None) -> None:
    """Have the Python processes that this one starts install the same shim, by way of the environment.

    It reaches what inherits `PYTHONPATH` and has compatkit: `subprocess`, and `multiprocessing` by any start method.
    """
    os.environ.update(variables(project, migrations, census=census, path=os.environ.get("PYTHONPATH")))


def variables(
    project: Path, migrations: Iterable[str], *, census: Path | None = None, path: str | None = None
) -> dict[str, str]:
    """Return the environment in which a Python process installs the shim; `path` is the `PYTHONPATH` so far."""
    settings = {
        "project": str(project.resolve()),
        "migrations": [_named(one) for one in migrations],
        "census": str(census.resolve()) if census else None,
    }
    return {
        VARIABLE: json.dumps(settings),
        "PYTHONPATH": os.pathsep.join([str(_CHILD_SITE), *([path] if path else [])]),
    }


def _named(migration: str) -> str:
    is_bundled = current_id(migration) in bundled_migrations()
    return migration if is_bundled else seen_from(Path.cwd(), migration)


def _from_environment() -> Mapping[str, object] | bool:
    """Return what the environment says: on or off, or what a parent process handed down."""
    said = "" if sys.flags.ignore_environment else os.environ.get(VARIABLE, "").strip()
    if not said or said.lower() in _SWITCHES:
        return _SWITCHES.get(said.lower(), True)
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or "project" not in told:
        raise ShimError(
            f"{VARIABLE} is {said[:80]!r}, which is neither on nor off.",
            where="the environment",
            hint="set it to 1 (true, on, yes) or 0 (false, off, no), or unset it",
        )
    return told


def _start_with(told: Mapping[str, object]) -> None:
    migrations = told.get("migrations")
    chosen = [str(one) for one in migrations] if isinstance(migrations, list) else []
    install(load_project(Path(str(told["project"]))).load(chosen), named=chosen)
    if census := told.get("census"):
        # Imported here: it brings in multiprocessing.
        from compatkit.shim.census import Census

        Census(Path(str(census))).start()


def _running_pools() -> Iterator[str]:
    """Yield which pools have workers already, to which the environment is not handed down any more."""
    ray = sys.modules.get("ray")
    if ray is not None and getattr(ray, "is_initialized", bool)():
        yield "Ray"
    # loky's workers are among them, whichever release or copy of it started them.
    processes = sys.modules.get("multiprocessing.process")
    modules = [type(child).__module__ for child in processes.active_children()] if processes else []
    yield from sorted({"loky" if "loky" in module.split(".") else "multiprocessing" for module in modules})


def _project() -> Project:
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    folders = [script.parent] if script and script.is_file() else []
    for folder in (*folders, Path.cwd()):
        if (project := load_project(folder)).origin:
            return project
    return Project()
