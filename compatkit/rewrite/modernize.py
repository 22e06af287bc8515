"""Fields and arguments in one go: values are followed once, and a field in a rewritten call goes with it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from compatkit.migration import Migration
from compatkit.rewrite.edit.added_imports import Imports
from compatkit.rewrite.edit.edit import Pass
from compatkit.rewrite.file.ignore_comments import Ignored
from compatkit.rewrite.file.module_name import FileModule
from compatkit.rewrite.file.text import Source
from compatkit.rewrite.file.tree import Nodes
from compatkit.rewrite.flow.interpreter import follow
from compatkit.rewrite.flow.known import Known
from compatkit.rewrite.options import Options
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.rules.config_arguments.config_arguments import arguments_in, may_have_arguments
from compatkit.rewrite.rules.record_keys import fields_in, may_have_fields


def find_modern(
    source: Source,
    tree: ast.Module,
    nodes: Nodes,
    home: FileModule,
    migrations: Sequence[Migration],
    options: Options,
    *,
    moving: Collection[str] = (),
) -> Pass:
    """Return what `find_fields` and `find_arguments` return together, without a change inside another."""
    known = Known.of(migrations, moving)
    has_fields = may_have_fields(source, known, migrations)
    has_arguments = may_have_arguments(source, known, migrations)
    if not has_fields and not has_arguments:
        return Pass()
    try:
        trace = follow(tree, nodes, home, known)
    except RecursionError:
        return Pass(findings=[_too_deep(migrations)])
    fields = fields_in(source, nodes, trace, migrations, options) if has_fields else Pass()
    if known.objects and has_fields:
        # Imported here: few migrations say that v2's records are objects.
        from compatkit.rewrite.rules.record_attributes import Objects

        objects = Objects(source, nodes, trace, migrations).found()
        fields = Pass([*fields.changes, *objects.changes], [*fields.findings, *objects.findings])
    ignored = Ignored(source)
    chosen = [each for each in fields.changes if options.acts_on(each.code) and not ignored.holds(each.line, each.code)]
    if not has_arguments:
        return Pass(chosen, fields.findings)
    arguments = arguments_in(source, nodes, trace, migrations, options, Imports(source, tree, nodes, home), chosen)
    return Pass(arguments.changes, [*fields.findings, *arguments.findings])


def _too_deep(migrations: Sequence[Migration]) -> Finding:
    codes = [row.code for migration in migrations for row in migration.fields]
    codes += [row.code for migration in migrations for row in migration.arguments]
    message = "values are not followed in this file: it is nested too deeply"
    return Finding(codes[0] if codes else "CK901", 1, 1, message, "manual")
