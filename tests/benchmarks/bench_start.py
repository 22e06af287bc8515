"""What the shim costs at the start, in whole processes: run `python -m tests.benchmarks.bench_start [PAIRS]`."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable

from tests.benchmarks.side_by_side import compare, report


def main(pairs: int = 15) -> None:
    print(f"Python {platform.python_version()}, each figure the median of {pairs} pairs of processes")
    show("import compatkit | pass", "import compatkit", "pass", pairs, target="+ 3 ms at most")
    show("install() | pass", "import compatkit; compatkit.install()", "pass", pairs, target="none")
    install = "import compatkit; compatkit.install()"
    loaded = "import compatkit, compatkit.shim, tomllib; compatkit.install(); compatkit.uninstall()"
    show(
        "import torch with the finder | without",
        f"{install}; import torch",
        f"{loaded}; import torch",
        pairs,
        target="1.01",
    )


def show(what: str, ours: str, peer: str, pairs: int, *, target: str) -> None:
    found = compare(_process(ours), _process(peer), pairs=pairs)
    report(what, found, target=target, unit=1e-3, name="ms")
    print(f"{'':<46} difference {(found.ours - found.peer) * 1e3:+.1f} ms")


def _process(code: str) -> Callable[[], None]:
    def run() -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    return run


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
