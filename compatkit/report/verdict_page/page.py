"""The page itself: one file that loads nothing, in which every name and value stays text."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from compatkit.equivalence.reading.known_names import MARK
from compatkit.report.migrate_text import printable
from compatkit.report.verdict_page.comparison import Comparison, Conclusion
from compatkit.report.verdict_page.view import PageSection, read_sections

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_MARKS = {
    Conclusion.EQUIVALENT: "✓",
    Conclusion.DIFFERENT: "≠",
    Conclusion.STALE: "✓",
    Conclusion.UNDECIDED: "?",
    Conclusion.OPEN: "?",
    Conclusion.FAILED: "!",
    Conclusion.BASELINE: "•",
}
# Worst first: what a page of several comparisons says of all of them.
_WORST = (
    Conclusion.FAILED,
    Conclusion.DIFFERENT,
    Conclusion.OPEN,
    Conclusion.UNDECIDED,
    Conclusion.STALE,
    Conclusion.EQUIVALENT,
)


def verdict_page(comparisons: Iterable[Comparison], *, title: str = "Verdict", made: str = "") -> str:
    """Return the page; `made` says how it was.

    `comparisons` is read one by one, so that a generator holds only one pair in memory.
    """
    sections = tuple(read_sections(comparisons))
    script = _own("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            made=made,
            sections=sections,
            outcome=overall(sections),
            counts=_counts(sections),
            is_thinned=any(metric.is_thinned for section in sections for metric in section.metrics),
            mark=MARK,
            marks=_MARKS,
            style=_own("page.css"),
            script=script,
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def overall(sections: Iterable[PageSection]) -> Conclusion:
    """Return the worst outcome: one that failed leaves no proof, nor does a page without a verdict."""
    found = {section.outcome for section in sections}
    return next((outcome for outcome in _WORST if outcome in found), Conclusion.FAILED)


@cache
def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _template(name: str) -> str:
    return _own(f"templates/{name}")


def _counts(sections: tuple[PageSection, ...]) -> str:
    """Say of a page of several comparisons how many came to what."""
    counts = [(sum(section.outcome is outcome for section in sections), outcome.value) for outcome in Conclusion]
    return f"Of {len(sections)}: " + ", ".join(f"{count} {text}" for count, text in counts if count) + "."


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"short": _short, "brief": _brief, "breakable": _breakable}
    environment.globals["common"] = _common
    return environment


def _shown(value: object) -> object:
    """Make control characters and lone surrogates visible in all that is shown, wherever the template puts it."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _short(number: float) -> str:
    """Return a number as the text report does."""
    return "" if math.isnan(number) else f"{number:.3g}"


def _brief(number: int) -> str:
    """Return a count; of a very large one three digits, which say how large."""
    return str(number) if number < 10**7 else f"{number:.3g}"


def _breakable(text: str) -> Markup:
    """Let a long name break after what separates its parts, and not within a word."""
    from markupsafe import Markup, escape

    parts = re.split(r"(?<=[/.:_\-])(?=[^/.:_\-])", printable(text))
    return Markup("<wbr>").join(escape(part) for part in parts)


def _common(one: str, other: str) -> int:
    """Count the characters with which both texts begin."""
    places = (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(places, min(len(one), len(other)))
