"""Run every command where a base install is all there is: `python -m tests.benchmarks.every_command` prints a table.

For each command its status, as it is expected to be; with its output full, closed, and with its input closed.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.cli.every_command import COMMANDS, OLD, command_in, make_base_install

_STREAMS = {"plain": "", "output full": ">/dev/full", "output closed": ">&-", "input closed": "<&-"}


def main() -> None:
    print(f"{'command':<20} {'expected':>8} {'  '.join(f'{name:>13}' for name in _STREAMS)}")
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "install").mkdir()
        install = make_base_install(Path(place) / "install")
        for name, (arguments, status) in COMMANDS.items():
            cells = []
            for number, (stream, redirected) in enumerate(_STREAMS.items()):
                tree = Path(place) / f"{name} {number}"
                tree.mkdir()
                (tree / "a.py").write_text(OLD)
                script = ["sh", "-c", f'exec "$@" {redirected}', "sh", *command_in(install, *arguments)]
                done = subprocess.run(script, cwd=tree, input=OLD.encode(), capture_output=True, check=False)
                is_traced = b"Traceback" in done.stderr or b"fault of compatkit" in done.stderr
                is_right = done.returncode in ((status,) if stream == "plain" else (status, 2)) and not is_traced
                wrong += not is_right
                cells.append(f"{done.returncode}{'' if is_right else ' WRONG'}")
            print(f"{name:<20} {status:>8} {'  '.join(f'{cell:>13}' for cell in cells)}", flush=True)
    assert not wrong


if __name__ == "__main__":
    main()
