"""A scenario: two commands, or one command in two trees. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compatkit.migration import Equivalence

ONE_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class CommandScenario:
    """Either `before` and `after`, or `command` in the working tree and at the git revision `base`.

    `folder` is where the commands run, and from where `link` starts. A command is a tuple of words; no shell reads it.
    `before_python` is the interpreter of another environment, in which the first side runs beside its own MLflow.
    Unless it is to run `once`, or under several seeds, the first side runs twice, which measures its noise.
    """

    name: str
    folder: Path
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    base: str = ""
    command: tuple[str, ...] = ()
    shim: bool = False
    migrate: bool = False
    link: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    migration: str | None = None
    equivalence: tuple[Equivalence, ...] = ()
    exact: bool = False
    accept_unread: bool = False
    explain: bool = False
    once: bool = False
    timeout: float = ONE_HOUR
    seed: int = 0
    seeds: int = 1
    confidence: float = 0.95
    jobs: int | None = None
    threads: int | None = None
    before_python: str = ""

    @property
    def is_migration(self) -> bool:
        """Tell whether the declaration itself is under test, and its policy therefore meant."""
        return self.shim or self.migrate
