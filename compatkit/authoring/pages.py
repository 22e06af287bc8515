"""The page of a migration, in Markdown, from the declaration alone. Each code is an anchor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from compatkit.migration import (
    Allowance,
    CallChange,
    FlagChange,
    HookChange,
    KeyChange,
    MemberChange,
    Migration,
    Removal,
)
from compatkit.migration.changes import About

Row = tuple[str, str, str, str]
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
    rows = [(_anchor(row.code), _code_cell(row.v1), _code_cell(row.v2)) for row in migration.fields]
    yield from _table("Fields of a record", ("code", "v1", "v2"), rows)
    for of in dict.fromkeys(row.of for row in migration.arguments):
        arguments = [row for row in migration.arguments if row.of == of]
        rows = [(_anchor(row.code), _code_cell(row.v1), _code_cell(row.v2)) for row in arguments]
        yield from _table(f"Arguments of `{of}`", ("code", "v1", "v2"), rows)
    for config in migration.configs:
        presets = [(_code_cell(preset.name), _settings(preset.settings)) for preset in config.presets]
        yield from _table(f"Presets of `{config.name}`", ("preset", "sets"), presets)
    if migration.record:
        said = 'is an object: `r["key"]` and `r.get("key")` become `r.key`; what else asks a dict is reported.'
        yield from (f"A record of v2, {_code_cell(migration.record)}, {said}", "")
    producers = [(_anchor(row.code), _code_cell(row.function), _code_cell(row.returns)) for row in migration.producers]
    yield from _table("Functions that return records", ("code", "function", "where it is"), producers)
    for title, found in interface_rows(migration):
        rows_of_it = [(_anchor(code), *map(_cell, cells)) for code, cells in found]
        yield from _table(title, ("code", "what", "what changes", "why", "confidence"), rows_of_it)
    yield from _allowances(migration)
    unhandled = [(_code_cell(row.name), _cell(row.why)) for row in migration.unhandled]
    yield from _table("Left to you", ("name", "why"), unhandled)


def _moves(migration: Migration) -> Iterator[str]:
    for kind, title in (("symbol", "Moved names"), ("module", "Moved modules")):
        moves = [move for move in migration.moves if move.kind == kind]
        rows = [(_anchor(m.code), _code_cell(m.old), _code_cell(m.new), m.confidence, _cell(m.why)) for m in moves]
        yield from _table(title, ("code", "old", "new", "confidence", "why"), rows)


def _allowances(migration: Migration) -> Iterator[str]:
    allowed = migration.equivalence
    groups: dict[str, tuple[Allowance, ...]] = {
        "ignore": allowed.ignore,
        "added_in_v2": allowed.added_in_v2,
        "removed_in_v2": allowed.removed_in_v2,
    }
    rows = [
        (f"{group.kind} {_code_cell(group.name)}", what, _cell(group.why))
        for key, what in _GROUPS
        for group in groups[key]
    ]
    yield from _table("Differences that are allowed", ("what", "how", "why"), rows)
    defaults = [
        (_code_cell(name), _code_cell(v1.get(name, "")), _code_cell(v2.get(name, "")), _cell(row.why))
        for row in allowed.defaults
        for v1, v2 in [(dict(row.v1), dict(row.v2))]
        for name in sorted({**v1, **v2})
    ]
    yield from _table("Params that nobody set", ("param", "v1", "v2", "why"), defaults)
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


def _code_cell(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _settings(settings: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{_code_cell(path)} = {_cell(str(value))}" for path, value in settings)


def interface_rows(migration: Migration) -> Iterator[tuple[str, list[tuple[str, Row]]]]:
    """Yield the title of each table, and of its rows the code, and what, what changes, why, and how."""
    yield "Calls", [(row.code, (_names(row.of), _joined(_call(row)), *_about(row.about))) for row in migration.calls]
    yield "Members", [(row.code, _member(row)) for row in migration.members]
    yield "Hooks", [(row.code, _hook(row)) for row in migration.hooks]
    yield "Removed", [(row.code, _removal(row)) for row in migration.removed]
    yield "Keys of configuration files", [(row.code, _key(row)) for row in migration.keys]
    yield "Options of command lines", [(row.code, _flag(row)) for row in migration.flags]
    if own := migration.transform:
        what = "places that mention " + _listed(own.words)
        yield "By code of the migration's own", [(own.code, (what, "rewritten by transform.py", *_about(own.about)))]


def _call(row: CallChange) -> Iterator[str]:
    for condition in row.when:
        yield f"where {_code(condition.name)} is {' or '.join(map(_value, condition.values))}"
    yield from (f"where {_code(match.name)} contains {_code(match.pattern)}" for match in row.matches)
    yield from (f"where {_code(made.name)} is made of {_listed(map(str, made.values))}" for made in row.made_of)
    if row.asks:
        yield f"where {_listed(row.asks)} is given"
    if row.unless:
        yield f"unless {_listed(row.unless)} is given"
    for condition in row.unless_when:
        yield f"unless `{condition.name}` is {' or '.join(f'`{value!r}`' for value in condition.values)}"
    yield from (f"unless {_code(match.name)} contains {_code(match.pattern)}" for match in row.unless_matches)
    if row.lacks:
        yield f"where {_listed(row.lacks)} is not given"
    if row.to:
        yield f"it is {_code(row.to)} now"
    yield from (f"{_code(renamed.v1)} is called {_code(renamed.v2)}" for renamed in row.rename)
    if row.drop:
        yield f"{_listed(row.drop)} {'is' if len(row.drop) == 1 else 'are'} left out"
    for name in dict.fromkeys(mapped.name for mapped in row.values):
        pairs = (f"{_value(item.v1)} becomes {_value(item.v2)}" for item in row.values if item.name == name)
        yield f"of {_code(name)}, {', '.join(pairs)}"
    for meaning in row.meant:
        yield f"{_given(meaning.name, meaning.v1)} means something else, and becomes {_given(meaning.name, meaning.v2)}"
    yield from (f"{_given(setting.name, setting.value)} is added" for setting in row.add)
    yield from (f"{_given(setting.name, setting.value)} is written out, which was the default" for setting in row.pin)
    if row.v2 is not None and row.v1:
        yield _positions(row.v1, row.v2)
    if row.say:
        yield row.say


def _positions(v1: tuple[str, ...], v2: tuple[str, ...]) -> str:
    kept = len([1 for one, other in zip(v1, v2, strict=False) if one == other])
    if v2[:kept] == v2:
        return f"all but {_listed(v2)} are given by name" if v2 else "all arguments are given by name"
    return f"the order of arguments is {_listed(v2)}"


def _member(row: MemberChange) -> Row:
    what = ", ".join(f"{_code(f'{owner}.{row.v1}')}" for owner in row.of[:1])
    others = f", also of {_listed(row.of[1:])}" if len(row.of) > 1 else ""
    called = f"it is called {_code(row.v2)}" if row.v2 else row.say
    hook = ["definitions in subclasses, too"] if row.defined else []
    return (f"{what}{others}", _joined([called, *hook]), *_about(row.about))


def _hook(row: HookChange) -> Row:
    taken = f"v2 calls it with {_listed(row.v2)}" if row.v2 else "v2 calls it without arguments"
    gone = f"without {_listed(row.gone)}" if row.gone else ""
    renamed = [f"{_code(renaming.v1)} is {_code(renaming.v2)}" for renaming in row.rename]
    said = _joined(filter(None, [taken, gone, *renamed, row.say]))
    return (_code(row.subject), said, *_about(row.about, usual="review"))


def _removal(row: Removal) -> Row:
    return (_listed(row.names), row.say, *_about(row.about, usual="manual"))


def _key(row: KeyChange) -> Row:
    if row.v2:
        said = f"it is called {_code(row.v2)}"
    else:
        said = f"its keys are arguments of {_code(row.of)}, and change with them" if row.of else row.say
    return (f"{_code(row.v1)}, in files with {_listed(row.beside)}", said, *_about(row.about, usual="review"))


def _flag(row: FlagChange) -> Row:
    called = [f"it is called {_code(row.v2)}"] if row.v2 else []
    pairs = [f"{_code(v1)} becomes {_code(v2)}" for v1, v2 in row.values]
    meant = [*([f"of {_listed(row.of)}"] if row.of else []), *([f"beside {_listed(row.beside)}"] if row.beside else [])]
    said = row.say or _joined([*called, *pairs])
    return (f"{_code(row.v1)} {', '.join(meant)}", said, *_about(row.about, usual="review"))


def _about(about: About, *, usual: str = "safe") -> tuple[str, str]:
    """Return why, and how certain the change is where that is not as usual."""
    reason = about.reason + (f"; [notes]({about.link})" if about.link else "")
    return reason.removeprefix("; "), about.confidence if about.confidence != usual else ""


def _names(names: tuple[str, ...]) -> str:
    return _code(names[0]) + (f", also as {_listed(names[1:])}" if len(names) > 1 else "")


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names))


def _given(name: str, value: object) -> str:
    return _code(f"{name}={value!r}")


def _value(value: object) -> str:
    return _code(repr(value))


def _code(text: str) -> str:
    return f"`{text}`"
