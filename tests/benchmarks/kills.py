"""Kill `compatkit migrate` at random moments, and run it again: run `python -m tests.benchmarks.kills [KILLS]`.

Each file is old or new as a whole, and the next run leaves nothing else behind.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.shop.moves import NEW, OLD, TOML, contents, plant

_FILES = 300
_MAIN = [sys.executable, "-m", "compatkit", "migrate", "--migration", "../migration.toml", "."]


def main(kills: int = 300) -> None:
    source, torn, inside, unfinished = random.Random(0), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder), {"migration.toml": TOML})
        for number in range(kills):
            tree = plant(Path(folder) / f"{number}", {f"{name:04}.py": OLD * 20 for name in range(_FILES)})
            began = time.monotonic()
            process = subprocess.Popen(_MAIN, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while (tree / "0000.py").read_text() == OLD * 20 and process.poll() is None:
                time.sleep(0.001)
            time.sleep(source.random() * (time.monotonic() - began) * 0.3)
            process.kill()
            process.wait()
            left = contents(tree)
            files = {name: text for name, text in left.items() if not name.startswith(".compatkit-")}
            torn += sum(text not in ((OLD * 20).encode(), (NEW * 20).encode()) for text in files.values())
            inside += len(set(files.values())) == 2
            subprocess.run(_MAIN, cwd=tree, check=True, capture_output=True)
            unfinished += contents(tree) != dict.fromkeys(files, (NEW * 20).encode())
    print(
        f"{kills} kills, {inside} of them between two files: {torn} torn files, {unfinished} trees not finished after"
    )
    assert not torn
    assert not unfinished


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
