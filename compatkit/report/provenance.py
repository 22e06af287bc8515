"""The line that says how a report was made: by which command, under which policy, by which releases, and when."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from compatkit.report.markdown_text import code, prose
from compatkit.safe_text import without_password

if TYPE_CHECKING:
    from compatkit.equivalence.commands import Result


def how_made(*policies: str, scenarios: Sequence[str] = ()) -> str:
    """Return the line; passwords in addresses are left out."""
    releases = [*_releases("compatkit"), *(_releases("mlflow") or _releases("mlflow-skinny"))]
    command = shlex.join(["compatkit", *map(without_password, sys.argv[1:])])
    decided = [f"policy: {policy}" for policy in dict.fromkeys(policies) if policy]
    return "; ".join(
        [command, *scenarios, *decided, *releases, f"Python {platform.python_version()}", date.today().isoformat()]
    )


def _releases(package: str) -> list[str]:
    with suppress(PackageNotFoundError):
        return [f"{package} {version(package)}"]
    return []


def how_results_were_made(results: Sequence[Result]) -> str:
    """Return the line for what commands logged, with the commands and seeds of each scenario."""
    scenarios = [without_password(f"{result.scenario}: {result.made}") for result in results if result.made]
    return how_made(*(result.policy for result in results), scenarios=scenarios)


def markdown_line(made: str) -> str:
    """Return the line as the end of a report in Markdown."""
    command, _, rest = made.partition("; ")
    return f"How this was made: {code(command)}; {prose(rest)}."
