"""The page of a migration, in Markdown, from the declaration alone. Each code is an anchor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from compatkit.authoring.page_words import interface_rows
from compatkit.migration import Allowance, Migration

_GROUPS = (
    ("ignore", "may differ"),
    ("added_in_v2", "is only logged by v2"),
    ("removed_in_v2", "is only logged by v1"),
)


def page(migration: Migration) -> str:
    """Return the page of a migration."""
    seen: set[str] = set()

    def once(anchor: re.Match[str]) -> str:
        # Rows that one in the file stands for share its code.
        is_first = anchor[0] not in seen
        seen.add(anchor[0])
        return anchor[0] if is_first else ""

    return re.sub(r'<a id="\w+"></a>', once, "\n".join(_lines(migration)).rstrip() + "\n")


def _lines(migration: Migration) -> Iterator[str]:
    v1, v2 = migration.versions
    yield from (f"# {migration.id}", "", migration.summary, "", f"From {v1} to {v2}. To rewrite a source tree:", "")
    yield from ("```sh", f"compatkit migrate --migration {migration.id} src/", "```", "")
    yield from _moves(migration)
    rows = [(_anchor(row.code), _code(row.v1), _code(row.v2)) for row in migration.fields]
    yield from _table("Fields of a record", ("code", "v1", "v2"), rows)
    for of in dict.fromkeys(row.of for row in migration.arguments):
        arguments = [row for row in migration.arguments if row.of == of]
        rows = [(_anchor(row.code), _code(row.v1), _code(row.v2)) for row in arguments]
        yield from _table(f"Arguments of `{of}`", ("code", "v1", "v2"), rows)
    for config in migration.configs:
        presets = [(_code(preset.name), _settings(preset.settings)) for preset in config.presets]
        yield from _table(f"Presets of `{config.name}`", ("preset", "sets"), presets)
    if migration.record:
        said = 'is an object: `r["key"]` and `r.get("key")` become `r.key`; what else asks a dict is reported.'
        yield from (f"A record of v2, {_code(migration.record)}, {said}", "")
    producers = [(_anchor(row.code), _code(row.function), _code(row.returns)) for row in migration.producers]
    yield from _table("Functions that return records", ("code", "function", "where it is"), producers)
    for title, found in interface_rows(migration):
        rows_of_it = [(_anchor(code), *map(_cell, cells)) for code, cells in found]
        yield from _table(title, ("code", "what", "what changes", "why", "confidence"), rows_of_it)
    yield from _allowances(migration)
    unhandled = [(_code(row.name), _cell(row.why)) for row in migration.unhandled]
    yield from _table("Left to you", ("name", "why"), unhandled)


def _moves(migration: Migration) -> Iterator[str]:
    for kind, title in (("symbol", "Moved names"), ("module", "Moved modules")):
        moves = [move for move in migration.moves if move.kind == kind]
        rows = [(_anchor(m.code), _code(m.old), _code(m.new), m.confidence, _cell(m.why)) for m in moves]
        yield from _table(title, ("code", "old", "new", "confidence", "why"), rows)


def _allowances(migration: Migration) -> Iterator[str]:
    allowed = migration.equivalence
    groups: dict[str, tuple[Allowance, ...]] = {
        "ignore": allowed.ignore,
        "added_in_v2": allowed.added_in_v2,
        "removed_in_v2": allowed.removed_in_v2,
    }
    rows = [(f"{each.kind} {_code(each.name)}", what, _cell(each.why)) for key, what in _GROUPS for each in groups[key]]
    yield from _table("Differences that are allowed", ("what", "how", "why"), rows)
    if allowed.rtol or allowed.atol:
        yield from (f"Metrics may differ by a relative {allowed.rtol:g}, and by {allowed.atol:g} in all.", "")


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a section with a table; columns that are empty throughout are left out, and so is an empty section."""
    every = list(rows)
    if not every:
        return
    kept = [column for column in range(len(head)) if any(row[column] for row in every)]
    yield from (f"## {title}", "")
    yield f"| {' | '.join(head[column] for column in kept)} |"
    yield f"|{'---|' * len(kept)}"
    for row in every:
        yield f"| {' | '.join(row[column] for column in kept)} |"
    yield ""


def _anchor(code: str) -> str:
    return f'<a id="{code.lower()}"></a>{code}'


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _settings(settings: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{_code(path)} = {_cell(str(value))}" for path, value in settings)
