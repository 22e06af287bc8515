"""The status of a migration as one HTML page that loads nothing, in the manner of the verdict page."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

from compatkit.migrate.report import Remark
from compatkit.migrate.status import EFFORTS, Status, StatusRow, StatusRun
from compatkit.report.migrate_text import printable
from compatkit.report.status_text import divisions, percent

# The verdict page's words for how much a row matters, by which its script filters.
_STATES = {"automatic": "near", "review": "allowed", "person": "decides"}
_BADGES = {"automatic": "equal", "review": "allowed", "person": "decides"}
_WIDTH, _HEIGHT = 720, 120  # of the drawing of the trend
_MOST_DOTS = 60  # of the trend; more would cover its line
_MOST = 500  # places that are listed
_FOOTER = (
    "This page loads nothing and sends nothing. Automatic: a run of compatkit migrate makes it. With review: one with "
    "--confidence review does. By a person: each place says why. A changed call, argument or field "
    "counts while it is left, and never as done, since v1 code may say the same."
)
_STYLE = """
.trend { display: grid; grid-template-columns: auto 1fr; gap: .25rem .5rem; font-size: .8rem; }
.trend > span { display: flex; justify-content: space-between; }
.trend > .y { flex-direction: column; text-align: right; }
.trend > .x { grid-column: 2; }
.trend svg { width: 100%; height: 7.5rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.trend path { fill: none; stroke: var(--before); stroke-width: 2; vector-effect: non-scaling-stroke; }
.trend path.dot { stroke-width: 7; stroke-linecap: round; }
progress { width: 6rem; accent-color: var(--equal); }
td:not(.n) { overflow-wrap: anywhere; }
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Facts for the page beside the status: a sentence for each code, revision and date, and the runs before."""

    codes: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    date: str = ""
    history: tuple[StatusRun, ...] = ()


def status_html(status: Status, title: str, scene: Scene = Scene()) -> str:
    """Return the page."""
    script, style = _own("page.js"), _own("page.css") + _STYLE
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Should anything slip through the escaping, it may neither run nor load.
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(title)}</title>\n<style>{style}</style>\n</head>\n<body>",
            '<a class="skip" href="#main">Skip to the tables</a>',
            *_band(status, title, scene),
            *_tools(),
            '<main id="main" class="page" tabindex="-1">',
            *_trend(scene.history),
            *(part for name, rows in divisions(status) for part in _table(name, rows, status, scene)),
            *_places(status),
            f"<footer><p>{_FOOTER}</p></footer>",
            f"</main>\n<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def _own(name: str) -> str:
    return (files("compatkit.report") / "verdict_page" / name).read_text(encoding="utf-8")


def _band(status: Status, title: str, scene: Scene) -> Iterator[str]:
    failed, left = len(status.report.failed), status.total.left
    tone, mark = ("failed", "!") if failed else ("undecided", "…") if left else ("equivalent", "✓")
    said = f"{percent(status.total)}" if left or status.total.done else "Nothing to do"
    about = " · ".join(filter(None, ("compatkit", title, scene.revision, scene.date)))
    yield f'<header class="verdict {tone}">\n<div class="page">\n<p class="eyebrow">{_text(about)}</p>'
    yield f'<h1><span class="mark" aria-hidden="true">{mark}</span>{_text(said)}</h1>'
    yield f'<p class="sentence">{left} left, {status.total.done} done. Files read: {len(status.report.results)}; '
    yield f'failed: {failed}.</p>\n<ul class="tallies">'
    counts = Counter(status.effort(remark) for remark in status.left)
    for effort, words in EFFORTS.items():
        yield f"<li><b>{counts[effort]}</b> {words}</li>"
    yield "</ul>\n</div>\n</header>"


def _tools() -> Iterator[str]:
    yield '<div class="tools" role="search" hidden>\n<div class="page">'
    yield '<label class="filter"><span class="unseen">Filter by name</span><input type="search" id="filter" '
    yield 'placeholder="Filter by code, path or owner" autocomplete="off" spellcheck="false"><kbd aria-hidden="true">'
    yield '/</kbd></label>\n<fieldset class="choice"><legend class="unseen">Which to show</legend>'
    for value, words, more in (("all", "All", " checked"), ("differing", "Left", ""), ("deciding", "By a person", "")):
        yield f'<label><input type="radio" name="show" value="{value}"{more}><span>{words}</span></label>'
    yield '</fieldset>\n<output id="shown" aria-live="polite"></output>'
    yield '<button type="button" id="theme" aria-label="Colour scheme: as the system">Theme: auto</button>'
    yield "</div>\n</div>"


def _trend(history: tuple[StatusRun, ...]) -> Iterator[str]:
    if len(history) < 2:
        return
    most = max(1, *(entry.left for entry in history))
    step = (_WIDTH - 20) / (len(history) - 1)
    points = [
        (10 + number * step, _HEIGHT - 10 - entry.left / most * (_HEIGHT - 20)) for number, entry in enumerate(history)
    ]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    first, last = history[0], history[-1]
    said = f"Left over {len(history)} runs: from {first.left} ({first.date}) to {last.left} ({last.date})."
    yield '<section aria-labelledby="trend">\n<h2 id="trend">Trend</h2>'
    yield f'<p class="lead">{_text(said)}</p>'
    # Beside the drawing, not in it: on a narrow screen, letters would shrink with it.
    yield f'<div class="trend">\n<span class="y" aria-hidden="true"><span>{most} left</span><span>0</span></span>'
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
    yield f'<svg {size} role="img" aria-label="{_text(said)}">\n<path d="M{line}"></path>'
    for (x, y), entry in zip(points, history, strict=True) if len(history) <= _MOST_DOTS else ():
        about = " ".join(filter(None, (entry.date, entry.revision)))
        # A line without length, because its round ends stay round where the drawing is stretched.
        yield f'<path class="dot" d="M{x:.1f} {y:.1f}h0"><title>{_text(about)}: {entry.left} left</title></path>'
    yield f'</svg>\n<span class="x" aria-hidden="true"><span>{_text(first.date)}</span>'
    yield f"<span>{_text(last.date)}</span></span>\n</div>\n</section>"


def _table(title: str, rows: tuple[StatusRow, ...], status: Status, scene: Scene) -> Iterator[str]:
    heads = [title.capitalize(), *(["What it is"] if title == "code" else []), *EFFORTS.values()]
    yield f'<section class="group" aria-labelledby="by-{title}">\n<h2 id="by-{title}">By {title}</h2>'
    yield '<div class="scroll">\n<table class="sortable stack">\n<thead><tr>'
    for head in heads:
        number = ' class="n"' if head in EFFORTS.values() else ""
        yield f'<th scope="col"{number}>{head[0].upper() + head[1:]}</th>'
    yield '<th scope="col" class="n">Done</th><th scope="col" class="n">Share</th></tr></thead>\n<tbody>'
    efforts = status.efforts_by(title)
    for row in rows:
        yield from _row(title, row, efforts.get(row.name, Counter()), scene)
    yield '</tbody>\n</table>\n</div>\n<p class="none" hidden>Nothing here matches the filter.</p>\n</section>'


def _row(title: str, row: StatusRow, counts: Counter[str], scene: Scene) -> Iterator[str]:
    hardest = next((effort for effort in reversed(EFFORTS) if counts[effort]), "")
    yield f'<tr class="item" data-name="{_text(row.name)}" data-state="{_STATES.get(hardest, "equal")}">'
    yield f'<th scope="row" class="name" data-label="{title.capitalize()}">{_text(row.name)}</th>'
    if title == "code":
        yield f'<td data-label="What it is">{_text(scene.codes.get(row.name, ""))}</td>'
    for effort, words in EFFORTS.items():
        yield f'<td class="n" data-label="{words.capitalize()}">{counts[effort]}</td>'
    share, said = row.share or 0.0, percent(row).removesuffix(" done")
    yield f'<td class="n" data-label="Done">{row.done}</td><td class="n" data-label="Share" data-sort="{share:.4f}">'
    yield f'{said} <progress value="{share:.4f}" aria-label="share done"></progress></td></tr>'


def _places(status: Status) -> Iterator[str]:
    yield '<section class="group" aria-labelledby="left">\n<h2 id="left">What is left</h2>'
    if not status.left:
        yield "<p>Nothing.</p>\n</section>"
        return
    yield '<div class="scroll">\n<table class="sortable stack">\n<thead><tr><th scope="col">Place</th>'
    yield '<th scope="col">Code</th><th scope="col">How</th><th scope="col">What</th></tr></thead>\n<tbody>'
    for remark in status.left[:_MOST]:
        yield from _place(remark, status.effort(remark), status.owner(remark))
    yield '</tbody>\n</table>\n</div>\n<p class="none" hidden>Nothing here matches the filter.</p>'
    if (more := len(status.left) - _MOST) > 0:
        yield f"<p>… and {more} more, which <code>compatkit migrate --check</code> lists.</p>"
    yield "</section>"


def _place(remark: Remark, effort: str, owner: str) -> Iterator[str]:
    name = f"{remark.path} {remark.code} {owner}"
    yield f'<tr class="item" data-name="{_text(name)}" data-state="{_STATES[effort]}">'
    yield f'<th scope="row" class="name" data-label="Place">{_text(f"{remark.path}:{remark.line}")}</th>'
    yield f'<td data-label="Code">{_text(remark.code)}</td><td data-label="How">'
    yield f'<span class="state {_BADGES[effort]}">{EFFORTS[effort]}</span></td>'
    yield f'<td data-label="What" class="value wide">{_text(remark.message)}<br>'
    yield f"<code>{_text(remark.text)}</code></td></tr>"


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
