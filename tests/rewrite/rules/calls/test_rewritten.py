"""Calls that are rewritten, and their exact text afterwards."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.options import Options
from compatkit.rewrite import Unchanged
from tests.shop.calls import findings, outcome_of, rewritten

CASES = {
    "lone_carriage_return": (
        "import shop\nshop.buy(\n    \r1,\r    where=2, mode=3)\n",
        "import shop\nshop.buy(\n    \r1,\r    place=2, mode=3)\n",
    ),
    "line_break_inside_an_argument": (
        dedent(
            """\
            import shop
            shop.buy([1
            , 2], where=(
            3), mode=4
            ,
            )
            """
        ),
        dedent(
            """\
            import shop
            shop.buy([1
            , 2], place=(
            3), mode=4
            ,
            )
            """
        ),
    ),
    "comment_between_a_name_and_its_sign": (
        dedent(
            """\
            import shop
            shop.buy(1, where # a
             # b
             = 2, mode=3)
            """
        ),
        dedent(
            """\
            import shop
            shop.buy(1, place # a
             # b
             = 2, mode=3)
            """
        ),
    ),
    "backslash_before_an_empty_line": (
        "import shop\nif shop:\n    shop.buy(1, where=2, mode=3) \\\n\ny = 1\n",
        "import shop\nif shop:\n    shop.buy(1, place=2, mode=3) \\\n\ny = 1\n",
    ),
    "two_backslashes_before_an_empty_line": (
        "import shop\r\nif shop: shop.buy(1, where=2, mode=3) \\\r\n\\\r\n \r\n",
        "import shop\r\nif shop: shop.buy(1, place=2, mode=3) \\\r\n\\\r\n \r\n",
    ),
    "renamed": ("import shop\nshop.buy(1, where=2, mode=3)\n", "import shop\nshop.buy(1, place=2, mode=3)\n"),
    "position_to_name": (
        "import shop\nshop.buy(1, 2, mode=3)\n",
        "import shop\nshop.buy(1, place=2, mode=3)\n",
    ),
    "default_written_out": ("import shop\nshop.buy(1, 2)\n", 'import shop\nshop.buy(1, place=2, mode="cash")\n'),
    "quotes_of_the_call": (
        "import shop\nshop.buy('a', where=2)\n",
        "import shop\nshop.buy('a', place=2, mode='cash')\n",
    ),
    "value": ("import shop\nshop.pay(how='card')\n", "import shop\nshop.pay(how='contactless')\n"),
    "number": ("import shop\nshop.pay(how=1)\n", 'import shop\nshop.pay(how="once")\n'),
    "pattern": ("import shop.web\nshop.web.pay(how=1)\n", 'import shop.web\nshop.web.pay(how="once")\n'),
    "dropped_first": ("import shop\nshop.pay(verbose=1, a=2)\n", "import shop\nshop.pay(a=2)\n"),
    "dropped_last": ("import shop\nshop.pay(a=2, verbose=1)\n", "import shop\nshop.pay(a=2)\n"),
    "dropped_only": ("import shop\nshop.pay(verbose=1,)\n", "import shop\nshop.pay()\n"),
    "dropped_line": (
        dedent(
            """\
            import shop
            shop.pay(
                a=2,  # two
                verbose=1,
            )
            """
        ),
        dedent(
            """\
            import shop
            shop.pay(
                a=2,  # two
                verbose=1,
            )
            """
        ),
    ),
    "inserted_before_the_first_line": (
        dedent(
            """\
            import shop
            shop.old.sell(
                1,
            )
            """
        ),
        dedent(
            """\
            import shop
            shop.new.sell(
                "till",
                item=1,
            )
            """
        ),
    ),
    "carriage_returns": (
        "import shop\r\nshop.buy(\r\n    1,\r\n    2,\r\n)\r\n",
        'import shop\r\nshop.buy(\r\n    1,\r\n    place=2,\r\n    mode="cash",\r\n)\r\n',
    ),
    "inner_and_outer": (
        "import shop\nshop.buy(1, shop.buy(2, 3))\n",
        'import shop\nshop.buy(1, place=shop.buy(2, place=3, mode="cash"), mode="cash")\n',
    ),
    "import_and_calls": (
        dedent(
            """\
            from shop.old import sell, other
            sell(1)
            other()
            """
        ),
        dedent(
            """\
            from shop.old import other
            from shop.new import sell
            sell("till", item=1)
            other()
            """
        ),
    ),
    "imported_twice": (
        "".join(f"def {name}():\n    from shop.old import sell\n    sell()\n" for name in "fg"),
        "".join(f'def {name}():\n    from shop.new import sell\n    sell("till")\n' for name in "fg"),
    ),
    "module_alias": (
        "import shop.old as o\no.sell()\n",
        'import shop.new as o\no.sell("till")\n',
    ),
    "parenthesised_argument": ("import shop\nshop.buy(1, (2))\n", 'import shop\nshop.buy(1, place=(2), mode="cash")\n'),
    "member_of_an_instance": (
        dedent(
            """\
            import shop
            client = shop.Client()
            print(client.number)
            """
        ),
        dedent(
            """\
            import shop
            client = shop.Client()
            print(client.count)
            """
        ),
    ),
    "member_of_what_a_call_returns": (
        dedent(
            """\
            import shop
            with shop.connect() as client:
                print(client.info.number)
            """
        ),
        dedent(
            """\
            import shop
            with shop.connect() as client:
                print(client.info.count)
            """
        ),
    ),
    "member_of_the_class": ("import shop\nprint(shop.Info.number)\n", "import shop\nprint(shop.Info.count)\n"),
    "member_in_a_pattern": (
        dedent(
            """\
            import shop
            match x:
                case shop.Info.number:
                    pass
            """
        ),
        dedent(
            """\
            import shop
            match x:
                case shop.Info.count:
                    pass
            """
        ),
    ),
    "member_inside_a_rewritten_argument": (
        dedent(
            """\
            import shop
            c = shop.Client()
            shop.buy(1, c.number)
            """
        ),
        dedent(
            """\
            import shop
            c = shop.Client()
            shop.buy(1, place=c.count, mode="cash")
            """
        ),
    ),
    "hook": (
        dedent(
            """\
            import shop
            class A(shop.Client):
                def on_sold(self): ...
            """
        ),
        dedent(
            """\
            import shop
            class A(shop.Client):
                def on_sale(self): ...
            """
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_is_rewritten(before: str, after: str) -> None:
    if before == after:
        assert "a comment would be lost" in " ".join(findings(before))
    else:
        assert rewritten(before) == after


@pytest.mark.parametrize("after", [after for _, after in CASES.values()], ids=CASES)
def test_a_second_run_changes_nothing(after: str) -> None:
    assert not hasattr(outcome_of(after), "source")


def test_review_is_made_on_request() -> None:
    source = "import shop\nshop.Client().order(fast=True)\n"

    assert "order(express=True)" in rewritten(source, options=Options(confidence="review"))


def test_a_code_that_is_not_selected_is_left_alone() -> None:
    source = dedent(
        """\
        import shop
        shop.buy(1, where=2)
        shop.pay(how=1)
        """
    )

    assert rewritten(source, options=Options(select=frozenset({"SH103"}))) == source.replace("how=1", 'how="once"')


ANNOTATED = {
    "a_member": "import shop\ndef f(c: shop.Client): return c.{}\n",
    "in_quotes": "import shop\ndef f(c: 'shop.Client'): return c.{}\n",
    "or_none": "import shop\ndef f(c: shop.Client | None = None): return c.{}\n",
    "by_keyword_only": "from shop import Client\ndef f(*, c: Client): return c.{}\n",
    "called_here_with_one": dedent(
        """\
        import shop
        def f(c: shop.Client): return c.{}
        f(shop.Client())
        """
    ),
}


@pytest.mark.parametrize("source", ANNOTATED.values(), ids=ANNOTATED)
def test_an_annotated_parameter_is_relied_on_with_confidence_review(source: str) -> None:
    before, after = source.format("number"), source.format("count")

    assert rewritten(before, options=Options(confidence="review")) == after
    assert "an annotation says so" in " ".join(findings(before))


def test_a_method_of_an_annotated_parameter_is_called_otherwise_with_confidence_review() -> None:
    source = "import shop\ndef f(c: shop.Client): c.order(fast=True)\n"

    assert "order(express=True)" in rewritten(source, options=Options(confidence="review"))


# The function of the part goes, and that of the package stays.
UP = """
[[calls]]
code = "SH108"
of = "shop.part.sell"
to = "shop.sell"
"""
REACHED = {
    "the_package": ("import shop\n", "shop.sell"),
    "the_package_by_another_name": ("import shop as sh\n", "sh.sell"),
}
NOT_REACHED = {
    "no_import": "",
    "an_import_on_a_branch": "if x:\n    import shop\n",
    "an_import_that_may_have_failed": dedent("""\
        try:
            import shop
        except ImportError:
            shop = None
        """),
    "a_package_beside": "import shop.other as shop\n",
    "a_rebound_name": "import shop\nshop = f()\n",
    "a_star": "import shop\nfrom other import *\n",
}


@pytest.mark.parametrize(("imported", "new"), REACHED.values(), ids=REACHED)
def test_name_that_moved_up_is_read_of_its_package_and_not_of_the_part(imported: str, new: str) -> None:
    source = f"{imported}import shop.part as P\ndef f(x):\n    return P.buy(P.sell(x))\n"

    assert rewritten(source, UP) == source.replace("P.sell", new)


@pytest.mark.parametrize("imported", NOT_REACHED.values(), ids=NOT_REACHED)
def test_no_import_is_made_to_stand_for_a_package_above(imported: str) -> None:
    source = f"{imported}import shop.part as P\ndef f(x):\n    return P.sell(x)\n"

    assert isinstance(outcome_of(source, UP), Unchanged)
    assert [finding[:5] for finding in findings(source, UP)] == ["SH108"]


def test_a_parameter_of_the_packages_name_hides_it() -> None:
    (found,) = findings(
        dedent("""\
            import shop
            import shop.part as P
            def f(shop):
                return P.sell(shop)
            """),
        UP,
    )

    assert "no import above surely brings shop" in found


def branches(test: str, given: str = "fast, args, mode") -> str:
    return dedent(f"""\
        import shop
        V2 = True
        def f({given}):
            if {test}:
                shop.buy(1, place=2, mode=3)
            else:
                shop.buy(1, where=2, mode=3)
        """)


@pytest.mark.parametrize("test", ["fast", "not args.fast", "mode == 'quick' and args['n'] > 3", "mode in ('a', 'b')"])
def test_a_choice_by_what_a_function_is_given_is_none_between_releases(test: str) -> None:
    assert rewritten(branches(test)) == branches(test).replace("where=2", "place=2")


@pytest.mark.parametrize(
    "test",
    [
        "V2",
        "fast and V2",
        "is_new",
        "on_torch2",
        "args.version > 3",
        "mode == 'v2'",
        "mode >= '2.0'",
        "args.has_new_api",
        "hasattr(args, 'fast')",
        "args.fast()",
        "shop.fast",
        "True",
    ],
)
def test_a_choice_that_may_be_between_releases_is_left(test: str) -> None:
    assert isinstance(outcome_of(branches(test, "fast, args, mode, is_new, on_torch2")), Unchanged)
