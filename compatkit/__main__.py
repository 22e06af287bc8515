"""The start of every command, and `python -m compatkit`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line, and exit with its status."""
    # All that is imported here stays until the end. To search it for circles takes a seventh of the shortest command,
    # of which most is one more search when Python ends.
    gc.disable()
    # After the search is off.
    from compatkit.cli import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
