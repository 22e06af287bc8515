"""Explain one code: what its row declares, why, an example of it before and after, and what the shim does."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from compatkit.authoring.examples import Example, acts_in, codes_met, find_examples
from compatkit.authoring.pages import interface_rows
from compatkit.migration import Argument, Field, Migration, Move, Producer
from compatkit.migration.model import Row

TOOL_CODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CK901": (
            "The file cannot be read as what it is: as Python, a notebook, or a configuration.",
            "Correct the file, or leave it out. What only a newer Python accepts, compatkit reads on that Python.",
        ),
        "CK902": (
            "The rewrite was made, did not pass its own check, and was thrown away. The file was not touched.",
            "Change this file by hand, and report it: this is a fault of compatkit.",
        ),
        "CK903": (
            "The encoding of the file does not tell which bytes belong to a statement.",
            "Save the file as UTF-8, then run the command again.",
        ),
        "CK904": ("The file cannot be opened.", "Check its permissions, and that it is a plain file."),
        "CK905": (
            "The file cannot be written. It is as it was before.",
            "Make it writable, then run the command again.",
        ),
        "CK906": (
            "The file has changes that git could not bring back, so it was not touched.",
            "Commit it first, or give --allow-dirty.",
        ),
        "CK907": (
            "The transform.py of a migration failed on this file. Nothing of what it did was kept.",
            "The message names the line of the transform; report it to the authors of the migration.",
        ),
        "CK908": (
            "The worker process died, or the executor failed, while it had this file.",
            "Run the command again with --jobs 1. There may be too little memory.",
        ),
        "CK910": (
            "The library changed what is used here, and the migration leaves it to people.",
            "The message gives the reason. `compatkit migrations docs ID` lists all that is left to you.",
        ),
        "CK909": ("compatkit failed on this file, which was not touched.", "Report it: this is a fault of compatkit."),
        "CK911": (
            "A `# compatkit: ignore` comment holds nothing back: without it, nothing more would be rewritten or found.",
            "Remove the comment, so that it hides nothing later. Reported with --report-unused-ignores.",
        ),
    }
)


def explain_tool_code(code: str) -> list[str]:
    """Return what a code of compatkit's own means, and what to do."""
    what, advice = TOOL_CODES[code]
    return [code, "", what, "", f"What to do: {advice}"]


def explain_code(migration: Migration, code: str) -> list[str]:
    """Return what a migration says of one of its codes. Raises `KeyError` for a code that it does not have."""
    rows = [row for _, row in migration.rows() if row.code == code]
    if not rows:
        raise KeyError(code)
    row = rows[0]
    lines = [f"{code}  of {migration.id}: {migration.summary}", "", row.sentence]
    if others := ", ".join(dict.fromkeys(other.subject for other in rows[1:])):
        lines.append(f"The same holds for {others}.")
    lines += [line for line in _details(migration, code) if line]
    lines += ["", *_example(migration, row)]
    return [*lines, "", f"Under the shim: {_under_the_shim(migration, row)}"]


def _details(migration: Migration, code: str) -> Iterator[str]:
    """Yield what changes, why and how certain it is, in the words of the migration's page."""
    for _, found in interface_rows(migration):
        for what, changes, why, confidence in [cells for row_code, cells in found if row_code == code][:1]:
            yield from ("", f"What: {_plain(what)}", f"Changes: {_plain(changes)}", _labelled("Why", _plain(why)))
            yield _labelled("Confidence", confidence)
    if move := next((move for move in migration.moves if move.code == code), None):
        yield from (_labelled("Why", move.why), _labelled("Confidence", move.confidence))


_IMPORTS = (b"import ", b"from ")


def _example(migration: Migration, row: Row) -> list[str]:
    """Return the smallest usual example in which this code does something, as a diff."""
    examples = find_examples(migration.origin.parent).found if migration.origin else ()
    word = row.subject.rpartition(".")[2].encode()
    asked = [example for example in examples if word in example.before]
    # A pair says more than what is only reported, and usual code more than a corner that only happens to be short.
    asked.sort(
        key=lambda example: (example.after is None, not example.before.startswith(_IMPORTS), len(example.before))
    )
    for asked_example in asked:
        if row.code in codes_met(migration, asked_example) or acts_in(row.code, migration, asked_example):
            return _shown(asked_example)
    return ["No example of the migration shows it."]


def _shown(example: Example) -> list[str]:
    before = example.before.decode().splitlines()
    if example.after is None:
        return [
            f"Example {example.name}, which is reported and stays as it is:",
            "",
            *(f"    {line}" for line in before),
        ]
    after = example.after.decode().splitlines()
    lines = [*difflib.unified_diff(before, after, lineterm="", n=2)][2:]
    return [f"Example {example.name}:", "", *(f"    {line}" for line in lines if not line.startswith("@@"))]


def _under_the_shim(migration: Migration, row: Row) -> str:
    match row:
        case Move():
            return f"an import of {row.old} gives {row.new} once the old module is gone, with one DeprecationWarning."
        case Field():
            return f"a record reads under {row.v1!r} and under {row.v2!r}."
        case Argument():
            return f"v2's callable takes {row.v1!r} itself, or does not; the shim leaves calls of {row.of} alone."
        case Producer():
            return "what it returns is handed on as records that v1 and v2 code can read."
    calls = {change.code for change in migration.calls if not change.say and change.about.confidence == "safe"}
    members = {member.code for member in migration.members if member.v2 and member.about.confidence == "safe"}
    if row.code in calls | members:
        return "the old form works, with one DeprecationWarning."
    return "nothing; the old form fails as v2 lets it fail."


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if text else ""


def _plain(text: str) -> str:
    return text.replace("`", "")
