"""The forms in which a file can reach what lies in a module, asked of raw bytes, however common its last part is.

A file spells the whole dotted name, in code or in a text; or it imports from a package above with the next part in the
same statement, or gives that package a name of its own; or it imports relatively.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# The rest of a from-import. Its parentheses may hold comments, and these may hold parentheses.
_REST = r"(?:[^\\\n\r(;]|\\(?:\r\n|.))*(?:\((?:[^)#]|#[^\n\r]*)*\)?)?"
_RELATIVE = re.compile(rb"from[\s\\]*\.(?:[^\\\n\r(;]|\\(?:\r\n|.))*(?:\((?:[^)#]|#[^\n\r]*)*\)?)?", re.DOTALL)
# Between two parts of a dotted name: a dot with space around, or the seam of two strings that are one.
_SEAM = r"(?:[\s\\]*\.[\s\\]*|\.?['\"][\s\\]*[a-zA-Z]{0,2}['\"]\.?)"
_TEXT_BEFORE = re.compile(rb"['\"]\.(?:[\w.]*\.)?\Z")
_WORD = re.compile(rb"[\w\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Home:
    """One module: `top` is its first part, and `last` what any file that reaches it spells."""

    top: bytes
    last: bytes
    spelled: re.Pattern[bytes]
    parents: tuple[tuple[re.Pattern[bytes], bytes], ...]
    renamed: re.Pattern[bytes] | None

    @classmethod
    def of(cls, dotted: str) -> Home:
        parts = dotted.split(".")
        joined = _SEAM.join(map(re.escape, parts))
        parents = []
        for size in range(1, len(parts)):
            parent = r"[\s\\]*\.[\s\\]*".join(map(re.escape, parts[:size]))
            statement = re.compile(rf"from[\s\\]+{parent}[\s\\]+import\b{_REST}".encode(), re.DOTALL)
            parents.append((statement, parts[size].encode()))
        above = r"[\s\\]*(?:\.[\s\\]*\w+[\s\\]*)*"
        renamed = re.compile(rf"\b{re.escape(parts[0])}{above}\bas\b".encode()) if len(parts) > 1 else None
        top, last = parts[0].encode(), parts[-1].encode()
        return cls(top, last, re.compile(joined.encode()), tuple(parents), renamed)

    def is_reached(self, source: bytes) -> bool:
        """Tell whether a file that spells the top and the last part can reach the module by an absolute name."""
        if self.spelled.search(source):
            return True
        for statement, part in self.parents:
            for found in statement.finditer(source):
                words = _WORD.findall(found.group())
                if part in words or b"*" in found.group():
                    return True
        return self.renamed is not None and self.renamed.search(source) is not None


class Reach:
    """Answers for some homes, and for the names in them that a relative import of the package itself brings."""

    def __init__(self, homes: Iterable[str], names: Iterable[str], holders: Iterable[str] = ()) -> None:
        self._homes = tuple(Home.of(home) for home in sorted(set(homes)))
        self._names = frozenset(name.encode() for name in names)
        self._tops = tuple(sorted({home.top.decode() for home in self._homes}))
        lasts = {home.last for home in self._homes}
        self._relative = lasts | self._names
        self._lasts = tuple(b"." + last for last in sorted(lasts))
        # A module of the same last part may be the one that holds the names, seen from another root.
        ends = {holder.rpartition(".")[2].encode() for holder in holders} or lasts
        any_end = b"|".join(map(re.escape, sorted(ends)))
        self._alike = re.compile(rb"\b(?:" + any_end + rb")[\s\\]+import\b(" + _REST.encode() + rb")", re.DOTALL)

    def holds(self, source: bytes, path: str | None = None) -> bool:
        """Tell whether a file can reach one of the homes.

        With a `path`, dotted or of folders, that has the top of none of them, its relative imports lead elsewhere.
        """
        for home in self._homes:
            if home.top in source and home.last in source and home.is_reached(source):
                return True
        is_near = path is None or any(top in path for top in self._tops)
        return (
            (is_near and self._by_relative_import(source)) or self._by_a_module_alike(source) or self._in_text(source)
        )

    def _by_relative_import(self, source: bytes) -> bool:
        return any(word in source for word in self._relative) and _RELATIVE.search(source) is not None

    def _by_a_module_alike(self, source: bytes) -> bool:
        if not any(name in source for name in self._names):
            return False
        return any(not self._names.isdisjoint(_WORD.findall(found)) for found in self._alike.findall(source))

    def _in_text(self, source: bytes) -> bool:
        """Tell whether a text names a home relatively, as `import_module(".old", "pkg")` does."""
        for last in self._lasts:
            at = source.find(last)
            while at >= 0:
                if _TEXT_BEFORE.search(source, max(0, at - 200), at + 1):
                    return True
                at = source.find(last, at + 1)
        return False


@lru_cache(maxsize=4096)
def reach_of(home: str, name: str) -> Reach:
    """Return what tells whether one name of one module is reached."""
    return Reach([home], [name])
