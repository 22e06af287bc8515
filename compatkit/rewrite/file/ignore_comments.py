"""`# compatkit: ignore` and `# compatkit: ignore[CK101, CK2]`: lines that are left alone, and not reported."""

from __future__ import annotations

import re

from compatkit.rewrite.file.text import Source

_MARK = re.compile(r"#\s*compatkit:\s*ignore(?:\[(?P<codes>[\w\s,]*)\])?")


class Ignored:
    """The lines of a file that carry the mark, with the codes that they name."""

    def __init__(self, source: Source) -> None:
        self._codes: dict[int, tuple[str, ...] | None] = {}
        if "compatkit:" not in source.text:
            return
        for number, start in enumerate(source.starts, start=1):
            if found := _MARK.search(source.text[start : source.line_end(start)]):
                codes = found["codes"]
                self._codes[number] = None if codes is None else tuple(re.split(r"[\s,]+", codes.strip()))

    def holds(self, line: int, code: str) -> bool:
        """Tell whether `code` is to be left alone on this line. A prefix names all codes that begin with it."""
        if line not in self._codes:
            return False
        codes = self._codes[line]
        return codes is None or any(each and code.startswith(each) for each in codes)
