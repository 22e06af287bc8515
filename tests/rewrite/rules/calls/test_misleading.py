"""No finding misleads: not about code that is already new, another library's, or moved on."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.migration import parse_migration
from compatkit.options import Options
from compatkit.rewrite import Unchanged, rewrite_source
from compatkit.rewrite.outcome import Outcome, Rewritten
from tests.shop import HEAD
from tests.shop.calls import findings

ROWS = """
[[calls]]
code = "SH102"
of = "shop.buy"
rename = { where = "place" }

[[calls]]
code = "SH103"
of = "shop.Client"
rename = { where = "place" }

[[calls]]
code = "SH104"
of = "shop.weigh"
when = { grams = [1, 2] }
say = "say which scale"

[[calls]]
code = "SH105"
of = "shop.weigh"
asks = ["grams"]
add = { scale = "kitchen" }
confidence = "review"

[[calls]]
code = "SH106"
of = "shop.Basket"
to = "shop.bags.Basket"
pin = { size = 1 }
remove = "2"

[[members]]
code = "SH201"
of = "shop.Client"
v1 = "till"
say = "ask self.market.till"

[[members]]
code = "SH202"
of = "shop.Client"
v1 = "label"
own = true
say = "keep it yourself"

[[members]]
code = "SH203"
of = "shop.Client"
v1 = "parse"
say = "parse it yourself"

[[members]]
code = "SH204"
of = "shop.ClientOptions"
v1 = "till"
say = "ask self.market.till"

[[moves]]
code = "SH101"
old = "shop.utils.prices.round_up"
new = "shop.money.round_up"

[[removed]]
code = "SH301"
name = ["shop.utils.prices"]
say = "prices are gone"

[[removed]]
code = "SH302"
name = ["shop.tills"]
say = "use shop.till"
since = "1.9"

