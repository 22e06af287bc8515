"""The opt-in `.pth`: every interpreter of an environment starts with the shim of one project.

`site` executes the one line in it. The line cannot break an interpreter: without compatkit it does nothing, and
whatever else is wrong becomes one line on stderr.
"""

from __future__ import annotations

import json
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from compatkit.shim.errors import ShimError

# `site` goes by name: after the files of editable installs, one of which may bring compatkit itself.
FILE = "zz-compatkit-shim.pth"
_PROJECT = "# project: "
_LINE = """\
import os; exec("try:\\n from compatkit.shim.startup import start_guarded\\nexcept ImportError:\\n pass\\n\
else:\\n start_guarded({project})")
"""


@dataclass(frozen=True, slots=True)
class PthStatus:
    """Where the `.pth` is or would be, and the project that it names, if it is there."""

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
    name = str(project.resolve())
    text = _text_of(name)
    temporary = status.file.with_name(f".{FILE}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(status.file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ShimError.cannot_write(status.file, error) from error
    return pth_status()


def _text_of(project: str) -> str:
    # A string in a string in a line. JSON and Python read most escapes alike, but not those of an emoji: each its own.
    literal = ascii(project).replace("\\", "\\\\").replace('"', '\\"')
    return f"{_PROJECT}{json.dumps(project)}\n" + _LINE.format(project=literal)


def disable_pth() -> PthStatus:
    """Remove the `.pth`. Raises `ShimError` where it cannot be removed."""
    status = pth_status()
    try:
        status.file.unlink(missing_ok=True)
    except OSError as error:
        raise ShimError.cannot_write(status.file, error) from error
    return status
