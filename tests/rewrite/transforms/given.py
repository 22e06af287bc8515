"""Migrations with a `transform.py`, written to a folder, and short ways to apply them."""

from __future__ import annotations

from pathlib import Path

from compatkit.migration import Migration, load_migration
from compatkit.options import Options
from compatkit.rewrite import Outcome, rewrite_source
from tests.rewrite.rules.calls.shop import HEAD

# Renames `old_call` to `new_call`, wherever it is called.
RENAME = """
import libcst as cst

class Rename(cst.CSTTransformer):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def leave_Call(self, original, updated):
        if isinstance(updated.func, cst.Name) and updated.func.value == "old_call":
            if not updated.args:
                self.file.report(original, "old_call() without arguments")
                return updated
            return updated.with_changes(func=cst.Name("new_call"))
        return updated

def transform(file):
    return file.tree.visit(Rename(file))
"""


def migration(
    folder: Path, code: str = RENAME, *, confidence: str = "safe", words: str = '"old_call"', more: str = ""
) -> Migration:
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("transform.py").write_text(code, encoding="utf-8")
    table = f'{more}\n[transform]\ncode = "SH901"\nwords = [{words}]\nconfidence = "{confidence}"\n'
    folder.joinpath("migration.toml").write_text(HEAD + table, encoding="utf-8")
    return load_migration(folder)


def apply(source: str | bytes, *migrations: Migration, options: Options | None = None) -> Outcome:
    return rewrite_source(
        source.encode() if isinstance(source, str) else source,
        module="app",
        is_package=False,
        moves=[move for each in migrations for move in each.moves],
        migrations=migrations,
        options=options or Options(),
    )
