"""`compatkit init`: from a stranger's project to its settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compatkit.errors import CompatkitError
from compatkit.safe_text import is_encodable, toml_text

if TYPE_CHECKING:
    from compatkit.migrate.proposal import Proposal

_SCRIPTS_SHOWN = 3


@click.command("init", epilog="Example: compatkit init --yes")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
@click.option("--yes", "-y", "is_agreed", is_flag=True, help="Write what is proposed, and do not ask.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print what was found and is proposed as JSON, and write nothing."
)
def command(path: Path, *, is_agreed: bool, as_json: bool) -> None:
    """Look at a project, and propose its settings: which migrations apply, and where its modules are.

    The project at PATH (by default the one here) is read, not imported. What would be written to its pyproject.toml is
    shown first, and written once you agree.

    Exit status: 0 done, or there is nothing to do; 2 the project cannot be read or written.
    """
    from compatkit.migrate.proposal import propose
    from compatkit.migrate.settings import load_settings
    from compatkit.migration import available_migrations, load_migration

    root = path.resolve()
    if (origin := load_settings(root).project.origin) and not as_json:
        click.echo(f"{origin} has a [tool.compatkit] already. `compatkit doctor` says whether all is well with it.")
        return
    migrations = [load_migration(file) for _, file in sorted(available_migrations().items())]
    proposal = propose(root, migrations)
    if as_json:
        click.echo(json.dumps(_as_json(proposal, root), indent=2))
        return
    for line in _found(proposal):
        click.echo(line)
    if not proposal.applicable:
        return
    text = settings_text(proposal)
    click.echo(f"\nTo be added to {root / 'pyproject.toml'}:\n")
    click.echo("".join(f"    {line}\n" if line else "\n" for line in text.splitlines()))
    if is_agreed or _is_confirmed():
        _append(root / "pyproject.toml", text)
        click.echo("Written. Next: compatkit migrate --diff .")
        for file, block in blocks(root):
            click.echo(f"\nAfterwards, for {file}:\n")
            click.echo("\n".join(f"    {line}" for line in block.splitlines()))
    else:
        click.echo("Nothing is written.", err=True)


def _is_confirmed() -> bool:
    try:
        return click.confirm("Write it?", default=True)
    except click.Abort:
        click.echo("\nNothing is written. `compatkit init --yes` writes it and does not ask.", err=True)
        raise


def settings_text(proposal: Proposal) -> str:
    """Return the table for the pyproject.toml."""
    lines = [
        "[tool.compatkit]",
        f"migrations = {json.dumps([applicable.migration.id for applicable in proposal.applicable])}",
    ]
    if proposal.homes:
        lines += [
            "",
            "# Where this project keeps what the migrations know under another name.",
            "[tool.compatkit.homes]",
        ]
        lines += [f"{toml_text(old)} = {toml_text(new)}" for old, new in sorted(proposal.homes.items())]
    # A name that is no text cannot be said in TOML.
    if scripts := [script for script in proposal.scripts if is_encodable(script.path)]:
        # Without a branch to compare with, a person has to say which revision is the one before.
        first, mark = scripts[0], "" if proposal.base and not scripts[0].needs else "# "
        lines += ["", "# `compatkit verify` runs this command on the base and here, and compares what it logs."]
        lines += [
            *([f"# It needs {toml_text(first.needs)}: complete the command."] if first.needs else []),
            f"{mark}[[tool.compatkit.verify.scenarios]]",
            f"{mark}name = {toml_text(Path(first.path).stem)}",
            f"{mark}base = {toml_text(proposal.base or 'main')}",
            f"{mark}command = {toml_text(shlex.join(['python', first.path, *first.arguments]))}",
        ]
    elif proposal.unstarted and is_encodable(proposal.unstarted[0]):
        # Where it stands is known, and not what is run.
        lines += [
            "",
            f"# {toml_text(proposal.unstarted[0])} logs to MLflow. Write down the command that is run with it, and",
            "# `compatkit verify` runs it on the base and here, and compares what it logs.",
            "# [[tool.compatkit.verify.scenarios]]",
            '# name = "training"',
            f"# base = {toml_text(proposal.base or 'main')}",
            '# command = "python SCRIPT"',
        ]
    return "\n".join(lines) + "\n"


_PRE_COMMIT = """\
  - repo: local
    hooks:
      - id: compatkit-check
        name: compatkit migrate --check
        entry: compatkit migrate --check
        language: system
        types_or: [python, pyi, jupyter, json, markdown, toml, yaml, ini]
        require_serial: true
