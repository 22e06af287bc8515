"""Another class of the project is taken for a mixin, or for a double, only where it may be one."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree
from compatkit.migrate.report import remarks_of
from compatkit.options import Options
from tests.shop.calls import migration
from tests.shop.moves import plant

SHOP = migration(
    """
[[members]]
code = "SHOP301"
of = "shop.Level"
v1 = "draw"
v2 = "paint"
defined = true
[[hooks]]
code = "SHOP351"
of = "shop.Level"
name = "on_step"
v1 = ["number", "kind"]
v2 = ["number"]
"""
)
OPEN = dedent("""\
    import shop
    MIXINS = {}
    class Mine(MIXINS['own'], shop.Level):
        pass
    """)
OWN = "class Own:\n    def draw(self): ...\n"
NOTED = dedent("""\
    import shop
    def show(level: shop.Level):
        return level.draw()
    """)


def said(folder: Path, files: dict[str, str], options: Options = Options()) -> list[str]:  # noqa: B008 - immutable
    plant(folder, files)  # type: ignore[arg-type]
    remarks = remarks_of(plan_tree([folder], [SHOP], options, jobs=1), is_written=False)
    return [f"{Path(remark.path).name}:{remark.line} {remark.code}{' made' * remark.is_rewrite}" for remark in remarks]


SILENT = {
    "a class without the member": {"main.py": OPEN, "own.py": "class Own:\n    def other(self): ...\n"},
    "a hook as v2 calls it": {"main.py": OPEN, "own.py": "class Own:\n    def on_step(self, number): ...\n"},
    "a hook that takes any": {"main.py": OPEN, "own.py": "class Own:\n    def on_step(self, *given): ...\n"},
    "a name in a function": {
        "main.py": OPEN,
        "own.py": dedent("""\
            def draw():
                draw = 1
                return draw
            """),
    },
    "no declared base": {"main.py": OPEN.replace("shop.Level", "shop.Other"), "own.py": OWN},
    "one base": {
        "main.py": dedent("""\
            import shop
            class Mine(shop.Level):
                pass
            """),
        "own.py": OWN,
    },
    "a plain class of the project": {
        "main.py": dedent("""\
            import shop
            from log import Log
            class Mine(Log, shop.Level):
                pass
            """),
        "log.py": "class Log:\n    pass\n",
        "own.py": OWN,
    },
    "a class of another library": {
        "main.py": dedent("""\
            import enum, shop
            class Mine(shop.Level, enum.Enum):
                pass
            """),
        "own.py": OWN,
    },
    "ignored": {"main.py": OPEN.replace("Level):", "Level):  # compatkit: ignore[SHOP301]"), "own.py": OWN},
}
TOLD = {
    "a method": ({"main.py": OPEN, "own.py": OWN}, ["main.py:3 SHOP301"]),
    "a hook": (
        {"main.py": OPEN, "own.py": "class Own:\n    def on_step(self, number, kind): ...\n"},
        ["main.py:3 SHOP351"],
    ),
    "a base of a base": (
        {
            "main.py": dedent("""\
                import shop
                X = {}
                class Base(X['o']):
                    pass
                class Mine(Base, shop.Level):
                    pass
                """),
            "own.py": OWN,
        },
        ["main.py:5 SHOP301"],
    ),
    "a class that is handed on": (
        {
            "main.py": dedent("""\
                import shop
                from hub import Theirs
                class Mine(Theirs, shop.Level):
                    pass
                """),
            "hub.py": "from own import Own as Theirs\n",
            "own.py": OWN,
        },
        ["main.py:3 SHOP301"],
    ),
    "a hook of a mixin that is seen": (
        {
            "main.py": dedent("""\
                import shop
                from own import Own
                class Mine(Own, shop.Level):
                    pass
                """),
            "own.py": "class Own:\n    def on_step(self, number, kind): ...\n",
        },
        ["own.py:2 SHOP351"],
    ),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_can_be_no_mixin_is_silent(case: str, tmp_path: Path) -> None:
    assert said(tmp_path, SILENT[case]) == []


@pytest.mark.parametrize("case", TOLD)
def test_what_may_be_mixed_in_is_told_once(case: str, tmp_path: Path) -> None:
    files, expected = TOLD[case]

    assert said(tmp_path, files) == expected


@pytest.mark.parametrize(
    "other",
    [
        "class Other:\n    def paint(self): ...\n",
        "def draw(): ...\ndraw()\n",
        dedent("""\
            import shop
            class Own(shop.Level):
                pass
            """),
        "canvas.draw()\nname = 'draw'\n",
    ],
)
def test_what_is_annotated_is_rewritten_beside_what_is_no_double(other: str, tmp_path: Path) -> None:
    files = {"main.py": NOTED, "other.py": other}

    assert said(tmp_path, files, Options(confidence="review")) == ["main.py:3 SHOP301 made"]


@pytest.mark.parametrize(
    "double",
    [
        OWN,
        dedent("""\
            class Own:
                def __init__(self):
                    self.draw = print
            """),
        "class Own:\n    draw: int\n",
        "class Own:\n    __slots__ = ('draw',)\n",
        "from types import SimpleNamespace\ndef make(): return SimpleNamespace(draw=1)\n",
        "from collections import namedtuple\nOwn = namedtuple('Own', 'number draw')\n",
    ],
)
def test_what_is_annotated_is_left_beside_a_double(double: str, tmp_path: Path) -> None:
    files = {"main.py": NOTED, "own.py": double}

    assert said(tmp_path, files, Options(confidence="review")) == ["main.py:3 SHOP301"]
