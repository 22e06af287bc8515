"""A program runs as its users would run it, whatever this process has imported."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

from tests.rewrite.oracle.execute import execute


def test_a_module_of_the_program_wins_over_one_that_is_imported_already(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("here = 'the own one'\n")
    (tmp_path / "main.py").write_text(
        dedent(
            """\
            import json

            print(json.here)
            """
        )
    )

    [result] = execute(tmp_path, None, "main", [])

    assert (result.printed, result.failure) == ("the own one\n", None)
    import json as after

    assert after is json
