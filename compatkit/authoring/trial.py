"""A migration tried on its own examples: what it does to each, and whether that is what they show."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from compatkit.authoring.examples import Example, find_examples
from compatkit.authoring.rewriting import in_other_orders, result_of, rewritten
from compatkit.authoring.triangle import try_triangle
from compatkit.migration import Migration
from compatkit.record.names import FieldNames
from compatkit.rewrite import Failed, Rewritten, Skipped, Unchanged


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claim about one example, and whether it holds; empty `details` mean that it does."""

    example: str
    claim: str
    details: str = ""

    @property
    def holds(self) -> bool:
        return not self.details


def try_migration(migration: Migration, folder: Path) -> Iterator[Attempt]:
    """Yield an attempt for every claim about the examples in `folder`, and about the migration's fields."""
    if migration.fields:
        yield Attempt("fields", "down(up(record)) == record", _broken_law(FieldNames.of(migration.fields)))
    for example in find_examples(folder).found:
        yield from _try_example(migration, example)
        if example.is_runnable:
            yield Attempt(example.name, "runs alike, shimmed and rewritten", try_triangle(migration, example, folder))


def _try_example(migration: Migration, example: Example) -> Iterator[Attempt]:
    expected = example.before if example.after is None else example.after
    outcome = rewritten(migration, example, example.before)
    found = result_of(outcome, example.before)
    claim = "is rewritten as shown" if example.after is not None else "is not touched"
    match outcome:
        case Failed() as failed:
            yield Attempt(example.name, claim, f"{failed.reason}; {failed.hint}")
        case Rewritten() | Unchanged() | Skipped():
            yield Attempt(example.name, claim, _with_reports(difference(expected, found), outcome))
    if not example.suffix:
        yield Attempt(example.name, "compiles", _does_not_compile(example))
    again = result_of(rewritten(migration, example, expected), expected)
    yield Attempt(example.name, "is not rewritten again", difference(expected, again))
    others = (
        result_of(rewritten(each, example, example.before), example.before) for each in in_other_orders(migration)
    )
    details = next((text for other in others if (text := difference(found, other))), "")
    yield Attempt(example.name, "does not depend on the order of the entries", details)


def difference(expected: bytes, found: bytes) -> str:
    """Return a diff of two sources, empty where they are equal byte for byte."""
    if expected == found:
        return ""
    before, after = (
        source.decode("utf-8", "backslashreplace").splitlines(keepends=True) for source in (expected, found)
    )
    said = "".join(difflib.unified_diff(before, after, "expected", "found", n=1))
    return said or f"expected {expected!r}, found {found!r}"


def _with_reports(details: str, outcome: Rewritten | Unchanged | Skipped) -> str:
    """Say beside a difference what the migration reported: often, that a change is made on request only."""
    findings = () if isinstance(outcome, Skipped) else outcome.findings
    reports = "".join(f"reported: line {each.line}: {each.code} {each.message}\n" for each in findings)
    return f"{details.rstrip()}\n{reports}" if details and reports else details


def _does_not_compile(example: Example) -> str:
    for source in (example.before, example.after or b""):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(source, example.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return str(error)
    return ""


def _broken_law(names: FieldNames) -> str:
    """Return the first record that does not come back as it was: every pair of keys, and all of them, with others."""
    keys = [*names.to_v2, *names.to_v1, "epoch", "extra"]
    pairs = [pair for pair in combinations(keys, 2) if not _is_one_key(pair, names)]
    for chosen in (*pairs, (*names.to_v2, "epoch", "extra"), ()):
        record: dict[str, object] = {key: float(number) for number, key in enumerate(chosen)}
        v1 = names.in_v1(record)
        back = names.in_v1(names.in_v2(v1))
        if list(back.items()) != list(v1.items()):
            return f"{v1} comes back as {back}"
    return ""


def _is_one_key(pair: tuple[str, str], names: FieldNames) -> bool:
    """True for both spellings of one key, which a record cannot have with different values."""
    return names.to_v2.get(pair[0]) == pair[1] or names.to_v1.get(pair[0]) == pair[1]
