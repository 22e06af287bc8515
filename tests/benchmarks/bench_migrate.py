"""The codemod beside what users would pick, on real files: `python -m tests.benchmarks.bench_migrate [FILES [HITS]]`.

The files are copied from this environment's site-packages; the names of the bundled migration are planted in HITS of
them. Every tool gets the same folder, in turn, as a whole process.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from tests.benchmarks.side_by_side import compare, report

OLD = "from backend.ml_engine.training_orchestrator import TrainingOrchestrator\n"
COMPATKIT = [sys.executable, "-c", "from compatkit.cli import main; main()", "migrate", "--check"]
AST_GREP = ["--pattern", "from backend.ml_engine.training_orchestrator import $$$", "--lang", "python"]
PAIRS = 5


def main(files: int = 10_000, hits: int = 100) -> None:
    with tempfile.TemporaryDirectory() as name:
        tree, untouched = Path(name) / "hits", Path(name) / "nothing"
        copied = fill(untouched, files, hits=0)
        fill(tree, files, hits=hits)
        print(f"{copied:,} real files, {hits} of them with the names; medians of {PAIRS} pairs")
        peers(tree, untouched)
        tree_of_five = Path(name) / "five"
        for number in range(5):
            shutil.copytree(untouched, tree_of_five / f"part{number}")
        found = compare(_process([*COMPATKIT, tree_of_five]), _process([*COMPATKIT, untouched]), pairs=3)
        report(f"{5 * copied:,} files | {copied:,} files", found, target="<= 5.5", unit=1e-3, name="ms")
        print(f"largest process so far: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


def peers(tree: Path, untouched: Path) -> None:
    ours, ours_idle = _process([*COMPATKIT, tree]), _process([*COMPATKIT, untouched])
    if ast_grep := shutil.which("ast-grep"):
        found = compare(ours, _process([ast_grep, *AST_GREP, tree]), pairs=PAIRS)
        report("imports | ast-grep", found, target="<= 0.1, ours <= 800 ms", unit=1e-3, name="ms")
    # Of another repository, git grep would refuse the path.
    grep = ["git", "-C", untouched, "grep", "--no-index", "-lF", "training_orchestrator"]
    found = compare(ours_idle, _process(grep), pairs=PAIRS)
    report("nothing to do | git grep", found, target="<= 3, ours <= 250 ms", unit=1e-3, name="ms")
    found = compare(_process([*COMPATKIT, "--modernize", tree]), ours, pairs=PAIRS)
    report("all codes | imports only", found, target="ours <= 3000 ms", unit=1e-3, name="ms")


def fill(folder: Path, files: int, *, hits: int) -> int:
    """Copy so many files, evenly planted with the names; return how many there were to copy."""
    sources = list(islice(_sources(), files))
    step = max(1, len(sources) // hits) if hits else 0
    for number, source in enumerate(sources):
        target = folder / f"p{number % 100:02}" / f"m{number}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        planted = step and number % step == 0 and number // step < hits
        target.write_bytes(content + OLD.encode() if planted else content)
    return len(sources)


def _sources() -> Iterator[Path]:
    root = Path(sysconfig.get_path("purelib"))
    return (path for path in sorted(root.rglob("*.py")) if 500 < path.stat().st_size < 200_000)


def _process(command: list[str | Path]) -> Callable[[], None]:
    def run() -> None:
        subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    return run


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
