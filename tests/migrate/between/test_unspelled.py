"""Arguments that a call may pass on unseen are reported only where a file of the project spells them."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree
from compatkit.migration import parse_migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged
from tests.shop.moves import plant

ROWS = parse_migration(
    dedent(
        """\
        schema = 1
        id = "shop-v2"
        summary = "Shop."
        versions = { v1 = "1", v2 = "2" }

        [[calls]]
        code = "SH101"
        of = "shop.buy"
        rename = { where = "place" }

        [[calls]]
        code = "SH102"
        of = "shop.pay"
        v1 = ["item", "how"]
        when = { how = ["credit-card"] }
        say = "there are no cards any more"

        [[members]]
        code = "SH201"
        of = "shop.Client"
        v1 = "till"
        say = "ask the market"

        [[removed]]
        code = "SH301"
        name = "shop.tally"
        say = "count yourself"
        """
    )
)
HANDS_ON = dedent("""\
    import shop

    def buy(**options):
        return shop.buy(1, **options)
    """)
CHOOSES = dedent("""\
    import shop

    def pay(how):
        return shop.pay(1, how)
    """)
ASKS = dedent("""\
    import shop
    class A(shop.Client):
        def f(self):
            for n in self.names: getattr(self, n)
    """)
LISTS = dedent("""\
    import shop
    class A(shop.Client):
        def f(self, name):
            return name in self.__dict__
    """)
OF_SELF = dedent("""\
    import shop
    class A:
        def f(self):
            given = self.given or {}
            shop.buy(1, **given)
    """)


def told(root: Path, files: dict[str, str]) -> list[str]:
    found = plan_tree([plant(root, dict(files))], [ROWS], Options(confidence="review"), jobs=1)
    outcomes = [result.outcome for result in found.results if isinstance(result.outcome, Rewritten | Unchanged)]
    return [finding.message for outcome in outcomes for finding in outcome.findings]


def notebook(code: str) -> str:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": code}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


STILL_TOLD = {
    "a key of another file": {"a.py": HANDS_ON, "b.py": 'OPTIONS = {"where": 1}\n'},
    "an argument of another file": {"a.py": HANDS_ON, "b.py": "import a\na.buy(where=1)\n"},
    "a configuration": {"a.py": HANDS_ON, "c.yaml": "where: 1\n"},
    "an option of a command line": {"a.py": HANDS_ON, "b.py": 'parser.add_argument("--where")\n'},
    "the file itself": {"a.py": f"{HANDS_ON}\nkey = 'where'\n"},
    "what is read while it runs": {"a.py": "import json, shop\nshop.buy(1, **json.load(open('o')))\n"},
    "what was read under a name": {
        "a.py": "import json, shop\ndef f():\n    o = json.load(open('o'))\n    shop.buy(1, **o)\n"
    },
    "arguments of a command line": {"a.py": "import shop\nshop.buy(1, **vars(parser.parse_args()))\n"},
    "a part of a configuration": {"a.py": "import shop\ndef f(cfg):\n    shop.buy(1, **cfg.shop)\n"},
    "positions": {"a.py": "import shop\ndef f(*all):\n    shop.buy(*all)\n"},
    "a member of another file": {"a.py": ASKS, "b.py": "NAMES = ['till']\n"},
    "a member of a configuration": {"a.py": LISTS, "c.yaml": "names: [till]\n"},
    "all members, which nobody has to spell": {"a.py": "import shop\nprint(vars(shop.Client()))\n"},
    "a value of another file": {"a.py": CHOOSES, "b.py": 'import a\na.pay("credit-card")\n'},
    "a key in a notebook": {"a.py": HANDS_ON, "n.ipynb": notebook('import a\na.buy(**{"where": 1})\n')},
    "words of a text in a notebook": {"a.py": HANDS_ON, "n.ipynb": notebook('NAMES = "how where".split()\n')},
    "what a notebook hands on": {"n.ipynb": notebook(HANDS_ON), "b.py": "OPTIONS = dict(where=1)\n"},
    "what a text with code hands on": {"t.md": f"```python\n{HANDS_ON}```\n", "c.yaml": "where: 1\n"},
}


@pytest.mark.parametrize("name", STILL_TOLD)
def test_what_the_project_spells_or_reads_is_reported(name: str, tmp_path: Path) -> None:
    assert told(tmp_path, STILL_TOLD[name])


@pytest.mark.parametrize("source", [HANDS_ON, OF_SELF, CHOOSES, ASKS, LISTS])
def test_what_no_file_spells_is_not_told(source: str, tmp_path: Path) -> None:
    assert told(tmp_path, {"a.py": source, "b.py": "wherever = 1\n"}) == []


@pytest.mark.parametrize("source", [HANDS_ON, OF_SELF, CHOOSES])
def test_what_no_file_spells_is_not_told_in_a_notebook(source: str, tmp_path: Path) -> None:
    assert told(tmp_path, {"n.ipynb": notebook(source), "b.py": "wherever = 1\n"}) == []


def test_positions_that_are_spread_with_names_are_told_of_a_row_that_says_where_it_stands(tmp_path: Path) -> None:
    both = "import shop\ndef f(*all, **given):\n    shop.{}(*all, **given)\n"

    assert told(tmp_path, {"a.py": both.format("pay")})
    assert not told(tmp_path, {"a.py": both.format("buy")})


def test_what_is_gone_is_told_where_it_is_named(tmp_path: Path) -> None:
    made = "import importlib\ndef f(m, n): return getattr(importlib.import_module(m), n)()\n"
    files = {"a.py": made, "b.py": "from shop import tally\n", "c.yaml": "made: shop.tally\n"}

    assert told(tmp_path, files) == [
        "shop.tally is gone: count yourself",
        "names shop.tally: it is gone: count yourself",
    ]


ORDERS = "import shop\n\ndef order(item, **options):\n    return shop.buy(item, **options)\n"
ELSEWHERE = "import other\nother.go(where=1)\n"


@pytest.mark.parametrize(
    "caller",
    [
        "",
        "from app import order\norder(1)\n",
        "from app import order\norder(1, size=(2, 3))\n",
        "from app import (\n    order,\n)\nif x: order(1, size=2)\n",
        "import app\n# app.order(1)\napp.order(1)\n",
    ],
)
def test_what_no_call_gives_to_a_function_that_takes_any_keywords_is_not_told(caller: str, tmp_path: Path) -> None:
    assert told(tmp_path, {"app.py": ORDERS, "main.py": caller, "other_one.py": ELSEWHERE}) == []


@pytest.mark.parametrize(
    ("orders", "caller"),
    [
        (ORDERS, "from app import order\norder(1, where=2)\n"),
        (ORDERS, "from app import order\norder(1, **more)\n"),
        (ORDERS, "from app import order\norder(*more)\n"),
        (ORDERS, "from app import order\nuse(order)\n"),
        (ORDERS, "from app import order as o\no(1, where=2)\n"),
        (ORDERS, "import app\nf = app.order\nf(1, where=2)\n"),
        (ORDERS, "import app\ngetattr(app, 'order')(1, where=2)\n"),
        (ORDERS, "from functools import partial\nfrom app import order\npartial(order, where=2)(1)\n"),
        (ORDERS.replace("order(", "__init__("), ""),
        (ORDERS.replace("    return", "    options['where'] = 2\n    return"), ""),
        (ORDERS.replace("    return", "    options = make()\n    return"), ""),
    ],
)
def test_what_some_call_may_give_to_such_a_function_is_reported(orders: str, caller: str, tmp_path: Path) -> None:
    assert told(tmp_path, {"app.py": orders, "main.py": caller, "other_one.py": ELSEWHERE})


def test_what_a_configuration_may_give_to_such_a_function_is_reported(tmp_path: Path) -> None:
    files = {"app.py": ORDERS, "conf.yaml": "_target_: app.order\nwhere: 2\n"}

    assert told(tmp_path, files)


@pytest.mark.parametrize(("text", "is_told"), [("In any order. Use `order(1)`.\n", False), ("`order(**more)`\n", True)])
def test_prose_gives_nothing_and_code_in_it_may(text: str, is_told: bool, tmp_path: Path) -> None:
    files = {"app.py": ORDERS, "README.md": text, "other_one.py": ELSEWHERE}

    assert bool(told(tmp_path, files)) == is_told
