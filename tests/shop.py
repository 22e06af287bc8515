"""A small project that moved `shop.old.Widget` to `shop.new.Gadget`: the new home is there, the old one is gone."""

from __future__ import annotations

from pathlib import Path

MIGRATION = """
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
[[moves]]
code = "CK101"
old = "shop.old.Widget"
new = "shop.new.Gadget"
"""


def make_shop(folder: Path) -> Path:
    """Write the project into a folder that need not exist, and return the folder."""
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "new.py").write_text("class Gadget: pass\n")
    (folder / "migration.toml").write_text(MIGRATION)
    (folder / "pyproject.toml").write_text('[tool.compatkit]\nmigrations = ["migration.toml"]\n')
    return folder