"""
_GITHUB = """\
      - run: pip install compatkit
      - run: compatkit migrate --check --format github .
"""
_GITLAB = """\
compatkit:
  image: python:3.11
  script:
    - pip install compatkit
    - compatkit migrate --check --output gitlab=gl-code-quality-report.json .
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""


def blocks(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what may be pasted into the files in which a project says what is checked."""
    is_github, is_gitlab = (root / ".github").is_dir(), (root / ".gitlab-ci.yml").is_file()
    if (root / ".pre-commit-config.yaml").is_file() or not (is_github or is_gitlab):
        yield ".pre-commit-config.yaml, below repos", _PRE_COMMIT
    if is_github:
        yield ".github/workflows, below steps", _GITHUB
    if is_gitlab:
        yield ".gitlab-ci.yml", _GITLAB


def _found(proposal: Proposal) -> Iterator[str]:
    if not proposal.searched:
        from compatkit.report.migrate_text import NO_FILE

        yield NO_FILE
        return
    if not proposal.applicable:
        yield f"{_counted(proposal.searched, 'file')} searched: none uses an old name of an installed migration."
        yield "There is nothing to do. `compatkit migrations list` shows the migrations that were asked."
        return
    for applicable in proposal.applicable:
        left = f", {applicable.left} of them for a person to decide" if applicable.left else ""
        counts = f"{_counted(applicable.places, 'place')} in {_counted(applicable.files, 'file')}"
        yield f"{applicable.migration.id}: {counts}{left}"
        yield f"    {applicable.migration.summary}"
        for said in (*applicable.pinned, *applicable.older):
            yield f"    {said}"
    for old, new in sorted(proposal.homes.items()):
        yield f"{old} looks like {new} here: {proposal.seen[old]}"
    for script in proposal.scripts[:_SCRIPTS_SHOWN]:
        condition = f", once you give it {script.needs}" if script.needs else ""
        by = f" with {script.by}" if script.by else ""
        yield f"{script.path} logs to MLflow{by}: compatkit verify can run it before and after{condition}"
    if (more := len(proposal.scripts) - _SCRIPTS_SHOWN) > 0:
        yield f"... and {more} more scripts do"
    for place in proposal.unstarted[:1]:
        yield f"{place} logs to MLflow, by which script is not seen: give compatkit verify the command, as shown below"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _as_json(proposal: Proposal, root: Path) -> dict[str, object]:
    return {
        "searched": proposal.searched,
        "migrations": [
            {
                "id": applicable.migration.id,
                "places": applicable.places,
                "files": applicable.files,
                "left": applicable.left,
                "pinned": applicable.pinned,
                "older": applicable.older,
            }
            for applicable in proposal.applicable
        ],
        "homes": dict(proposal.homes),
        "scripts": [script.path for script in proposal.scripts],
        "unstarted": list(proposal.unstarted),
        "settings": settings_text(proposal) if proposal.applicable else "",
        "blocks": dict(blocks(root)) if proposal.applicable else {},
    }


def _append(file: Path, text: str) -> None:
    from compatkit.migrate.write import write_output

    if file.exists() and not file.is_file():
        raise CompatkitError("It is not a file.", where=str(file), hint="remove it first")
    try:
        before = file.read_bytes().decode("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CompatkitError(f"The file cannot be read: {error}.", where=str(file), hint="correct it first") from error
    end = "\r\n" if "\r\n" in before else "\n"
    added = text.replace("\n", end)
    write_output(file, (f"{before.rstrip()}{end}{end}{added}" if before.strip() else added).encode("utf-8"))