[[removed]]
code = "SH303"
name = "shop.Client.haggle"
anywhere = true
say = "use market.haggle"
"""
OUT_OF_SIGHT = "import shop, far\nfar.keep(shop.Client())\n"
SILENT = {
    "of options of a command line": f"{OUT_OF_SIGHT}def main(args): return args.till\n",
    "of a configuration": f"{OUT_OF_SIGHT}def main(shop_config): return shop_config.market.till\n",
    "spelled as the row says": f"{OUT_OF_SIGHT}class A:\n    def f(self): return self.market.till\n",
    "settings by their annotation": f"{OUT_OF_SIGHT}def f(c: DictConfig): return c.till\n",
    "an object that went out of sight makes none": f"{OUT_OF_SIGHT}def f(c): return c.open(where=1)\n",
    "options of a command line": f"{OUT_OF_SIGHT}args = parser.parse_args()\nprint(args.till)\n",
    "options of a command line that has more": (
        f"{OUT_OF_SIGHT}(args, rest) = parser.parse_known_args()\nprint(args.till)\n"
    ),
    "an import of what is called by another name now, by its use": "from shop import Basket\nBasket(size=2)\n",
    "classes of this file": dedent(
        """\
        import shop, far
        far.keep(shop.buy)
        class A: ...
        class B: ...
        def f(x):
            made = A if x else B
            made(where=1)
        """
    ),
    "another name among all": "import shop\nprint('other' in shop.Client().__dict__)\n",
    "a method of a class's own": dedent("""\
        import shop
        class A(shop.Client):
            def parse(self): ...
        """),
    "a method of any object, without the library": "def f(x): x.haggle()\n",
    "a function of a module": "import shop, trade\ntrade.haggle()\n",
    "a method of an object that is known": (
        dedent("""\
            import shop
            class A:
                def haggle(self): ...
                def f(self): self.haggle()
            A().haggle()
            """)
    ),
    "an attribute that holds a module is no double of it": dedent(
        """\
        import shop
        class A:
            def __init__(self): self.lib = shop
            def f(self, where): self.lib.buy(1)
        """
    ),
    "a method that is spelled as the row says": "import shop\ndef f(x): x.market.haggle(1)\n",
    "what a class may keep for itself is no double": dedent(
        """\
        import shop
        class A(shop.Client):
            def f(self):
                self.label = 1
                self.label = getattr(self, "label", 2)
        """
    ),
}
TOLD = {
    "a class that went out of sight": (
        dedent("""\
            import shop, far
            far.keep(shop.Client)
            def f(c): c(where=1)
            """),
        "SH103 3",
    ),
    "one of this file or another": (
        dedent("""\
            import shop, far
            far.keep(shop.buy)
            class A: ...
            def f(x):
                made = A if x else x
                made(where=1)
            """),
        "SH102 6",
    ),
    "this name among all": ("import shop\nprint('till' in shop.Client().__dict__)\n", "SH201 2"),
    "all names": ("import shop\nprint(shop.Client().__dict__)\n", "SH201 2"),
    "of anything": (f"{OUT_OF_SIGHT}def f(c): return c.till\n", "SH201 3"),
    "of another object's": (f"{OUT_OF_SIGHT}def f(c): return c.market.till\n", "SH201 3"),
    "behind what is spelled so": (f"{OUT_OF_SIGHT}class A:\n    def f(self): return self.market.x.till\n", "SH201 4"),
    "options of a class that is called so": (
        dedent("""\
            import shop, far
            far.keep(shop.ClientOptions())
            def f(options): return options.till
            """),
        "SH204 3",
    ),
    "one of two that are returned": (f"{OUT_OF_SIGHT}c, rest = far.get()\nc.till\n", "SH201 4"),
    "settings that are bound twice": (
        f"{OUT_OF_SIGHT}def f(c: DictConfig):\n    c = far.get()\n    c.till\n",
        "SH201 5",
    ),
    "data of a class's own": (
        dedent("""\
            import shop
            class A(shop.Client):
                till = 1
            """),
        "SH201 3",
    ),
    "an annotation": ("import shop.utils\ndef f(x: list[shop.utils.prices.Price]): ...\n", "SH301 2"),
    "what did not move": ("from shop.utils.prices import round_down\n", "SH301 1"),
    "an import of what is gone, which nothing uses": ("from shop import Basket\n", "SH106 1 shop.Basket is gone"),
    "a module that an object keeps": (
        dedent("""\
            import shop
            class A:
                def g(self): self.lib = shop
                def f(self, n): self.lib.buy(1, where=n)
            """),
        "SH102 4",
    ),
    "a method of any object": ("import shop\ndef f(x): x.open().haggle()\n", "SH303 2 shop.Client.haggle is gone"),
    "what is still there": ("import shop\nshop.tills()\n", "SH302 2 shop.tills is deprecated: use shop.till"),
}


def outcome_of(source: bytes, rows: str) -> Outcome:
    migration = parse_migration(HEAD + rows)
    return rewrite_source(
        source,
        module="app",
        is_package=False,
        moves=migration.moves,
        migrations=[migration],
        options=Options(),
    )


@pytest.mark.parametrize("name", SILENT)
def test_is_not_reported(name: str) -> None:
    assert findings(SILENT[name], ROWS) == []


@pytest.mark.parametrize(("source", "said"), TOLD.values(), ids=TOLD)
def test_is_still_reported(source: str, said: str) -> None:
    assert any(found.startswith(said) for found in findings(source, ROWS))


def test_an_argument_that_one_finding_is_about_is_not_told_twice() -> None:
    found = findings("import shop\ndef f(n): shop.weigh(grams=n)\n", ROWS, Options(confidence="review"))

    assert [finding.split()[0] for finding in found] == ["SH104"]


def test_a_report_names_the_argument_that_it_is_about() -> None:
    assert findings("import shop\nshop.weigh(1, grams=2)\n", ROWS) == ["SH104 2 shop.weigh: grams; say which scale"]


def test_an_import_that_stays_as_it_is_is_not_told_as_rewritten() -> None:
    outcome = outcome_of(
        b"import shop as s\ns.PIECES\n",
        dedent("""\
            [[moves]]
            code = "SH101"
            old = "shop.PIECES"
            new = "shop.pieces"
            """),
    )

    assert isinstance(outcome, Rewritten)
    assert [edit.message for edit in outcome.edits] == ["s.PIECES -> s.pieces"]


def test_a_place_that_may_mean_many_names_is_told_once() -> None:
    choice = "shop.Client if x else shop.buy if y else shop.weigh"
    source = dedent(f"""\
        import shop
        def f(x, y, n):
            made = {choice}
            made(where=n, grams=n)
        """)

    (found,) = findings(source, ROWS)

    assert found.startswith("SH10")
    assert all(name in found for name in ("Client", "buy", "weigh"))


def test_a_call_and_a_name_that_move_share_an_import_and_go_in_one_run() -> None:
    rows = """
    [[moves]]
    code = "SH101"
    old = "shop.Price"
    new = "shop.money.Price"

    [[calls]]
    code = "SH102"
    of = "shop.Basket"
    to = "shop.bags.Basket"
    """
    before = b"from shop import Basket, Price, Till\n\nBasket(Price, Till)\n"

    outcome = outcome_of(before, dedent(rows))

    assert isinstance(outcome, Rewritten)
    assert (
        outcome.source
        == b"from shop import Till\nfrom shop.bags import Basket\nfrom shop.money import Price\n\nBasket(Price, Till)\n"
    )
    assert [(edit.code, edit.line) for edit in outcome.edits] == [("SH101", 1), ("SH102", 1)]
    assert outcome.findings == ()


def test_what_moved_out_of_a_module_that_is_gone_is_rewritten_and_not_called_gone() -> None:
    outcome = outcome_of(b"from shop.utils.prices import round_up\n", ROWS)

    assert isinstance(outcome, Rewritten)
    assert (outcome.source, outcome.findings) == (b"from shop.money import round_up\n", ())


def test_a_text_about_another_name_of_a_module_is_told_of_the_package_that_moved() -> None:
    rows = """
    [[moves]]
    code = "SH101"
    kind = "module"
    old = "shop"
    new = "market"

    [[moves]]
    code = "SH102"
    old = "shop.tills.Base"
    new = "market.tills.Till"
    """
    outcome = outcome_of(b"raise E('give a shop.tills.Other callback')\n", dedent(rows))

    assert isinstance(outcome, Unchanged)
    assert [finding.code for finding in outcome.findings] == ["SH101"]


HANDED = """
[types]
"shop.Clerk.*(client)" = "shop.Client"

