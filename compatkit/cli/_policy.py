"""Find the policy that decides, by one rule for all commands.

The migration that the command line names, else the one of `[tool.compatkit.verify]`, else the project's own; and what
that table or a scenario allows beside it. In a folder that names none, nothing is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.cli._settings import are_settings_given, settings_at
from compatkit.equivalence import Policy
from compatkit.equivalence.commands import Declared, declared_in, declared_scenarios
from compatkit.errors import WrongUse
from compatkit.migration import Equivalence, MigrationError
from compatkit.migration.registry import load_all

if TYPE_CHECKING:
    from compatkit.equivalence import Snapshot, Verdict
    from compatkit.migration import Migration, Project

DECLARED = "[tool.compatkit.verify]"


def declared_by(project: Project) -> Declared:
    """Return what the project's `pyproject.toml` declares, or what --config and --isolated put in its place."""
    if are_settings_given():
        folder = project.origin.parent if project.origin else Path.cwd()
        try:
            return declared_in(settings_at(folder).verify, folder, "--config")
        except MigrationError as error:
            raise WrongUse(error.what, where=error.where, hint=error.hint) from error
    return declared_scenarios(project.origin) if project.origin else Declared()


def decided_by(migration: Migration | None, declared: Iterable[Equivalence]) -> Policy:
    """Return the policy of `migration`, or of none; what `declared` says comes first."""
    policy = Policy() if migration is None else Policy.from_migration(migration)
    for allowance in declared:
        source = DECLARED if allowance != Equivalence() and DECLARED not in policy.sources else ""
        policy = policy.extended(allowance, source=source)
    return policy


def chosen_policy(
    project: Project,
    named: str | None,
    declared: Iterable[Equivalence],
    *,
    is_exact: bool,
    is_under_test: bool = False,
) -> Policy:
    """Return the policy; `is_under_test` says that the migration itself is, so that one is always meant."""
    if is_exact:
        return Policy.exact()
    is_named = named or project.migrations or is_under_test
    return decided_by(project.load_one(named) if is_named else None, declared)


def policy_of_runs(project: Project, named: str | None, *, is_exact: bool) -> Policy:
    """Return the policy for two runs that no scenario made: what the project says of all scenarios holds for them."""
    shared = declared_by(project).shared
    policy = chosen_policy(
        project,
        named or shared.get("migration"),
        shared.get("equivalence", ()),
        is_exact=is_exact or bool(shared.get("exact")),
    )
    return replace(policy, accepts_unread=bool(shared.get("accept_unread")))


def with_renames_told(verdict: Verdict, before: Snapshot, after: Snapshot, policy: Policy) -> Verdict:
    """Say which differences a registered migration would call one thing under two names, if no policy decided."""
    if policy.sources or verdict.is_equivalent:
        return verdict
    return replace(verdict, notes=(*verdict.notes, *_renames(verdict, before, after)))


def _renames(verdict: Verdict, before: Snapshot, after: Snapshot) -> Iterator[str]:
    try:
        migrations, _ = load_all()
    except MigrationError:
        # A hint must not cost the verdict.
        return
    lost, found = (
        {difference.name for difference in verdict.deciding if difference.kind.value.endswith(end)}
        for end in (" missing", " extra")
    )
    for migration in migrations:
        metrics = [
            (row.v1, row.v2) for row in migration.fields if before.metrics.get(row.v1) == after.metrics.get(row.v2)
        ]
        params = [
            (row.v1, row.v2) for row in migration.arguments if before.params.get(row.v1) == after.params.get(row.v2)
        ]
        for old, new in (*metrics, *params):
            if old in lost and new in found:
                yield f"{old} and {new} are equal: one thing under two names? --migration {migration.id}"
