"""The facts that rules over calls, members and names share: one file, what the run declares, where values flow."""

from __future__ import annotations

from dataclasses import dataclass

from compatkit.options import Options
from compatkit.rewrite.file.file import File
from compatkit.rewrite.flow.trace import Trace
from compatkit.rewrite.rules.calls.index import Index


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One file with its trace, and the changes to look for."""

    file: File
    trace: Trace
    index: Index
    options: Options
