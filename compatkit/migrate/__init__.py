"""Migrate a tree: find its files, rewrite them, write the changed ones, and return a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compatkit.migrate.between.naming import ModuleName, module_name
from compatkit.migrate.finding.find import FoundFile, find_files
from compatkit.migrate.job import Job, Task, process
from compatkit.migrate.report import FileResult, Report
from compatkit.migrate.run import plan_source, plan_task, plan_tree

if TYPE_CHECKING:
    from compatkit.migrate.write import WriteError, replace_file, write_report

__all__ = [
    "FileResult",
    "FoundFile",
    "Job",
    "ModuleName",
    "Report",
    "Task",
    "WriteError",
    "find_files",
    "module_name",
    "plan_source",
    "plan_task",
    "plan_tree",
    "process",
    "replace_file",
    "write_report",
]


def __getattr__(name: str) -> Any:
    # Most runs write nothing, and what writes takes as long to import as 500 files to read.
    if name not in ("WriteError", "replace_file", "write_report"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Not before it is asked for: a run that only looks writes nothing.
    from compatkit.migrate import write

    return getattr(write, name)