[[members]]
code = "SH201"
of = "shop.Client"
v1 = "number"
v2 = "count"

[[members]]
code = "SH202"
of = "shop.Clerk"
v1 = "on_sold"
defined = true
say = "it is gone"
"""


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (
            dedent("""\
                import shop
                class A(shop.Clerk):
                    def f(self, client): return client.number
                """),
            ["SH201 3"],
        ),
        (
            dedent("""\
                import shop
                class A(shop.Clerk):
                    def f(self, other): return other.number
                """),
            [],
        ),
        (
            dedent("""\
                import shop
                class A:
                    def f(self, client): return client.number
                """),
            [],
        ),
        (
            dedent("""\
                import shop
                class A(shop.Clerk):
                    def f(self, client: Till): return client.till
                """),
            [],
        ),
        ("import shop\ndef f(client): return client.number\n", []),
    ],
)
def test_what_the_library_hands_to_methods_is_known_by_its_name(source: str, lines: list[str]) -> None:
    assert [" ".join(found.split()[:2]) for found in findings(source, HANDED)] == lines


def subclass(body: str, decorator: str = "") -> str:
    return f"import shop\n{decorator}class Own(shop.Client):\n    {body}\nOwn(where=2)\n"


def test_an_argument_that_is_a_field_of_the_class_itself_is_not_the_librarys() -> None:
    assert findings(subclass("where: int = 1", "@dataclasses.dataclass\n"), ROWS) == []
    assert findings(subclass("where: int = 1", "@dataclass(frozen=True)\n"), ROWS) == []


@pytest.mark.parametrize("body", ["where: int = 1", "where = 1", "def where(self): ..."])
def test_an_argument_that_a_class_keeps_under_its_name_is_not_rewritten(body: str) -> None:
    outcome = outcome_of(subclass(body).encode(), ROWS)

    assert isinstance(outcome, Unchanged)
    assert [finding.code for finding in outcome.findings] == ["SH103"]


def test_another_argument_of_a_class_with_fields_is_rewritten_or_told() -> None:
    assert isinstance(outcome_of(subclass("till: int = 1").encode(), ROWS), Rewritten)
    assert findings(subclass("till: int = 1", "@dataclass\n"), ROWS) != []
