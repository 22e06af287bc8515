"""A migrate run as SARIF 2.1.0: what is left to do, with fingerprints that do not change when lines move."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from compatkit import __version__
from compatkit.migrate import FileResult
from compatkit.migrate.report import Overview, Remark
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import message_of
from compatkit.rewrite import Failed

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_OWN_CODES = "A file could not be processed."


def render(overview: Overview, background: Background) -> str:
    """Return the run as a SARIF log."""
    codes = background.codes
    failed = [_notification(result) for result in overview.report.failed]
    used = sorted({remark.code for remark in overview.left})
    troubles = sorted({one["descriptor"]["id"] for one in failed})
    driver = {"name": "compatkit", "version": __version__, "rules": _described(used, codes)}
    run = {
        "tool": {"driver": {**driver, "notifications": _described(troubles, codes)}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not failed, "toolExecutionNotifications": failed}],
        "results": [_result(remark, used) for remark in overview.left],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _described(used: Iterable[str], codes: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": code,
            "shortDescription": {"text": codes.get(code, _OWN_CODES)},
            "help": {"text": f"compatkit explain {code}"},
        }
        for code in used
    ]


def _result(remark: Remark, used: list[str]) -> dict[str, Any]:
    return {
        "ruleId": remark.code,
        "ruleIndex": used.index(remark.code),
        "level": "warning",
        "message": {"text": message_of(remark, is_written=False)},
        "locations": [_location(remark.path, remark.line, remark.column)],
        "partialFingerprints": {"compatkitPlace/v1": remark.fingerprint},
        "properties": {"confidence": remark.confidence},
    }


def _notification(result: FileResult) -> dict[str, Any]:
    assert isinstance(result.outcome, Failed)
    failed = result.outcome
    return {
        "descriptor": {"id": failed.code},
        "level": "error",
        "message": {"text": ". ".join(filter(None, (failed.reason.removesuffix("."), failed.hint)))},
        "locations": [_location(result.path.as_posix(), failed.line, failed.column)],
    }


def _location(path: str, line: int, column: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
    if line:
        place["region"] = {"startLine": line, **({"startColumn": column} if column else {})}
    return {"physicalLocation": place}


def _uri(path: str) -> str:
    if Path(path).is_absolute():
        return Path(path).as_uri()
    # Quoted by bytes, so that a name that is no text has an address too.
    return quote(os.fsencode(path), safe="/")
