"""`shop.old.Widget` that moved to `shop.new.Gadget`: the migration with its examples, and a project, on disk."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from tests.shop import HEAD

MOVE = """
[[moves]]
code = "SHOP101"
old = "shop.old.Widget"
new = "shop.new.Gadget"
"""
OLD = dedent(
    """\
    class Widget:
        def __init__(self, name):
            self.name = name
    """
)
NEW = OLD.replace("Widget", "Gadget")
BEFORE = dedent(
    """\
    # runnable
    from shop.old import Widget

    widget = Widget('w')
    print(widget.name)
    """
)
AFTER = BEFORE.replace("old import Widget", "new import Gadget as Widget")


def plant_migration(folder: Path, text: str = HEAD + MOVE, **examples: str) -> Path:
    """Write a migration, and files into its folder `examples`; in a name `__` is a slash and `_` a full stop."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "migration.toml"
    file.write_text(text, encoding="utf-8")
    for name, source in examples.items():
        place = folder / "examples" / name.replace("__", "/").replace("_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        suffix = ".py" if name.startswith("v") else ".txt"
        place.with_name(place.name + suffix).write_text(source, encoding="utf-8")
    return file


def make_shop(folder: Path) -> Path:
    """Write a project that has the new home alone into a folder that need not exist, and return the folder."""
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "new.py").write_text("class Gadget: pass\n")
    (folder / "migration.toml").write_text(HEAD + MOVE)
    (folder / "pyproject.toml").write_text('[tool.compatkit]\nmigrations = ["migration.toml"]\n')
    return folder
