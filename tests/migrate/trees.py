"""Small source trees on disk, and the migration that the tests here apply to them."""

from __future__ import annotations

from pathlib import Path

from compatkit.migration import Migration, Move, Versions

MOVE = Move("CK101", "shop.core.old_home.Old", "shop.core.new_home.New")
MIGRATION = Migration("shop-v2", "Move the shop.", Versions("1", "2"), moves=(MOVE,))
OLD = "from shop.core.old_home import Old\n"
NEW = "from shop.core.new_home import New as Old\n"
TOML = """
schema = 1
id = "shop-v2"
summary = "Move the shop."
versions = { v1 = "1", v2 = "2" }

[[moves]]
code = "CK101"
old = "shop.core.old_home.Old"
new = "shop.core.new_home.New"
"""


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
