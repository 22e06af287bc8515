"""Classes that move: the migration, sources and trees on disk that name them, and short ways to rewrite a source."""

from __future__ import annotations

from pathlib import Path

from compatkit.migration import Migration, Move, Versions
from compatkit.rewrite import Outcome, Rewritten, Unchanged, rewrite_source
from tests.shop import HEAD

MOVE = Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New")
SECOND = Move("CK102", "shop.core.old_home.Second", "shop.parts.second.Second")
MOVES = (MOVE, SECOND)
MIGRATION = Migration("shop-v2", "The shop moves.", Versions("1", "2"), moves=(MOVE,))
OLD = "from shop.core.old_home import Old\n"
NEW = "from shop.core.new_home import New as Old\n"
TOML = (
    HEAD
    + """
[[moves]]
code = "CK101"
old = "shop.core.old_home.Old"
new = "shop.core.new_home.New"
"""
)


def outcome_of(source: str | bytes, *, module: str = "shop.app", is_package: bool = False) -> Outcome:
    data = source.encode() if isinstance(source, str) else source
    return rewrite_source(data, module=module, is_package=is_package, moves=MOVES)


def rewritten(source: str | bytes, *, module: str = "shop.app", is_package: bool = False) -> str:
    outcome = outcome_of(source, module=module, is_package=is_package)
    assert isinstance(outcome, Rewritten), outcome
    return outcome.source.decode()


def messages(source: str | bytes, *, module: str = "shop.app") -> list[str]:
    """Return what is reported, as `line:column message`."""
    outcome = outcome_of(source, module=module)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return [f"{item.line}:{item.column} {item.message}" for item in outcome.findings]


def plant(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below `root`; return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def contents(root: Path) -> dict[str, bytes]:
    """Return every file below `root` with its bytes."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
