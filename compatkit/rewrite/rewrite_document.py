"""Rewrite one document, a notebook, a text with examples or a configuration: bytes in, outcome out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from compatkit.migration import Migration, Move
from compatkit.options import Options
from compatkit.rewrite.documents.changed_interfaces import find_calling
from compatkit.rewrite.documents.command_lines import find_commands
from compatkit.rewrite.documents.configs.changed_keys import concerns
from compatkit.rewrite.documents.document_text import (
    DEFAULTS,
    NEWLINE,
    Request,
    TextFinding,
    TextFound,
    apply_edits,
    decode_document,
    encode_document,
)
from compatkit.rewrite.documents.ini_document import find_in_ini
from compatkit.rewrite.documents.json_document import find_in_json
from compatkit.rewrite.documents.markdown import find_in_markdown, find_in_rst
from compatkit.rewrite.documents.notebook import find_in_notebook
from compatkit.rewrite.documents.toml_document import find_in_toml
from compatkit.rewrite.documents.yaml_document import find_in_yaml
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.file.text import ADDRESS, Ignored, Source
from compatkit.rewrite.outcome import Finding, Outcome, Rewrite, RewriteError, Rewritten, Unchanged
from compatkit.rewrite.prefilter.interfaces import can_call, flags_in, may_split
from compatkit.rewrite.prefilter.words import modern_of
from compatkit.rewrite.rules.strings.changed_names import names_changed
from compatkit.rewrite.run_plan import with_advice

_KINDS: dict[str, Callable[[str, Request], TextFound]] = {
    ".cfg": find_in_ini,
    ".ini": find_in_ini,
    ".ipynb": find_in_notebook,
    ".json": find_in_json,
    ".md": find_in_markdown,
    ".rst": find_in_rst,
    ".toml": find_in_toml,
    ".yaml": find_in_yaml,
    ".yml": find_in_yaml,
}
# In these, code may name a module in other ways than from its top-level package on.
_WITH_CODE = frozenset({".ipynb", ".md", ".rst"})
# In these, a mapping may be the arguments of a callable, and a value its name.
_WITH_VALUES = frozenset({".cfg", ".ini", ".json", ".toml", ".yaml", ".yml"})


def rewrite_document(
    source: bytes,
    *,
    suffix: str,
    moves: Iterable[Move],
    migrations: Iterable[Migration] = (),
    options: Options = DEFAULTS,
    own_options: frozenset[str] = frozenset(),
    unspelled: frozenset[str] = frozenset(),
) -> Outcome:
    """Rewrite what names old code in a document of the kind that `suffix` tells, and report what else does.

    By default only imports and uses in the code cells of notebooks are rewritten; all else, changed calls and members
    among it, is reported. Nothing but the edited names changes: not the formatting, the comments, the outputs, the
    encoding. `own_options` are options of command lines that a program of the project defines itself; `unspelled`
    are the arguments, values and members that no file of the project has.

    >>> move = Move("CK101", "pkg.old.Thing", "pkg.new.Thing2")
    >>> options = Options(confidence="review")
    >>> rewrite_document(b"_target_: pkg.old.Thing", suffix=".yaml", moves=[move], options=options).source
    b'_target_: pkg.new.Thing2'
    """
    suffix = suffix.lower()
    declared = tuple(migrations)
    request = Request(
        tuple(move for move in moves if options.acts_on(move.code)),
        modern_of(declared, options),
        options,
        _find_calling(source, suffix, declared, options),
        frozenset(key for migration in declared for key in migration.loads),
        flags_in(source, declared, options),
        own_options,
        _rewrite_code,
        unspelled,
    )
    document = decode_document(source)
    if not (request.calling or request.flags or _may_matter(document.text, suffix, request)):
        return Unchanged()
    try:
        outcome = _rewrite(document, suffix, request)
        return replace(outcome, findings=with_advice(outcome.findings, declared, request.moves))
    except RewriteError as error:
        return error.as_outcome()


def _rewrite_code(*given: Any) -> Outcome:
    # Imported here: most documents are configurations, and hold no code.
    from compatkit.rewrite.engine import rewrite_by_tables

    return rewrite_by_tables(*given)


def _find_calling(
    source: bytes, suffix: str, migrations: tuple[Migration, ...], options: Options
) -> tuple[Migration, ...]:
    if suffix in _WITH_CODE:
        return find_calling(source, migrations, options)
    if suffix not in _WITH_VALUES:
        return ()
    return tuple(
        migration
        for migration in migrations
        if concerns(source, migration)
        or (can_call(source, [migration]) and names_changed(source, migration))
        or may_split(source, (), [migration])
    )


def _may_matter(text: str, suffix: str, request: Request) -> bool:
    """Tell whether a document may name old code: only then it has to be well-formed."""
    if not request.moves:
        return False
    names = request.names
    is_used = suffix in _WITH_CODE and names.may_use(text)
    return names.mentioned(text) or is_used or (suffix in _WITH_VALUES and may_split(text.encode(), request.moves, ()))


def _find_nothing(_text: str, _request: Request) -> TextFound:
    return TextFound()


def _rewrite(source: Source, suffix: str, request: Request) -> Rewritten | Unchanged:
    noted = _KINDS.get(suffix, _find_nothing)(source.text, request)
    if suffix not in (".csv", ".ipynb"):
        noted.add(find_commands(source.text, suffix, noted, request))
    mentions = find_mentions(source.text, noted, request)
    noted.findings += (mention for mention in mentions if suffix != ".csv" or _is_field(source.text, mention))
    ignored = Ignored(source)
    edits = sorted(noted.edits, key=lambda edit: (edit.start, edit.end))
    edits = [edit for edit in edits if not ignored.holds(source.line(edit.at), edit.code)]
    found = {finding for finding in _findings(source, noted) if not ignored.holds(finding.line, finding.code)}
    findings = tuple(sorted(found, key=lambda one: (one.line, one.column, one.code, one.message)))
    if not edits:
        return Unchanged(findings)
    result = encode_document(source, apply_edits(source.text, edits))
    return Rewritten(result, tuple(_edits(source, edits)), findings)


def _findings(source: Source, noted: TextFound) -> Iterator[Finding]:
    for finding in noted.findings:
        yield Finding(finding.code, *source.place(finding.at), finding.message, finding.confidence)


def _edits(source: Source, edits: list[Edit]) -> Iterator[Rewrite]:
    """Yield one edit for each place; several edits may belong to one."""
    added: dict[tuple[str, int, str], tuple[int, int]] = {}
    for edit in edits:
        key = edit.code, edit.at, edit.message
        before, behind = added.get(key, (0, source.line(edit.start)))
        lines = len(NEWLINE.findall(edit.text)) - len(NEWLINE.findall(source.text, edit.start, edit.end))
        added[key] = before + lines, behind
    for (code, at, message), (lines, behind) in added.items():
        yield Rewrite(code, *source.place(at), message, lines, behind)


def find_mentions(text: str, noted: TextFound, request: Request) -> Iterator[TextFinding]:
    """Yield a finding for each line with mentions that nothing was said about."""
    if not request.moves:
        return
    drafted = [(edit.start, edit.end) for edit in noted.edits]
    spoken = sorted([*drafted, *noted.read, *((finding.at, finding.end) for finding in noted.findings)])
    told = set()
    index, reach = 0, -1
    for start, end, move in request.names.mentions(text):
        while index < len(spoken) and spoken[index][0] <= start:
            reach = max(reach, spoken[index][1])
            index += 1
        line = _line_start(text, start)
        if end <= reach or line in told or ADDRESS.search(text, line, start):
            continue
        told.add(line)
        message = f"names {text[start:end]} in a text: {move.old} is {move.new} now"
        yield TextFinding(start, end, move.code, message, "manual")


def _is_field(text: str, mention: TextFinding) -> bool:
    """Tell whether a name is a line, alone or behind one word, or a field: in other texts, it may be prose."""
    before, behind = text[: mention.at].rstrip(" "), text[mention.end :].lstrip(" ")
    start = _line_start(text, mention.at)
    is_second = len(text[start : mention.at].split()) == 1 and text[mention.at - 1] in " \t"
    return (before[-1:] in _EDGES or is_second) and behind[:1] in _EDGES | {"#"}


# The characters beside a line or field, and none at the ends of a text.
_EDGES = frozenset({"", "\n", "\r", "\t", ",", ";", "|", "=", '"', "'", "<", ">"})


def _line_start(text: str, at: int) -> int:
    return max((text.rfind(newline, 0, at) for newline in "\r\n"), default=-1) + 1
