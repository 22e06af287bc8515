"""Read two releases, and compare their interfaces, for `draft` and `audit`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from compatkit.cli._extras import require

if TYPE_CHECKING:
    from compatkit.authoring.interface import PublicName
    from compatkit.authoring.interface_changes import Change

_Command = TypeVar("_Command", bound=Callable[..., Any])


def release_options(command: _Command, *, is_required: bool = True) -> _Command:
    """Add the options that name two releases."""
    for option in (
        click.option(
            "--cache",
            type=click.Path(path_type=Path, file_okay=False),
            help="A folder that keeps what is downloaded; by default it is thrown away.",
        ),
        click.option(
            "--package",
            "packages",
            metavar="NAME[=NEW]",
            multiple=True,
            help="A package, where a release has several; OLD=NEW where it has another name now. May be given often.",
        ),
        click.option("--new", metavar="RELEASE", required=is_required, help="The new release."),
        click.option(
            "--old", metavar="RELEASE", required=is_required, help="PACKAGE==VERSION, a folder, or an archive."
        ),
    ):
        command = option(command)
    return command


def compare_releases(
    old: str, new: str, packages: tuple[str, ...], cache: Path | None, *, mined: bool = False
) -> tuple[str, list[Change], dict[str, PublicName]]:
    """Return the first package, what changed in the public interfaces, and the old names. Nothing is run.

    What the old release says of itself is `mined` too, where that is asked for.
    """
    require("griffe", extra="draft")
    # They need the extra `draft`.
    from compatkit.authoring.deprecations import announced, mine, with_deprecations
    from compatkit.authoring.interface import read_interface
    from compatkit.authoring.interface_changes import find_changes, told_once
    from compatkit.authoring.releases import locate_release

    names: list[str] = []
    changes: list[Change] = []
    items: dict[str, PublicName] = {}
    with tempfile.TemporaryDirectory(prefix="compatkit-releases-") as folder:
        place = cache or Path(folder)
        for given in packages or ("",):
            was, _, now = given.partition("=")
            name, before = locate_release(old, place / "old", was or None)
            later, after = locate_release(new, place / "new", now or name)
            interface = read_interface(name, before)
            new_interface = read_interface(later, after)
            shown = find_changes(interface, new_interface)
            if mined:
                shown = with_deprecations(shown, announced(mine(name, before), interface, new_interface))
                shown = told_once(shown, interface)
            changes += shown
            items |= interface.items
            names.append(name)
    return names[0], changes, items
