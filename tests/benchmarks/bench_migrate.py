"""The codemod beside what users would pick, on real files: `python -m tests.benchmarks.bench_migrate [FILES [HITS]]`.

The files are copied from this environment's site-packages; the names of the bundled migration are planted in HITS of
them. Every tool gets the same folder, in turn, as a whole process.

With OLD_RELEASE, the path of an earlier checkout, each job of ours is also timed beside that release, by the time of
the processor, which holds on a machine that others use. The checkout needs its migrations where they are installed:
`ln -s ../codemods compatkit/codemods`, and the same for `fixtures`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from textwrap import dedent

import numpy

from tests.benchmarks.side_by_side import compare, report

OLD = "from backend.ml_engine.training_orchestrator import TrainingOrchestrator\n"
# The same, and what --modernize and --rename have to follow.
USED = (
    OLD
    + """

def train_planted(rows):
    orchestrator = TrainingOrchestrator(lr=0.1, hidden_size=32)
    result = orchestrator.train_model(rows)
    return [metrics["train_acc"] for metrics in result["history"]]
"""
)
ALIASED = """
import backend.ml_engine.training_orchestrator as to


def train_planted(rows):
    one = to.TrainingOrchestrator(lr=0.1)
    return one, to.TrainingOrchestrator, [to.TrainingOrchestrator() for _ in rows]
"""
OLD_NAME = "backend.ml_engine.training_orchestrator.TrainingOrchestrator"
COMPATKIT = [sys.executable, "-c", "from compatkit.cli import main; main()", "migrate", "--check"]
ALL = ["--modernize", "--rename", "--through-reexports", "--confidence", "review"]
AST_GREP = ["--pattern", "from backend.ml_engine.training_orchestrator import $$$", "--lang", "python"]
DEAREST = "numpy-2"  # most files use it
BUNDLED = (
    "training-orchestrator-v2",
    "torch-2",
    "lightning-2",
    "mlflow-3",
    "transformers-5",
    "torchmetrics-1",
    "ray-2-train",
    "torchvision-weights",
    DEAREST,
)
PAIRS = 5
_HEAD = dedent("""\
    schema = 1
    id = "bench"
    summary = "Moves."
    versions = { v1 = "1", v2 = "2" }
    """)
# A row of each kind whose words are everywhere, and one whose are nowhere.
ROWS = {
    "rare": dedent("""\
        [[moves]]
        code = "ZZ101"
        old = "zzqq.qqvv.Thing"
        new = "zzqq.new.Thing"
        """),
    "utils": dedent("""\
        [[moves]]
        code = "ZZ101"
        old = "acme.utils.Thing"
        new = "acme.new.Thing"
        """),
    "models": dedent("""\
        [[moves]]
        code = "ZZ101"
        old = "acme.models.Trainer"
        new = "acme.new.Trainer"
        """),
    "call": dedent("""\
        [[calls]]
        code = "ZZ101"
        of = "acme.utils.get"
        rename = { a = "b" }
        """),
    "member": dedent("""\
        [[members]]
        code = "ZZ101"
        of = "acme.Client"
        v1 = "name"
        v2 = "title"
        """),
    "producer": dedent("""\
        [[producers]]
        code = "ZZ101"
        function = "acme.models.Trainer.fit"
        [[fields]]
        code = "ZZ102"
        v1 = "loss"
        v2 = "train_loss"
        """),
    "key": dedent("""\
        [[keys]]
        code = "ZZ101"
        v1 = "model"
        v2 = "network"
        beside = ["acme"]
        """),
}
IMPORTING = """\
import acme
from acme import config, data


def name(model, loss):
    utils = model.utils
    trainer = Trainer(model)
    return acme.run(utils, trainer, data.get(config), loss=loss).name
