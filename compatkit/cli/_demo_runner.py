"""Running a command for the reader of `compatkit demo`: shown as a user would type it, run for real."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from compatkit.cli._progress import QuietLine
from compatkit.errors import CompatkitError

_PROGRAMS = {"python": [sys.executable], "compatkit": [sys.executable, "-m", "compatkit"]}


class DemoRunner:
    """Shows titles and commands, runs the commands in `folder`, and shows what they print."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, steps: int) -> None:
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._steps = steps
        self._step = 0

    def title(self, text: str) -> None:
        """Begin the next step."""
        self._step += 1
        click.echo()
        click.secho(f"[{self._step}/{self._steps}] {text}", bold=True)

    def run(self, command: str, *, expected: int = 0) -> subprocess.CompletedProcess[str]:
        """Run `command`, which begins with `python` or `compatkit`, and return what it printed.

        Raises `CompatkitError` with its output where its exit status is not the `expected` one.
        """
        program, *arguments = shlex.split(command)
        click.secho(f"  $ {command}", fg="cyan")
        start = time.perf_counter()
        with QuietLine(f"  {command}"):
            done = subprocess.run(
                [*_PROGRAMS[program], *arguments],
                cwd=self._folder,
                env=self._environment,
                capture_output=True,
                text=True,
                check=False,
            )
        click.echo(f"  ({time.perf_counter() - start:.0f} s, exit status {done.returncode})", err=True)
        if done.returncode != expected:
            raise CompatkitError(
                f"`{command}` ended with status {done.returncode}, not {expected}:\n{done.stdout}{done.stderr}",
                where=str(self._folder),
                hint="please report this with the output above",
            )
        return done

    def show(self, text: str, *, first: int | None = None, last: int | None = None) -> None:
        """Show the `first` or `last` lines of an output, and say how many were left out."""
        lines = text.rstrip().splitlines()
        kept = lines[:first] if last is None else lines[-last:]
        left_out = len(lines) - len(kept)
        if left_out and last is not None:
            click.echo(f"    … {left_out} lines above")
        for line in kept:
            click.echo(f"    {line}")
        if left_out and last is None:
            click.echo(f"    … {left_out} more lines")
