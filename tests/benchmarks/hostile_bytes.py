"""Rewrite mutated sources: run `python -m tests.benchmarks.hostile_bytes [INPUTS] [SEED]`.

No input raises or hangs, what is rewritten compiles, and every top-level statement without an edit means what it meant.
"""

from __future__ import annotations

import ast
import random
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

from compatkit.migration import find_migration
from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten, rewrite_source
from compatkit.rewrite.file.text import read_source

_ROOT = Path(__file__).parents[2]
_PIECES = (
    b"\r",
    b"\n",
    b"\\\n",
    b"\x0c",
    b"\t",
    b"#",
    b"'''",
    b'"',
    b"(",
    b")",
    b"[",
    b"]",
    b",",
    b";",
    b":",
    b"=",
    b"@",
)
_PIECES += (
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\x00",
    b"# -*- coding: latin-1 -*-\n",
    b"if 1:\n    ",
    b"lambda: ",
    b"f'{",
)
_OPTIONS = Options(confidence="review", modernize=True, rename=True)


def main(inputs: int = 200_000, seed: int = 0) -> None:
    warnings.simplefilter("ignore")
    migration, source = find_migration("training-orchestrator-v2"), random.Random(seed)
    files = [path.read_bytes() for path in sorted((_ROOT / "fixtures/legacy_service").rglob("*.py"))]
    files = [content for content in files if b"ml_engine" in content and len(content) < 6_000]
    counts: Counter[str] = Counter()
    slowest = 0.0
    for number in range(inputs):
        before = _mutated(source.choice(files), source)
        began = time.process_time()
        outcome = rewrite_source(
            before, module="", is_package=False, moves=migration.moves, migrations=[migration], options=_OPTIONS
        )
        slowest = max(slowest, time.process_time() - began)
        counts[outcome.code if isinstance(outcome, Failed) else type(outcome).__name__] += 1
        if isinstance(outcome, Rewritten) and not _is_same_elsewhere(before, outcome):
            counts["CHANGED"] += 1
            Path(f"changed{number}.py").write_bytes(before)
    print(f"{inputs} inputs, at most {slowest:.2f} s: {dict(sorted(counts.items()))}")
    assert not counts["CHANGED"]


def _mutated(content: bytes, source: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(source.choice((1, 1, 2, 3, 6))):
        at = source.randrange(len(found) + 1)
        match source.randrange(4):
            case 0:
                del found[at : at + source.choice((1, 1, 3, 20))]
            case 1 | 2:
                found[at:at] = source.choice(_PIECES)
            case 3:
                found[at:at] = found[at : at + source.choice((5, 40, 200))]
    return bytes(found)


def _is_same_elsewhere(before: bytes, outcome: Rewritten) -> bool:
    """Tell whether the statements that no edit touches are there still, in their order, with their meaning."""
    edited = {edit.line for edit in outcome.edits}
    old = ast.parse(read_source(before).text)
    kept = [
        _meaning(statement)
        for statement in old.body
        if edited.isdisjoint(range(_first(statement), (statement.end_lineno or 0) + 1))
    ]
    after = iter([_meaning(statement) for statement in ast.parse(read_source(outcome.source).text).body])
    return all(any(one == other for other in after) for one in kept)


def _meaning(node: ast.stmt) -> str:
    return ast.dump(node)


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
