"""The opt-in `.pth`: every interpreter of an environment starts with the shim of one project.

`site` executes the one line in it. The line cannot break an interpreter: without compatkit it does nothing, and
whatever else is wrong becomes one line on stderr. Nor does it cost one much: it has the names that the shim has to do
with, and the migrations are read once one of them is imported.
"""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from compatkit.migration import Migration, load_project
from compatkit.shim.install import state_of
from compatkit.shim.installed import Shim
from compatkit.shim.warning import ShimError

# `site` goes by name: after the files of editable installs, one of which may bring compatkit itself.
FILE = "zz-compatkit-shim.pth"
_PROJECT = "# project: "
# What the environment says comes first, and nothing is imported for a Python that is to go without.
_CODE = """\
if not sys.flags.no_site:
 if sys.flags.ignore_environment or os.environ.get('COMPATKIT_SHIM', '').strip().lower() not in {off!r}:
  try:
   from compatkit.shim.install import wait_for_project
  except ImportError:
   pass
  else:
   wait_for_project({project!r}, {names!r}, {files!r})
"""


@dataclass(frozen=True, slots=True)
class PthStatus:
    """The `.pth` of an environment: its place, and the project that it names where it is there."""

    file: Path
    project: str | None

    @property
    def is_enabled(self) -> bool:
        return self.project is not None


def pth_status() -> PthStatus:
    """Look into this environment's site-packages."""
    file = Path(sysconfig.get_path("purelib")) / FILE
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return PthStatus(file, None)
    named = [json.loads(line.removeprefix(_PROJECT)) for line in lines if line.startswith(_PROJECT)]
    return PthStatus(file, named[0] if named else "")


def enable_pth(project: Path) -> PthStatus:
    """Write the `.pth` for `project`. Raises `ShimError` where site-packages cannot be written."""
    status = pth_status()
    text = text_for(project.resolve())
    temporary = status.file.with_name(f".{FILE}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(status.file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot_write(status.file, error) from error
    return pth_status()


def text_for(project: Path) -> str:
    """Return what the `.pth` of a project says. Raises `MigrationError` where its migrations cannot be loaded."""
    found = load_project(project)
    migrations = found.load()
    files = {str(file): state_of(str(file)) for file in _files(project, found.origin, migrations)}
    return _text_of(str(project), sorted(Shim(migrations).watched), files)


def _text_of(project: str, names: Iterable[str] = (), files: Mapping[str, object] | None = None) -> str:
    code = _CODE.format(off=("0", "false", "off", "no"), project=project, names=tuple(names), files=files or {})
    # ASCII, whatever the folders are called: `site` need not read the file in the encoding that it was written in.
    return f"{_PROJECT}{json.dumps(project)}\nimport os, sys; exec({code!a})\n"


def disable_pth() -> PthStatus:
    """Remove the `.pth`. Raises `ShimError` where it cannot be removed."""
    status = pth_status()
    try:
        status.file.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(status.file, error) from error
    return status


def _files(project: Path, origin: Path | None, migrations: Iterable[Migration]) -> list[Path]:
    """Return the files that decide which names there are, also those that are not there, but would."""
    folders = [project, *project.parents]
    if origin is not None:
        folders = folders[: folders.index(origin.parent) + 1]
    return [
        *(folder / "pyproject.toml" for folder in folders),
        *(migration.origin for migration in migrations if migration.origin),
    ]


def _cannot_write(file: Path, error: OSError) -> ShimError:
    return ShimError(
        f"This environment's start-up file cannot be changed: {error.strerror or error}.",
        where=str(file),
        hint="use an environment of your own, or `import compatkit.auto` at the top of the main module",
    )