"""
USING = "\n\nfrom acme.utils import Thing\n\nprint(Thing())\n"


def main(files: int = 10_000, hits: int = 100) -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        tree, used, untouched = base / "hits", base / "used", base / "nothing"
        copied = fill(untouched, files)
        fill(tree, files, hits=hits)
        fill(used, files, hits=hits, planted=USED)
        print(f"{copied:,} real files, {hits} of them with the names; medians of {PAIRS} pairs")
        peers(tree, used, untouched)
        before(base, tree, used)
        moves(base, tree)
        bundled(untouched)
        common(base, untouched)
        jobs(base, files // 4)
        size(base, untouched, copied)
        print(f"memory of one process: {peak_memory([*COMPATKIT, '--jobs', '1', *ALL, tree])} MB   target <= 200")


def peers(tree: Path, used: Path, untouched: Path) -> None:
    ours, ours_idle = _process([*COMPATKIT, tree]), _process([*COMPATKIT, untouched])
    if ast_grep := shutil.which("ast-grep"):
        found = compare(ours, _process([ast_grep, *AST_GREP, tree]), pairs=PAIRS)
        report("imports | ast-grep", found, target="<= 0.1, ours <= 800 ms", unit=1e-3, name="ms")
    # Of another repository, git grep would refuse the path.
    grep = ["git", "-C", untouched, "grep", "--no-index", "-lF", "training_orchestrator"]
    found = compare(ours_idle, _process(grep), pairs=PAIRS)
    report("nothing to do | git grep", found, target="<= 3, ours <= 250 ms", unit=1e-3, name="ms")
    found = compare(_process([*COMPATKIT, *ALL, tree]), ours, pairs=PAIRS)
    report("all codes | imports only", found, target="ours <= 3000 ms", unit=1e-3, name="ms")
    found = compare(_process([*COMPATKIT, *ALL, used]), ours, pairs=PAIRS)
    report("all codes, used | imports only", found, target="ours <= 3000 ms", unit=1e-3, name="ms")


def before(base: Path, tree: Path, used: Path) -> None:
    """Every job of ours beside the release before, if there is one, in one process each."""
    one, aliases = base / "one" / "file.py", base / "aliases"
    one.parent.mkdir()
    one.write_text("x = 1\n", encoding="utf-8")
    fill(aliases, 400, hits=400, planted=ALIASED)
    alone = [*COMPATKIT, "--jobs", "1"]
    jobs: dict[str, list[str | Path]] = {
        "start": [*alone, one.parent],
        "--help": [*COMPATKIT[:-2], "--help"],
        "nothing to do": [*alone, base / "nothing"],
        "imports": [*alone, tree],
        "uses of aliases": [*alone, aliases],
        "all codes": [*alone, *ALL, tree],
        "all codes, used": [*alone, *ALL, used],
    }
    for name, command in jobs.items():
        beside_old(name, command)


def beside_old(what: str, command: list[str | Path]) -> None:
    if old := os.environ.get("OLD_RELEASE"):
        found = compare(_process(command), _process(command, release=old), pairs=PAIRS)
        report(f"{what} | release before", found, target="<= 1.05", unit=1e-3, name="ms")


def moves(base: Path, tree: Path) -> None:
    """A thousand declared moves beside the one that has hits."""
    one, thousand = base / "one.toml", base / "thousand.toml"
    one.write_text(_migration(1), encoding="utf-8")
    thousand.write_text(_migration(1_000), encoding="utf-8")
    many = _process([*COMPATKIT, "--migration", thousand, tree])
    found = compare(many, _process([*COMPATKIT, "--migration", one, tree]), pairs=PAIRS)
    report("1,000 moves | one move", found, target="<= 1.5", unit=1e-3, name="ms")


def bundled(tree: Path) -> None:
    """All bundled migrations in one run beside the dearest of them."""
    every = [word for name in BUNDLED for word in ("--migration", name)]
    found = compare(_process([*COMPATKIT, *every, tree]), _process([*COMPATKIT, "--migration", DEAREST, tree]), pairs=3)
    report(f"all bundled | {DEAREST}", found, target="<= 1.5", unit=1e-3, name="ms")


def common(base: Path, untouched: Path) -> None:
    """Common names beside a rare one, over foreign code and where every file imports the top-level package."""
    tree = base / "every_file_imports"
    for number in range(5_000):
        file = tree / f"p{number % 100:02}" / f"m{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(IMPORTING + (USING if number % 25 == 0 else ""), encoding="utf-8")
    files = {name: base / f"{name}.toml" for name in ROWS}
    for name, rows in ROWS.items():
        files[name].write_text(_HEAD + rows, encoding="utf-8")
    for place, folder in (("foreign code", untouched), ("every file imports it", tree)):
        rare = _process([*COMPATKIT, "--migration", files["rare"], folder])
        for name in ROWS:
            options = ["--modernize"] if name == "producer" else []
            command = [*COMPATKIT, *options, "--migration", files[name], folder]
            target = "<= 1.5" if folder is untouched else "<= 3 and the hits"
            found = compare(_process(command), rare, pairs=3)
            report(f"{name}, {place} | rare", found, target=target, unit=1e-3, name="ms")
            beside_old(f"{name}, {place}", command)


def jobs(base: Path, files: int) -> None:
    """Two processes beside one, where every file has the names."""
    tree = base / "only_hits"
    copied = fill(tree, files, hits=files)
    two, one = ([*COMPATKIT, "--jobs", number, tree] for number in "21")
    found = compare(_process(two), _process(one), pairs=3)
    report(f"two jobs | one job, {copied:,} hits", found, target="<= 0.63", unit=1e-3, name="ms")


def size(base: Path, untouched: Path, copied: int) -> None:
    tree_of_five = base / "five"
    for number in range(5):
        shutil.copytree(untouched, tree_of_five / f"part{number}")
    found = compare(_process([*COMPATKIT, tree_of_five]), _process([*COMPATKIT, untouched]), pairs=3)
    report(f"{5 * copied:,} files | {copied:,} files", found, target="<= 5.5", unit=1e-3, name="ms")


def peak_memory(command: list[str | Path]) -> int:
    """Return the megabytes that one process of ours took at most."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss // 1024


