"""Prefilter, by raw bytes, the files that can reach the names in a module, however common the module's last part is.

A file spells the whole dotted name, in code or in a text; or it imports from a package above with the next part in the
same statement, or gives that package a name of its own; or it imports relatively.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

# The rest of a from-import. Its parentheses may hold comments, and these may hold parentheses.
_REST = r"(?:[^\\\n\r(;]|\\(?:\r\n|.))*(?:\((?:[^)#]|#[^\n\r]*)*\)?)?"
_RELATIVE = re.compile(rb"from[\s\\]*\.(?:[^\\\n\r(;]|\\(?:\r\n|.))*(?:\((?:[^)#]|#[^\n\r]*)*\)?)?", re.DOTALL)
# Between two parts of a dotted name: a dot with space around, the seam of two strings that are one, or what stands
# between an object and the text that is asked of it.
_SEAM = r"(?:[\s\\]*\.[\s\\]*|[\s\\]*,[\s\\]*['\"]|\.?['\"][\s\\]*[a-zA-Z]{0,2}['\"]\.?)"
_TEXT_BEFORE = re.compile(rb"['\"]\.(?:[\w.]*\.)?\Z")
_WORD = re.compile(rb"[\w\x80-\xff]+")


class Home:
    """One module: `top` is its first part, and `last` what any file that reaches it spells.

    The patterns are made once a file spells both: to make them takes longer than to read a hundred files.
    """

    def __init__(self, dotted: str) -> None:
        self._parts = dotted.split(".")
        self.top, self.last = self._parts[0].encode(), self._parts[-1].encode()

    @cached_property
    def _spelled(self) -> re.Pattern[bytes]:
        return re.compile(_SEAM.join(map(re.escape, self._parts)).encode())

    @cached_property
    def _parents(self) -> list[tuple[re.Pattern[bytes], bytes]]:
        parents = []
        for size in range(1, len(self._parts)):
            parent = r"[\s\\]*\.[\s\\]*".join(map(re.escape, self._parts[:size]))
            statement = re.compile(rf"from[\s\\]+{parent}[\s\\]+import\b{_REST}".encode(), re.DOTALL)
            parents.append((statement, self._parts[size].encode()))
        return parents

    @cached_property
    def _renamed(self) -> re.Pattern[bytes] | None:
        above = r"[\s\\]*(?:\.[\s\\]*\w+[\s\\]*)*"
        is_deep = len(self._parts) > 1
        return re.compile(rf"\b{re.escape(self._parts[0])}{above}\bas\b".encode()) if is_deep else None

    def is_reached(self, source: bytes) -> bool:
        """Tell whether a file that spells the top and the last part can reach the module by an absolute name."""
        if self._spelled.search(source):
            return True
        for statement, part in self._parents:
            for found in statement.finditer(source):
                words = _WORD.findall(found.group())
                if part in words or b"*" in found.group():
                    return True
        return self._renamed is not None and self._renamed.search(source) is not None


class Reach:
    """Answers for some homes, and for the names in them that a relative import of the package itself brings."""

    def __init__(self, homes: Iterable[str], names: Iterable[str], holders: Iterable[str] = ()) -> None:
        self._homes = tuple(Home(home) for home in sorted(set(homes)))
        self._names = frozenset(name.encode() for name in names)
        self._tops = tuple(sorted({home.top.decode() for home in self._homes}))
        lasts = {home.last for home in self._homes}
        self._relative = lasts | self._names
        self._lasts = tuple(b"." + last for last in sorted(lasts))
        # A module of the same last part may be the one that holds the names, seen from another root.
        self._ends = {holder.rpartition(".")[2].encode() for holder in holders} or lasts

    @cached_property
    def _alike(self) -> re.Pattern[bytes]:
        any_end = b"|".join(map(re.escape, sorted(self._ends)))
        return re.compile(rb"\b(?:" + any_end + rb")[\s\\]+import\b(" + _REST.encode() + rb")", re.DOTALL)

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
