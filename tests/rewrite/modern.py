"""Short ways to apply the passes over fields and arguments to a source."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from textwrap import dedent

from compatkit.migration import Migration, find_migration, parse_migration
from compatkit.options import Options
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.engine import uses_any
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.flow.declared_names import DeclaredNames
from compatkit.rewrite.flow.interpreter import follow_values
from compatkit.rewrite.rules.config_arguments.config_arguments import Flow, arguments_in, may_have_arguments
from compatkit.rewrite.rules.record_keys import fields_in, may_have_fields
from compatkit.rewrite.run_plan import RunPlan

V2 = "from backend.ml_engine.training_orchestrator_v2 import TrainingOrchestratorV2 as TrainingOrchestrator\n"
TRAINER = "from backend.ml_engine.trainer_v2 import ModelTrainerV2\n"
Find = Callable[[File, RunPlan], Found]


def find_fields(file: File, run: RunPlan) -> Found:
    known = DeclaredNames.of(run.migrations, run.moving)
    return fields_in(file, run, follow_values(file, known)) if may_have_fields(file, known, run.migrations) else Found()


def find_arguments(file: File, run: RunPlan) -> Found:
    known = DeclaredNames.of(run.migrations, run.moving)
    has_any = may_have_arguments(file, known, run.migrations)
    return arguments_in(Flow(file, run, follow_values(file, known))) if has_any else Found()


def found(
    find: Find, source: str | bytes, migrations: Sequence[Migration] = (), options: Options | None = None
) -> Found:
    data = source.encode() if isinstance(source, str) else source
    file = File.of(data, FileModule("app.module", is_package=False))
    using = tuple(migrations) or (find_migration(),)
    result = find(file, RunPlan(migrations=using, options=options or Options(modernize=True)))
    # What is to be done in a file must not be lost because it seems to use nothing.
    assert uses_any(file.source, file.tree, using) or not (result.changes or result.findings)
    return result


def applied(find: Find, source: str | bytes, migrations: Sequence[Migration] = ()) -> str:
    """Return the source with all changes made, in place, from the last to the first."""
    text = read_source(source.encode() if isinstance(source, str) else source).text
    changes = sorted(found(find, source, migrations).changes, key=lambda change: (change.start, change.end))
    for one, other in itertools.pairwise(changes):
        assert one.end <= other.start
    for change in reversed(changes):
        text = text[: change.start] + change.text + text[change.end :]
    compile(text, "result", "exec", dont_inherit=True)
    return text


def fields(source: str) -> str:
    return applied(find_fields, source)


def arguments(source: str) -> str:
    return applied(find_arguments, source)


def reports(find: Find, source: str, migrations: Sequence[Migration] = ()) -> list[str]:
    """Return what is reported, as `code line message`."""
    return [f"{item.code} {item.line} {item.message}" for item in found(find, source, migrations).findings]


def migration(text: str) -> Migration:
    head = dedent(
        """\
        schema = 1
        id = "shop-v2"
        summary = "Shop."
        versions = { v1 = "1", v2 = "2" }
        """
    )
    return parse_migration(head + text)
