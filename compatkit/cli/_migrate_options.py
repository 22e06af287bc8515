"""Check what was given to `compatkit migrate`, and set it before what `[tool.compatkit]` says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from compatkit.cli._options import with_given
from compatkit.cli._settings import are_settings_given, settings_at
from compatkit.cli._verbosity import say
from compatkit.errors import nearest

if TYPE_CHECKING:
    from compatkit.migrate.settings import Settings
    from compatkit.migration import Migration

STDIN = Path("-")


class MigrateCliOptions(TypedDict):
    """The options as click hands them over, beside those of `RunOptions`; None is what was not given."""

    paths: tuple[Path, ...]
    check: bool
    show_diff: bool
    patch: Path | None
    chosen: tuple[str, ...]
    executor: str | None
    interactive: bool
    form: str
    outputs: tuple[tuple[str, Path], ...]
    update_baseline: bool
    statistics: bool
    exit_zero: bool
    stdin_filename: Path | None
    verdict: Path | None
    show_settings: bool
    show_files: bool


def settings_for(given: MigrateCliOptions) -> Settings:
    """Return the nearest settings, with what was given on the command line before them."""
    # The help of a command needs no settings.
    from compatkit.migrate.settings import settings_file

    first = given["stdin_filename"] or given["paths"][0]
    settings = settings_at(folder_of(first))
    if not are_settings_given():
        origins = {settings_file(folder_of(path)) for path in given["paths"][1:]}
        if origins - {settings.project.origin}:
            used = settings.project.origin or "no pyproject.toml"
            say(f"The paths belong to several projects; the settings are those of the first: {used}")
    return with_given(settings, given)


def folder_of(path: Path) -> Path:
    """Return where a search for the settings of a path begins."""
    return existing_folder(path if path.is_dir() else path.parent)


def existing_folder(path: Path) -> Path:
    """Return where a search for settings begins: for a pattern, the folder where it begins."""
    while path != path.parent and not path.exists():
        path = path.parent
    return path


def require_paths(paths: Iterable[Path]) -> None:
    """Refuse a path that does not exist, and is no pattern."""
    # Nor does it look for files.
    from compatkit.migrate.finding.find import is_glob

    for path in paths:
        if not path.exists() and not path.is_symlink() and not is_glob(str(path)):
            siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
            hint = nearest(path.name, siblings) or "check the path"
            raise click.UsageError(f"The path {str(path)!r} does not exist; {hint}")


def require_codes(settings: Settings, migrations: Iterable[Migration]) -> None:
    """Refuse a code that selects nothing: a typing error would silently leave everything out."""
    known = sorted(describe_codes(migrations))
    ignored = (code for _, codes in settings.per_file_ignores for code in codes)
    asked = (*sorted(settings.select), *sorted(settings.ignore), *ignored)
    if any(wanted.startswith("CK9") for wanted in asked):
        # Only codes of the tool itself need them.
        from compatkit.authoring.explaining import TOOL_CODES

        known += TOOL_CODES
    for wanted in asked:
        if not any(code.startswith(wanted) for code in known):
            raise click.UsageError(f"There is no code {wanted!r}; {nearest(wanted, known) or 'check the migration'}")


def reject_contradictions(given: MigrateCliOptions) -> None:
    """Refuse options that contradict each other."""
    is_read_only = given["check"] or given["show_diff"]
    if STDIN in given["paths"] and (len(given["paths"]) > 1 or given["interactive"] or given["patch"]):
        raise click.UsageError("- is standard input: it goes with no other path, --interactive or --patch")
    if STDIN in given["paths"] and (given["update_baseline"] or (given["form"] != "text" and not is_read_only)):
        raise click.UsageError("- is standard input, and its rewrite goes to stdout: --format goes with --check")
    if given["stdin_filename"] and given["paths"] != (STDIN,):
        raise click.UsageError("--stdin-filename names what standard input holds; the path is -")
    if given["interactive"] and is_read_only:
        raise click.UsageError("--interactive writes what is accepted; leave out --check and --diff")
    if given["show_diff"] and given["form"] != "text":
        raise click.UsageError("--diff is a format of its own; write the other one to a file: --output FORMAT=FILE")


def describe_codes(migrations: Iterable[Migration]) -> dict[str, str]:
    """Return a sentence for each code: what its first row says, and how many more there are."""
    found: dict[str, list[str]] = {}
    for migration in migrations:
        for _, row in migration.rows():
            found.setdefault(row.code, []).append(row.sentence)
    return {code: _of_rows(*sentences) for code, sentences in found.items()}


def _of_rows(first: str, *others: str) -> str:
    return f"{first.removesuffix('.')}, and {len(others)} more of this kind." if others else first
