"""The child runs of two runs, by name: a lost child is a difference, and so is whatever differs in a child."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from compatkit.equivalence.difference import Difference, Kind
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import Snapshot

Compare = Callable[[Snapshot, Snapshot, Policy], Iterator[Difference]]


def compare_children(before: Snapshot, after: Snapshot, policy: Policy, compare: Compare) -> Iterator[Difference]:
    """Yield how the children differ. Names are those in the child, so that the policy says the same of it."""
    for name in sorted(before.children.keys() | after.children.keys()):
        if name not in after.children:
            yield Difference(Kind.CHILD_MISSING, name, before=_size(before.children[name]), rule="must be there")
        elif name not in before.children:
            yield Difference(Kind.CHILD_EXTRA, name, after=_size(after.children[name]), rule="must not be there")
        else:
            for found in compare(before.children[name], after.children[name], policy):
                yield replace(found, child=f"{name} / {found.child}" if found.child else name)


def _size(child: Snapshot) -> str:
    return f"{child.status}, {len(child.params)} params, {len(child.metrics)} metrics"
