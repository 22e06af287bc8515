"""`compatkit doctor`: is all well with the settings, the environment and the shim?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from compatkit import __version__
from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._extras import EXTRAS
from compatkit.cli._settings import are_settings_given, reads_settings, settings_at
from compatkit.errors import CompatkitError, WrongUse

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings
    from compatkit.migration import Migration

# Of what the extras bring, the libraries that decide whether a command runs.
_LIBRARIES = ("mlflow", "scipy", "torch", "jinja2", "griffe", "ray")
_STATUS = {"ok": ExitStatus.OK, "look": ExitStatus.FINDINGS, "wrong": ExitStatus.FAILED}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` says what to do where something is off."""

    about: str
    state: Literal["ok", "look", "wrong"]
    found: str
    advice: str = ""


@click.command("doctor", epilog="Example: compatkit doctor")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@reads_settings
@click.pass_context
def command(ctx: click.Context, path: Path, *, as_json: bool) -> None:
    """Check the project at PATH (by default the one here), and this environment.

    Each line says what was found and, where something is off, what to do. Nothing is imported but compatkit, nothing
    is written, and no server is asked.

    Exit status: 0 all is well; 1 something is worth a look; 2 something is wrong.
    """
    checks = [*_project(path.resolve()), *_environment(), *_shim()]
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        width = max(len(check.about) for check in checks)
        for check in checks:
            click.echo(f"{check.state:5}  {check.about:{width}}  {check.found}")
            if check.advice:
                click.echo(f"{'':5}  {'':{width}}  -> {check.advice}")
    ctx.exit(int(max(_STATUS[check.state] for check in checks)))


def _project(root: Path) -> Iterator[Check]:
    try:
        settings = settings_at(root)
        declared = settings.project.declared()
        migrations = settings.project.settle(declared)
    except CompatkitError as error:
        if isinstance(error, WrongUse) and are_settings_given():
            raise
        yield Check("settings", "wrong", f"{error.what} ({error.where})", error.hint)
        return
    if origin := settings.project.origin:
        yield Check("settings", "ok", str(origin))
    else:
        found = "no pyproject.toml with [tool.compatkit] here or above: the bundled default is used"
        yield Check("settings", "look", found, "run: compatkit init")
    from compatkit.migrate.pins import older_pins, pins_of, read_pins

    pins = read_pins(root)
    for migration in migrations:
        v1, v2 = migration.versions
        yield Check("migration", "ok", f"{migration.id}, from {v1} to {v2}: {migration.origin}")
        yield from _libraries(migration)
        yield from (Check("pin", "ok", said) for said in pins_of(migration, pins))
        yield from (Check("pin", "look", *said.split(": ", 1)) for said in older_pins(migration, pins))
    yield from _homes(settings, declared, root)
    yield from _scenarios(settings)


def _libraries(migration: Migration) -> Iterator[Check]:
    """Say which release of a library that the migration is about is installed."""
    from importlib import metadata

    from compatkit.migrate.pins import is_before, library_of, normalized

    names = [row.subject for _, row in migration.rows() if "." in row.subject]
    for package in sorted({normalized(name.partition(".")[0]) for name in names}):
        try:
            version, start = metadata.version(package), migration.versions.v1
            is_older = package == library_of(migration) and is_before(version, start)
            advice = f"{migration.id} starts at {start}: go there first" if is_older else ""
            yield Check("library", "look" if advice else "ok", f"{package} {version} is installed", advice)
        except metadata.PackageNotFoundError:
            continue


def _homes(settings: Settings, declared: Iterable[Migration], root: Path) -> Iterator[Check]:
    """Say whether each declared home is declared by a migration, and whether something lies there."""
    top = settings.project.origin.parent if settings.project.origin else root
    names = [row.subject for migration in declared for _, row in migration.rows()]
    for old, new in sorted(settings.project.homes.items()):
        known = any(name == old or name.startswith(f"{old}.") for name in names)
        places = [folder / new.replace(".", "/") for folder in (top, top / "src", root)]
        is_there = any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)
        if not known:
            yield Check(
                "home", "wrong", f"{old} = {new}: no migration in use declares a name below {old}", "correct it"
            )
        elif not is_there and _installed(new) is None:
            found = f"{old} = {new}: there is no such module below {top}, and none is installed"
            yield Check("home", "wrong", found, "give the dotted name of the folder that holds these modules")
        else:
            yield Check("home", "ok", f"{old} = {new}")


def _installed(name: str) -> object:
    """Return where the top-level package of a dotted name is installed, without an import of it."""
    try:
        return find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return None


def _scenarios(settings: Settings) -> Iterator[Check]:
    if settings.project.origin is None and not settings.verify:
        return
    if find_spec("numpy") is None:
        yield Check("verify", "ok", "its scenarios are not looked at: that needs pip install 'compatkit[verify]'")
        return
    from compatkit.cli._policy import declared_by

    try:
        found = declared_by(settings.project).scenarios
    except CompatkitError as error:
        yield Check("verify", "wrong", f"{error.what} ({error.where})", error.hint)
        return
    names = ", ".join(migration.name for migration in found)
    said = f"scenarios: {names}" if names else "no scenario: `compatkit verify` compares the bundled stacks"
    yield Check("verify", "ok", said)


def _environment() -> Iterator[Check]:
    yield Check("compatkit", "ok", f"{__version__} on Python {sys.version.split()[0]}, {sys.executable}")
    for name in _LIBRARIES:
        if find_spec(name) is None:
            yield Check("extra", "ok", f"{name} is not installed: pip install 'compatkit[{EXTRAS[name]}]' brings it")
        else:
            yield Check("extra", "ok", f"{name} {_version(name)}")
    store = os.environ.get("MLFLOW_TRACKING_URI")
    yield Check("store", "ok", f"MLFLOW_TRACKING_URI is {store}" if store else "MLFLOW_TRACKING_URI is not set")


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version("griffelib" if name == "griffe" else name)
    except metadata.PackageNotFoundError:
        return "(of an unknown version)"


def _shim() -> Iterator[Check]:
    from compatkit.migration import load_project
    from compatkit.shim.pth import pth_status

    found = pth_status()
    if found.project is None:
        yield Check(
            "shim", "ok", "it is off in this environment; `compatkit run` and `import compatkit.auto` switch it on"
        )
        return
    try:
        load_project(Path(found.project)).load()
    except CompatkitError as error:
        advice = "correct the project, or run: compatkit shim disable"
        yield Check("shim", "wrong", f"on for {found.project}, which cannot be loaded: {error.what}", advice)
    else:
        yield Check("shim", "ok", f"on for {found.project}: {found.file}")
