"""The codemod with every option on, over all Python files of this environment: `python -m tests.benchmarks.real_files`.

Each file gets an import of the moved name and a function that uses it. What comes out must parse, be the same after
a second run, and begin with the file as it was, but for names.
"""

from __future__ import annotations

import ast
import os
import sysconfig
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from compatkit.migrate import Job, Task, process
from compatkit.migration import find_migration
from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten
from compatkit.rewrite.file.tree import quiet_compiler
from tests.benchmarks.bench_migrate import USED

OPTIONS = Options(confidence="review", modernize=True, rename=True, through_reexports=True)
# What no Python parses; everything else that fails is ours.
THEIRS = "CK901"


def main() -> None:
    counts: Counter[str] = Counter()
    with get_context("fork").Pool(os.cpu_count()) as pool:
        for name, verdict in pool.imap_unordered(judge, _files(), chunksize=16):
            counts[verdict] += 1
            if verdict not in ("rewritten", "no Python"):
                print(f"{verdict}: {name}", flush=True)
    print(f"{counts.total():,} files: {', '.join(f'{count:,} {verdict}' for verdict, count in counts.most_common())}")


def judge(name: str) -> tuple[str, str]:
    """Return what became of one file, in a word or two."""
    try:
        return name, _judge(Path(name).read_bytes())
    except Exception as error:  # noqa: BLE001 - that nothing raises is what is being shown
        return name, f"raised {type(error).__name__}"


def _judge(source: bytes) -> str:
    task = Task.of([find_migration()], OPTIONS)
    outcome = process(Job(source + b"\n" + USED.encode(), "app.module"), task)
    if isinstance(outcome, Failed):
        return "no Python" if outcome.code == THEIRS and not _parses(source) else f"failed with {outcome.code}"
    if not isinstance(outcome, Rewritten):
        return type(outcome).__name__
    if not outcome.source.startswith(source):
        return "changed above"
    again = process(Job(outcome.source, "app.module"), task)
    return "changed twice" if isinstance(again, Rewritten | Failed) else "rewritten"


def _parses(source: bytes) -> bool:
    try:
        with quiet_compiler():
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _files() -> Iterator[str]:
    return (str(path) for path in sorted(Path(sysconfig.get_path("purelib")).rglob("*.py")) if path.is_file())


if __name__ == "__main__":
    main()
