"""Word the page for users: one sentence for each thing that a row of a table does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compatkit.migration import CallChange, FlagChange, HookChange, KeyChange, MemberChange, Migration, Removal
from compatkit.migration.changes import About

Row = tuple[str, str, str, str]


def interface_rows(migration: Migration) -> Iterator[tuple[str, list[tuple[str, Row]]]]:
    """Yield the title of each table, and of its rows the code, and what, what changes, why, and how."""
    yield "Calls", [(row.code, (_names(row.of), _said(_call(row)), *_about(row.about))) for row in migration.calls]
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
    if row.lacks:
        yield f"where {_listed(row.lacks)} is not given"
    if row.to:
        yield f"it is {_code(row.to)} now"
    yield from (f"{_code(each.v1)} is called {_code(each.v2)}" for each in row.rename)
    if row.drop:
        yield f"{_listed(row.drop)} {'is' if len(row.drop) == 1 else 'are'} left out"
    for name in dict.fromkeys(each.name for each in row.values):
        pairs = (f"{_value(each.v1)} becomes {_value(each.v2)}" for each in row.values if each.name == name)
        yield f"of {_code(name)}, {', '.join(pairs)}"
    for each in row.meant:
        yield f"{_given(each.name, each.v1)} means something else, and becomes {_given(each.name, each.v2)}"
    yield from (f"{_given(each.name, each.value)} is added" for each in row.add)
    yield from (f"{_given(each.name, each.value)} is written out, which was the default" for each in row.pin)
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
    return (f"{what}{others}", _said([called, *hook]), *_about(row.about))


def _hook(row: HookChange) -> Row:
    taken = f"v2 calls it with {_listed(row.v2)}" if row.v2 else "v2 calls it without arguments"
    gone = f"without {_listed(row.gone)}" if row.gone else ""
    renamed = [f"{_code(each.v1)} is {_code(each.v2)}" for each in row.rename]
    said = _said(filter(None, [taken, gone, *renamed, row.say]))
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
    said = row.say or _said([*called, *pairs])
    return (f"{_code(row.v1)} {', '.join(meant)}", said, *_about(row.about, usual="review"))


def _about(about: About, *, usual: str = "safe") -> tuple[str, str]:
    """Return why, and how certain the change is where that is not as usual."""
    reason = about.reason + (f"; [notes]({about.link})" if about.link else "")
    return reason.removeprefix("; "), about.confidence if about.confidence != usual else ""


def _names(names: tuple[str, ...]) -> str:
    return _code(names[0]) + (f", also as {_listed(names[1:])}" if len(names) > 1 else "")


def _said(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names))


def _given(name: str, value: object) -> str:
    return _code(f"{name}={value!r}")


def _value(value: object) -> str:
    return _code(repr(value))


def _code(text: str) -> str:
    return f"`{text}`"
