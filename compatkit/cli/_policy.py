"""Which policy decides: a migration's, and what a project allows beside it in `[tool.compatkit.verify]`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compatkit.equivalence import Policy
    from compatkit.migration import Equivalence, Migration, Project


def decided_by(migration: Migration | None, declared: Iterable[Equivalence]) -> Policy:
    """Return the policy of `migration`, or of none; what `declared` says comes first."""
    from compatkit.equivalence import Policy

    policy = Policy() if migration is None else Policy.from_migration(migration)
    for each in declared:
        policy = policy.extended(each)
    return policy


def policy_of_runs(project: Project, named: str | None, *, is_exact: bool) -> Policy:
    """Return the policy for two runs that no scenario made: what the project says of all its scenarios holds for them.

    The migration is the `named` one, else the one of these scenarios, the project's own, or the bundled one.
    """
    from compatkit.cli._verify_commands import declared_by
    from compatkit.equivalence import Policy

    shared = declared_by(project).shared
    migration = project.load_one(named or shared.get("migration"))
    if is_exact or shared.get("exact"):
        return Policy.exact()
    return decided_by(migration, shared.get("equivalence", ()))
