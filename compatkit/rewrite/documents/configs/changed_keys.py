"""Find the keys and values of a configuration that a migration renames."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.migration import KeyChange, Migration
from compatkit.rewrite.documents.configs.pairs import ConfigMappings, Pair, Path
from compatkit.rewrite.documents.configs.targets import MARKS, find_targets, is_meant, judge_target, may_stand
from compatkit.rewrite.documents.document_text import Request, TextFinding, TextFound
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.prefilter.interfaces import can_call, can_name_keys
from compatkit.rewrite.rules.calls.facts import Index


def find_in_config(text: str, pairs: Iterable[Pair], request: Request) -> TextFound:
    """Find the arguments and keys of a document that are called otherwise."""
    noted = TextFound()
    if not request.calling:
        return noted
    config = ConfigMappings.of(text, pairs)
    index = Index.of(request.calling, request.options)
    for target in find_targets(config, request.calling):
        noted.add(judge_target(config, target, index, request))
    told: set[Pair] = set()
    for row in (row for migration in request.calling for row in migration.keys if not row.of):
        if request.options.acts_on(row.code) and is_meant(config, row):
            # Of several rows about one key, the first speaks.
            found = [pair for pair in config.pairs_at(row.v1) if pair not in told]
            told.update(found)
            for pair in found:
                _judge_key(config, row, pair, request, noted)
            noted.findings += [_of_table(config, row, at) for at in config.mappings_at(row.v1) if not found]
    return noted


def concerns(source: bytes, migration: Migration) -> bool:
    """Tell whether a configuration may hold arguments of a callable that changed, or a key that did."""
    names_class = any(mark.encode() in source for mark in MARKS) and can_call(source, [migration])
    return names_class or can_name_keys(source, [migration])


def _judge_key(config: ConfigMappings, row: KeyChange, pair: Pair, request: Request, noted: TextFound) -> None:
    what = f"the key {row.v1} is {row.v2}" if row.v2 else f"the key {row.v1}: {row.say}"
    reason = _doubt(config, row, pair, request)
    if row.v2 and pair.key and not reason:
        noted.edits.append(Edit(*pair.key, row.v2, row.code, pair.at, f"{row.v1} -> {row.v2}"))
        return
    is_manual = not row.v2 or row.about.confidence == "manual"
    message = f"{what}; not rewritten: {reason}" if row.v2 else what
    noted.findings.append(TextFinding(pair.at, pair.at, row.code, message, "manual" if is_manual else "review"))


def _of_table(config: ConfigMappings, row: KeyChange, path: Path) -> TextFinding:
    """Say of a key that has no place of its own, such as the head of a table in TOML, what a person has to do."""
    at = config.mappings[path][0].at
    what = f"{row.v2}; not rewritten: it is the name of a table" if row.v2 else row.say
    return TextFinding(at, at, row.code, f"the key {row.v1}: {what}", "manual")


def _doubt(config: ConfigMappings, row: KeyChange, pair: Pair, request: Request) -> str:
    names = [other.name for other in config.mappings[pair.path[:-1]]]
    if row.v2 in names:
        return f"`{row.v2}` is given as well"
    if names.count(pair.name) > 1 or pair.is_shared:
        return "it is there twice, or other mappings share it"
    if not (pair.key and may_stand(row.v2)):
        return "it is not spelled plainly"
    if config.refers_to(pair.name):
        return f"`${{…}}` in this file reads `{pair.name}`"
    if row.about.confidence == "manual":
        return row.about.reason or "a person decides"
    return "" if request.may_review else "made with --confidence review"
