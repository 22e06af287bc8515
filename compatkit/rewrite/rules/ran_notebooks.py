"""Report a library whose name a notebook takes from another one that it runs, by `%run`: uses of it are not seen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from compatkit.migration.model import UNHANDLED
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.prefilter.interfaces import find_run_notebook
from compatkit.rewrite.rules.calls.facts import CallFacts


def find_ran(facts: CallFacts) -> Iterator[Finding]:
    """Yield a finding for each library that changed and that nothing here binds, at its first use."""
    file, index = facts.file, facts.index
    text = file.source.text
    ran = find_run_notebook(text.encode("utf-8", "replace")) if "%run" in text else None
    if ran is None:
        return
    for library in sorted({name.partition(".")[0] for name in (*index.calls, *index.removals, *index.classes)}):
        unbound = (ref.node for ref in file.scopes.of(library) if file.scopes.owner(ref) is None)
        reads = [node for node in unbound if isinstance(node, ast.Name)]
        if first := min(reads, key=lambda node: (node.lineno, node.col_offset), default=None):
            what = (
                f"{library} comes from `%run {ran}`, which is not followed: no use of it here is rewritten or reported"
            )
            finding = file.finding(first, UNHANDLED, f"{what}; import {library} here, and run this again")
            yield replace(finding, confidence="manual")
