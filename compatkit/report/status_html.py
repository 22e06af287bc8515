"""The status of a migration as one HTML page that loads nothing, in dark and in light."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from compatkit.migrate.remarks import Remark
from compatkit.migrate.status import Row, Status
from compatkit.report.migrate_text import printable
from compatkit.report.status_text import divisions, percent

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --line: #d9dde2; --soft: #5c6670; --bar: #2f7d4f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --paper: #15181b; --line: #333a41; --soft: #9aa5b0; --bar: #4fb37a; }
}
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
meter { width: 8rem; accent-color: var(--bar); }
.big { font-size: 2.5rem; font-weight: 700; margin: .5rem 0; }
code, summary { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
li { margin: .2rem 0; }
"""
# Should anything slip through the escaping, it may neither run nor load.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def status_html(status: Status, title: str) -> str:
    """Return the page."""
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
            f"<h1>{_text(title)}</h1>",
            f'<p class="big">{percent(status.total)}</p>',
            f"<p>{status.total.left} left, {status.total.done} done.</p>",
            f"<p>Files read: {len(status.report.results)}; failed: {len(status.report.failed)}.</p>",
            *(part for name, rows in divisions(status) for part in _table(name, rows)),
            *_places(status.left),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _table(title: str, rows: tuple[Row, ...]) -> Iterator[str]:
    yield f"<h2>By {title}</h2>\n<table>"
    yield f'<tr><th scope="col">{title}</th><th scope="col" class="n">left</th><th scope="col" class="n">done</th>'
    yield '<th scope="col" class="n">share</th></tr>'
    for row in rows:
        share = row.share or 0.0
        meter = f'{percent(row).removesuffix(" done")} <meter value="{share:.4f}" aria-label="share done"></meter>'
        numbers = f'<td class="n">{row.left}</td><td class="n">{row.done}</td><td class="n">{meter}</td>'
        yield f'<tr><th scope="row">{_text(row.name)}</th>{numbers}</tr>'
    yield "</table>"


def _places(left: tuple[Remark, ...]) -> Iterator[str]:
    yield "<h2>What is left</h2>"
    if not left:
        yield "<p>Nothing.</p>"
    for path, remarks in groupby(left, key=lambda remark: remark.path):
        some = list(remarks)
        yield f"<details><summary>{_text(path)} ({len(some)})</summary>\n<ul>"
        for one in some:
            yield f"<li>line {one.line}: {_text(one.code)} {_text(one.message)}<br><code>{_text(one.text)}</code></li>"
        yield "</ul></details>"


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
