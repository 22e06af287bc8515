"""What it costs to find, load and validate 100 migrations: run `python -m tests.benchmarks.bench_registry [PAIRS]`."""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from compatkit.migration import load_all, load_migration, read_registry
from tests.benchmarks.side_by_side import compare, report

COUNT = 100
MOVES = 6


def main(pairs: int = 15) -> None:
    print(f"Python {platform.python_version()}; {COUNT} migrations with {MOVES} moves each, one distribution a piece")
    with installed(COUNT) as files:
        texts = [file.read_text(encoding="utf-8") for file in files]
        found = compare(
            lambda: [load_migration(file) for file in files], lambda: [*map(tomllib.loads, texts)], pairs=pairs
        )
        report("load and validate | tomllib alone", found, target="50 ms of CPU", unit=1e-3, name="ms")
        found = compare(load_all, read_registry, pairs=pairs)
        report("find, load and validate | find", found, target="none", unit=1e-3, name="ms")
        found = compare(child("import compatkit; compatkit.install()"), child("pass"), pairs=pairs)
        report("a process with install() | without", found, target="50 ms of CPU more", unit=1e-3, name="ms")
        imported = [name for name in sys.modules if name.startswith("bench_migration_")]
        print(f"{len(imported)} of their {COUNT} packages were imported")


def child(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)


@contextlib.contextmanager
def installed(count: int) -> Iterator[list[Path]]:
    """Put as many distributions on the path, each with a migration whose code must not run."""
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        try:
            yield [plant(Path(folder), number) for number in range(count)]
        finally:
            sys.path.remove(folder)


def plant(folder: Path, number: int) -> Path:
    package = folder / f"bench_migration_{number}"
    info = folder / f"bench_migration_{number}-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: bench-migration-{number}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[compatkit.migrations]\nbench-{number} = bench_migration_{number}\n")
    head = f'schema = 1\nid = "bench-{number}"\nsummary = "Bench."\nversions = {{ v1 = "1", v2 = "2" }}\n'
    rows = [
        f'[[moves]]\ncode = "BN{number:03}{row}"\nold = "lib{number}.old.N{row}"\nnew = "lib{number}.new.M{row}"\n'
        for row in range(MOVES)
    ]
    file = package / "migration.toml"
    file.write_text(head + "".join(rows), encoding="utf-8")
    return file


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
