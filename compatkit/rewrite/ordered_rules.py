"""The rules, in the order in which their changes have the right of way.

A rule takes a file and what the run wants of it, and returns what it found: `rule(file, run) -> Found`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.file.file import File
from compatkit.rewrite.rules.absent_names import find_absent
from compatkit.rewrite.rules.flags import find_flags
from compatkit.rewrite.rules.moves import rewrite_moves
from compatkit.rewrite.rules.reexports import find_named
from compatkit.rewrite.rules.strings.strings import find_strings
from compatkit.rewrite.run_plan import RunPlan

Rule: TypeAlias = Callable[[File, RunPlan], Found]


def rewrite_calls(file: File, run: RunPlan) -> Found:
    """Rewrite calls, members and names of which a library changed the interface."""
    if not run.calling:
        return Found()
    # Imported here: most runs over most files meet no changed interface.
    from compatkit.rewrite.rules.calls.changed_calls import find_calls

    return find_calls(file, run)


def rewrite_records(file: File, run: RunPlan) -> Found:
    """Rewrite what follows from the values that flow through a file."""
    if not run.migrations:
        return Found()
    # Imported here: few runs need to follow values.
    from compatkit.rewrite.rules.records_and_arguments import rewrite_records_and_arguments

    return rewrite_records_and_arguments(file, run)


def rewrite_docstrings(file: File, run: RunPlan) -> Found:
    """Rewrite the doctests of docstrings."""
    if ">>>" not in file.source.text or not run.moves:
        return Found()
    # Imported here: few files have doctests, and these are read as documents are.
    from compatkit.rewrite.documents.docstrings import find_in_docstrings

    return find_in_docstrings(file, run)


RULES: tuple[Rule, ...] = (
    rewrite_moves,
    find_absent,
    find_strings,
    rewrite_docstrings,
    find_named,
    find_flags,
    rewrite_calls,
    rewrite_records,
)
