"""Small migrations and their examples, on disk."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

HEAD = """\
schema = 1
id = "shop-v2"
summary = "The shop moves."
versions = { v1 = "1", v2 = "2" }
"""
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


def plant(folder: Path, text: str = HEAD + MOVE, **examples: str) -> Path:
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
