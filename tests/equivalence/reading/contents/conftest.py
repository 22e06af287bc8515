"""Compare two files of one name, given by the functions that write them or by their bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compatkit.equivalence import Difference, Kind, Policy
from compatkit.equivalence.comparing.contents import compare_file
from compatkit.equivalence.reading.contents import read_file

Differing = Callable[..., list[Difference]]


@pytest.fixture
def differing(tmp_path: Path) -> Differing:
    """Return how two files of one name differ, given by what writes them or by their bytes."""

    def compare(name: str, before: Any, after: Any, *, policy: Policy | None = None) -> list[Difference]:
        files = []
        for side, source in (("before", before), ("after", after)):
            path = tmp_path / side / name
            path.parent.mkdir(exist_ok=True)
            if isinstance(source, bytes | str):
                path.write_bytes(source.encode() if isinstance(source, str) else source)
            else:
                source(path)
            files.append(read_file(path, name)[0])
        return list(compare_file(name, *files, Kind.ARTIFACT_CONTENT, policy or Policy.exact()))

    return compare
