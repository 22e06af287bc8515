"""Fields and arguments in one go: values are followed once, and a field in a rewritten call goes with it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from compatkit.migration import Migration
from compatkit.rewrite.arguments.find import arguments_in, may_have_arguments
from compatkit.rewrite.arguments.imports import Imports
from compatkit.rewrite.change import Pass
from compatkit.rewrite.fields import fields_in, may_have_fields
from compatkit.rewrite.flow.follow import follow
from compatkit.rewrite.flow.known import Known
from compatkit.rewrite.ignored import Ignored
from compatkit.rewrite.nodes import Nodes
from compatkit.rewrite.options import Options
from compatkit.rewrite.outcome import Finding
from compatkit.rewrite.place import FileModule
from compatkit.rewrite.source import Source


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
        from compatkit.rewrite.objects import Objects

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
