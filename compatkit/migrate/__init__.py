"""A tree in, a report out: find the files, run the rewrite over them, write what changed."""

from __future__ import annotations

from compatkit.migrate.find import FoundFile, find_files
from compatkit.migrate.naming import ModuleName, module_name
from compatkit.migrate.report import FileResult, Report
from compatkit.migrate.run import plan_source, plan_task, plan_tree
from compatkit.migrate.work import Job, Task, process
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
