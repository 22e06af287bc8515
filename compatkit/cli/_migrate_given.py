"""What was given to `compatkit migrate`, checked, and set before what `[tool.compatkit]` says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from compatkit.cli._outputs import output_parser
from compatkit.errors import nearest

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings
    from compatkit.migration import Migration

FORMATS = ("text", "json", "sarif", "github", "junit")
STDIN = Path("-")


class Given(TypedDict):
    """The options as click hands them over; None is what was not given."""

    paths: tuple[Path, ...]
    check: bool
    show_diff: bool
    patch: Path | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    confidence: str | None
    modernize: bool | None
    rename: bool | None
    through_reexports: bool | None
    chosen: tuple[str, ...]
    jobs: int | None
    executor: str | None
    interactive: bool
    allow_dirty: bool | None
    form: str
    outputs: tuple[tuple[str, Path], ...]
    baseline: Path | None
    update_baseline: bool


parse_outputs = output_parser(FORMATS)


def settings_for(given: Given) -> Settings:
    """Return the nearest settings, with what was given on the command line before them."""
    from compatkit.migrate.settings import load_settings

    places = {place_of(path if path.is_dir() else path.parent) for path in given["paths"][1:]}
    settings = load_settings(place_of(given["paths"][0]))
    if any(load_settings(place).project.origin != settings.project.origin for place in places):
        used = settings.project.origin or "no pyproject.toml"
        click.echo(f"The paths belong to several projects; the settings are those of the first: {used}", err=True)
    names = {field.name for field in fields(settings)} & given.keys()
    said: dict[str, Any] = {name: value for name, value in given.items() if name in names and value is not None}
    said["select"] = split_codes(given["select"]) or settings.select
    said["ignore"] = split_codes(given["ignore"]) or settings.ignore
    return replace(settings, **said)


def place_of(path: Path) -> Path:
    """Return where a search for settings begins: for a pattern, the folder where it begins."""
    while path != path.parent and not path.exists():
        path = path.parent
    return path


def split_codes(given: Iterable[str]) -> tuple[str, ...]:
    """Split `CK101,CK2`, which may also be given one by one."""
    return tuple(code.strip() for text in given for code in text.split(",") if code.strip())


def require_paths(paths: Iterable[Path]) -> None:
    """Refuse a path that does not exist, and is no pattern."""
    from compatkit.migrate.finding.find import is_glob

    for path in paths:
        if not path.exists() and not path.is_symlink() and not is_glob(str(path)):
            siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
            hint = nearest(path.name, siblings) or "check the path"
            raise click.UsageError(f"The path {str(path)!r} does not exist; {hint}")


def require_codes(settings: Settings, migrations: Iterable[Migration]) -> None:
    """Refuse a code that selects nothing: a typing error would silently leave everything out."""
    known = sorted(describe_codes(migrations))
    asked = (*settings.select, *settings.ignore)
    if any(wanted.startswith("CK9") for wanted in asked):
        from compatkit.authoring.explaining import TOOL_CODES

        known += TOOL_CODES
    for wanted in asked:
        if not any(code.startswith(wanted) for code in known):
            raise click.UsageError(f"There is no code {wanted!r}; {nearest(wanted, known) or 'check the migration'}")


def require_sense(given: Given) -> None:
    """Refuse options that contradict each other."""
    is_read_only = given["check"] or given["show_diff"]
    if STDIN in given["paths"] and (len(given["paths"]) > 1 or given["interactive"] or given["patch"]):
        raise click.UsageError("- is standard input: it goes with no other path, --interactive or --patch")
    if STDIN in given["paths"] and (given["form"] != "text" or given["baseline"] or given["update_baseline"]):
        raise click.UsageError("- is standard input: it goes with no --format and no baseline")
    if given["interactive"] and is_read_only:
        raise click.UsageError("--interactive writes what is accepted; leave out --check and --diff")
    if given["show_diff"] and given["form"] != "text":
        raise click.UsageError("--diff is a format of its own; write the other one to a file: --output FORMAT=FILE")


def describe_codes(migrations: Iterable[Migration]) -> dict[str, str]:
    """Return a sentence for each code."""
    found: dict[str, str] = {}
    for migration in migrations:
        for _, row in migration.rows():
            found.setdefault(row.code, row.sentence)
    return found
