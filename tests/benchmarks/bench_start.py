"""What the shim costs at the start, in whole processes: run `python -m tests.benchmarks.bench_start [PAIRS]`.

In an environment of its own, in which nothing but the standard library and compatkit is there: what other `.pth` files
import would be part of every start, and hide what ours costs.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

from compatkit.shim.pth import FILE, text_for
from tests.benchmarks.side_by_side import compare, report
from tests.shop.widgets import make_shop

_ROOT = Path(__file__).parents[2]


def main(pairs: int = 15) -> None:
    print(f"Python {platform.python_version()}, each figure the median of {pairs} pairs of processes")
    with tempfile.TemporaryDirectory() as folder:
        bare, enabled = _Environment(Path(folder, "bare")), _Environment(Path(folder, "enabled"))
        shop = make_shop(Path(folder, "shop"))
        (enabled.site / FILE).write_text(text_for(shop), encoding="utf-8")
        show("import compatkit | pass", bare("import compatkit"), bare("pass"), pairs, target="+ 3 ms at most")
        show("install() | pass", bare("import compatkit; compatkit.install()"), bare("pass"), pairs, target="1.5")
        show("the .pth, nothing watched | pass", enabled("pass"), bare("pass"), pairs, target="1.3")
        imported = f"import sys; sys.path.append({str(shop)!r}); import shop"
        show("the .pth, a watched name | the import", enabled(imported), bare(imported), pairs, target="none")
    install = "import compatkit; compatkit.install()"
    loaded = "import compatkit, compatkit.shim.installed, tomllib; compatkit.install(); compatkit.uninstall()"
    show(
        "import torch with the finder | without",
        _process(sys.executable, f"{install}; import torch"),
        _process(sys.executable, f"{loaded}; import torch"),
        pairs,
        target="1.01",
    )


def show(what: str, ours: Callable[[], None], peer: Callable[[], None], pairs: int, *, target: str) -> None:
    found = compare(ours, peer, pairs=pairs)
    report(what, found, target=target, unit=1e-3, name="ms")
    print(f"{'':<46} difference {(found.ours - found.peer) * 1e3:+.1f} ms")


class _Environment:
    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        self._executable = str(folder / "bin" / "python")
        (self.site,) = (folder / "lib").glob("python*/site-packages")
        (self.site / "compatkit").mkdir()
        for entry in (*(_ROOT / "compatkit").iterdir(), _ROOT / "codemods"):
            (self.site / "compatkit" / entry.name).symlink_to(entry)

    def __call__(self, code: str) -> Callable[[], None]:
        return _process(self._executable, code)


def _process(executable: str, code: str) -> Callable[[], None]:
    # Every start would compile compatkit, which no user's does.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        subprocess.run([executable, "-c", code], check=True, cwd=tempfile.gettempdir(), env=kept)

    return run


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
