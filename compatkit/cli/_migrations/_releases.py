"""Read two releases, and compare their interfaces, for `draft` and `audit`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from compatkit.cli._extras import require

if TYPE_CHECKING:
    from compatkit.authoring.changes import Change

_Command = TypeVar("_Command", bound=Callable[..., Any])


def release_options(command: _Command) -> _Command:
    """Add the options that name two releases."""
    for option in (
        click.option(
            "--cache",
            type=click.Path(path_type=Path, file_okay=False),
            help="A folder that keeps what is downloaded; by default it is thrown away.",
        ),
        click.option("--package", metavar="NAME", help="The package, where a release has several."),
        click.option("--new", required=True, metavar="RELEASE", help="The new release."),
        click.option("--old", required=True, metavar="RELEASE", help="PACKAGE==VERSION, a folder, or an archive."),
    ):
        command = option(command)
    return command


def compare_releases(old: str, new: str, package: str | None, cache: Path | None) -> tuple[str, list[Change]]:
    """Return the package, and what changed in its public interface. Nothing of it is imported or run."""
    require("griffe", extra="draft")
    from compatkit.authoring.changes import find_changes
    from compatkit.authoring.interface import read_interface
    from compatkit.authoring.releases import locate_release

    with tempfile.TemporaryDirectory(prefix="compatkit-releases-") as folder:
        place = cache or Path(folder)
        name, before = locate_release(old, place / "old", package)
        after = locate_release(new, place / "new", package or name)[1]
        return name, find_changes(read_interface(name, before), read_interface(name, after))
