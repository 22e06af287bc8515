"""A migrate run as JSON."""

from __future__ import annotations

import json
from typing import Any

from compatkit.migrate.report import Overview, Remark
from compatkit.report.migrate_formats import Background
from compatkit.rewrite import Failed, Skipped

SCHEMA = 1


def render(overview: Overview, _: Background) -> str:
    """Return the run as a JSON object."""
    report = overview.report
    return json.dumps(
        {
            "compatkit": "migrate",
            "schema": SCHEMA,
            "written": overview.is_written,
            "files": {
                "rewritten": len(report.rewritten),
                "unchanged": len(report.unchanged),
                "skipped": len(report.skipped),
                "failed": len(report.failed),
            },
            "known": overview.known,
            "rewrites": [_remark(remark) for remark in overview.remarks if remark.is_rewrite],
            "findings": [_remark(remark) for remark in overview.findings],
            "failed": [_failed(str(result.path), result.outcome) for result in report.failed],
            "skipped": [_skipped(str(result.path), result.outcome) for result in report.skipped],
        },
        indent=2,
    )


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "path": remark.path,
        "line": remark.line,
        "column": remark.column,
        "code": remark.code,
        "message": remark.message,
        "confidence": remark.confidence,
        "text": remark.text,
        "fingerprint": remark.fingerprint,
    }


def _failed(path: str, outcome: object) -> dict[str, Any]:
    assert isinstance(outcome, Failed)
    place = {"path": path, "line": outcome.line, "column": outcome.column}
    return {**place, "code": outcome.code, "reason": outcome.reason, "hint": outcome.hint}


def _skipped(path: str, outcome: object) -> dict[str, Any]:
    assert isinstance(outcome, Skipped)
    return {"path": path, "reason": outcome.reason}
