"""A migrate run as a code quality report of GitLab, which shows it in a merge request."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from compatkit.migrate.report import Overview
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import message_of, printable
from compatkit.rewrite import Failed


def render(overview: Overview, _: Background) -> str:
    """Return the report: a list of what is left, and of files that could not be processed."""
    found = [
        _entry(message_of(one, is_written=False), one.code, one.fingerprint, "minor", one.path, one.line)
        for one in overview.left
    ]
    for result in overview.report.failed:
        assert isinstance(result.outcome, Failed)
        failed, path = result.outcome, result.path.as_posix()
        mark = hashlib.sha256(f"{failed.code}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
        found.append(_entry(f"{failed.reason} {failed.hint}", failed.code, mark, "major", path, failed.line))
    return json.dumps(found, indent=1)


def _entry(text: str, code: str, mark: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": printable(text),
        "check_name": code,
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": printable(path), "lines": {"begin": line or 1}},
    }