def _migration(count: int) -> str:
    """Declare the move that has hits, and others that have none, spread over a hundred modules."""
    moved = [(OLD_NAME, f"{OLD_NAME}V2")]
    moved += [(f"shop.part{n % 100}.module_{n % 100}.Name{n}", f"shop.new.Name{n}") for n in range(1, count)]
    rows = (
        f'[[moves]]\ncode = "CK{number}"\nold = "{old}"\nnew = "{new}"\n'
        for number, (old, new) in enumerate(moved, start=101)
    )
    return _HEAD + "".join(rows)


def fill(folder: Path, files: int, *, hits: int = 0, planted: str = OLD) -> int:
    """Copy so many files, some of them, evenly, with `planted` below; return how many there were to copy."""
    sources = list(islice(_sources(), files))
    step = max(1, len(sources) // hits) if hits else 0
    for number, source in enumerate(sources):
        target = folder / f"p{number % 100:02}" / f"m{number}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        is_hit = step and number % step == 0 and number // step < hits
        target.write_bytes(content + planted.encode() if is_hit else content)
    return len(sources)


def _sources() -> Iterator[Path]:
    # An environment may share the packages of another.
    root = Path(numpy.__file__).resolve().parent.parent
    return (path for path in sorted(root.rglob("*.py")) if 500 < path.stat().st_size < 200_000)


def _process(command: list[str | Path], *, release: str = "") -> Callable[[], None]:
    environment = _as_installed() | ({"PYTHONPATH": release} if release else {})

    def run() -> None:
        words = list(map(str, command))
        done = subprocess.run(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            env=environment,
            cwd=tempfile.gettempdir(),
        )
        # Ours tell of findings and of files that are no Python by 1 to 3; grep finds nothing with 1.
        if done.returncode not in range(4):
            raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")

    return run


def _as_installed() -> dict[str, str]:
    """Return an environment in which modules are compiled once, as they are where nobody says otherwise."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
