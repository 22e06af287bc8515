"""The formats of a migrate run: one file each, named here once, and imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from compatkit.migrate.report import Overview

# Each is `migrate_FORMAT.render`, but for those in which verdicts are shown as well: these are `FORMAT.render`.
FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "azure", "junit", "markdown")
_OF_VERDICTS_AS_WELL = ("github", "junit")


class Background(NamedTuple):
    """Facts that some formats need beside the run: a sentence for each code, and the JSON that a proof wrote."""

    codes: Mapping[str, str]
    verdict: Path | None = None


def render(overview: Overview, form: str, background: Background) -> str:
    """Return the run in one of the formats."""
    module = import_module(f"compatkit.report.{'' if form in _OF_VERDICTS_AS_WELL else 'migrate_'}{form}")
    text = module.render(overview, background)
    assert isinstance(text, str)
    return text
