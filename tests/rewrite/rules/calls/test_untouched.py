"""Calls that must not change: those of other libraries, and uncertain ones, which are reported."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.options import Options
from compatkit.rewrite import Unchanged
from compatkit.rewrite.file.neighbours import Neighbours
from tests.shop.calls import SHOP, findings, outcome_of

SILENT = {
    "another_function": "import shop\nshop.look(where=1)\n",
    "another_module": "from market import buy\nbuy(1, where=2)\n",
    "a_function_of_that_name": dedent(
        """\
        import shop
        def buy(item, where): ...
        buy(1, where=2)
        """
    ),
    "a_method_of_an_unknown_object": "import shop\ndef f(client): return client.number\n",
    "a_parameter_of_that_name": "from shop import buy\ndef f(buy): buy(1, where=2)\n",
    "new_already": "import shop\nshop.buy(1, place=2, mode='card')\n",
    "the_argument_is_not_given": "import shop\nshop.buy(1)\n",
    "a_value_that_stayed": "import shop\nshop.pay(how='bank')\n",
    "a_bool_is_no_number": "import shop\nshop.pay(how=True)\n",
    "a_pattern_of_other_length": "import shop\nshop.a.b.pay(how='card')\n",
    "a_condition_that_does_not_hold": "import shop\nshop.Client().order(fast=False)\n",
    "text": "'shop.buy(1, where=2)'\n# shop.refund()\n",
    "an_ignored_line": "import shop\nshop.buy(1, where=2)  # compatkit: ignore[SH102]\n",
    "another_text": dedent(
        """\
        import shop
        getattr(shop.Client(), 'numbers')
        load(shop.Client(), 'number')
        """
    ),
    "a_method_of_another_class": dedent(
        """\
        import shop
        class A(shop.Till):
            def number(self): ...
        """
    ),
    "a_function_that_only_renames": "import shop\nmap(shop.pay, rows)\n",
    "a_list_of_them": "import shop\ndef f(c: 'list[shop.Client]'): return c.number\n",
    "new_home": "from shop.new import sell\nsell('till', 1)\n",
    "a_plain_class": dedent(
        """\
        class Client:
            def on_sold(self): ...
        import shop
        """
    ),
}


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_is_neither_touched_nor_reported(source: str) -> None:
    assert outcome_of(source) == Unchanged()


TILL = """
[[calls]]
code = "SH107"
of = "shop.Till"
rename = { money = "amount" }
"""
REPORTED = {
    "positions_in_a_list": ("import shop\nshop.buy(*a, where=1)\n", "`*args` or `**kwargs`"),
    "keywords_in_a_dict": ("import shop\nshop.buy(1, **k)\n", "`*args` or `**kwargs`"),
    "both_names": ("import shop\nshop.buy(1, where=1, place=2)\n", "both `where` and `place`"),
    "an_undeclared_position": ("import shop\nshop.buy(1, 2, 3)\n", "positional argument 3 is not declared"),
    "rebound_on_a_branch": (
        dedent(
            """\
            import shop
            if x:
                shop = y
            shop.buy(1, where=2)
            """
        ),
        "something else",
    ),
    "inside_an_f_string": ("import shop\nf'{shop.buy(1, where=2)}'\n", "f-string"),
    "a_partial": ("import shop, functools\nfunctools.partial(shop.buy, where=2)\n", "`functools.partial`"),
    "a_value_from_a_variable": ("import shop\nshop.pay(how=x)\n", "the value of `how` is not written here"),
    "a_dropped_effect": ("import shop\nshop.pay(verbose=f())\n", "does something when it is evaluated"),
    "a_walrus_by_position": ("import shop\nshop.buy(1, x := 2)\n", "would need parentheses"),
    "asked_for_review": ("import shop\nshop.Client().order(fast=True)\n", "a person's eye"),
    "what_to_say": ("import shop\nshop.refund()\n", "there are no refunds any more"),
    "a_removed_name": ("from shop import discount\n", "everything costs what it costs"),
    "a_name_in_a_removed_module": ("from shop.legacy.old import x\n", "everything costs what it costs"),
    "a_use_of_a_removed_name": ("import shop\nshop.discount(1)\n", "everything costs what it costs"),
    "a_removed_module_as_a_star": ("from shop.legacy import *\n", "everything costs what it costs"),
    "handed_on": (
        dedent(
            """\
            from shop.old import sell
            run(sell)
            sell(1)
            """
        ),
        "not called here",
    ),
    "under_another_name": (
        dedent(
            """\
            from shop.old import sell
            s = sell
            s(1)
            """
        ),
        "used under another name",
    ),
    "two_bindings": (
        dedent(
            """\
            try:
                from shop.old import sell
            except E:
                sell = f
            sell(1)
            """
        ),
        "something else",
    ),
    "exported": (
        dedent(
            """\
            from shop.old import sell
            __all__ = ['sell']
            sell(1)
            """
        ),
        "other files may import 'sell'",
    ),
    "a_comment_would_go": (
        dedent(
            """\
            import shop
            shop.pay(
                verbose=1,  # why
                how='card',
            )
            """
        ),
        "a comment would be",
    ),
    "a_generator": ("from shop.old import sell\nsell(x for x in y)\n", "generator"),
    "a_member_that_is_assigned": (
        dedent(
            """\
            import shop
            c = shop.Client()
            c.number = 1
            """
        ),
        "assigned to here",
    ),
    "a_member_that_is_added_to": (
        dedent(
            """\
            import shop
            c = shop.Client()
            c.number += 1
            """
        ),
        "assigned to here",
    ),
    "a_member_that_is_deleted": (
        dedent(
            """\
            import shop
            c = shop.Client()
            del c.number
            """
        ),
        "or deleted",
    ),
    "a_member_by_its_name": ("import shop\ngetattr(shop.Client(), 'number')\n", "a text names it"),
    "a_patched_member": ("import shop\nmock.patch.object(shop.Client, 'number')\n", "a text names it"),
    "a_value_by_its_name": ("import shop\nshop.Info['number']\n", "a text names it"),
    "an_override": (
        dedent(
            """\
            import shop
            class A(shop.Client):
                def number(self): ...
            """
        ),
        "a subclass defines it",
    ),
    "an_override_by_a_value": (
        dedent(
            """\
            import shop
            class A(shop.Client):
                number = 1
            """
        ),
        "a subclass defines it",
    ),
    "an_annotation_in_quotes": ("import shop\ndef f(c: 'shop.Client'): return c.number\n", "an annotation says so"),
    "an_optional_one": ("import shop\ndef f(c: shop.Client | None): return c.number\n", "an annotation says so"),
    "an_optional_one_by_name": (
        dedent(
            """\
            import shop
            from typing import Optional
            def f(c: Optional[shop.Client]): return c.number
            """
        ),
        "an annotation says so",
    ),
    "a_class_pattern": (
        dedent(
            """\
            import shop
            match x:
                case shop.Client(number=n): pass
            """
        ),
        "a class pattern asks for it",
    ),
    "a_tested_one": (
        dedent(
            """\
            import shop
            def f(c):
                if isinstance(c, shop.Client): c.number
            """
        ),
        "a subclass may be given",
    ),
    "one_that_is_left_after_a_test": (
        dedent(
            """\
            import shop
            def f(c):
                if not isinstance(c, shop.Client): return
                c.number
            """
        ),
        "a subclass may be given",
    ),
    "one_that_is_asserted": (
        dedent(
            """\
            import shop
            def f(c):
                assert isinstance(c, shop.Client)
                c.number
            """
        ),
        "a subclass may be given",
    ),
    "a_matched_one": (
        dedent(
            """\
            import shop
            match x:
                case shop.Client() as c: c.number
            """
        ),
        "a subclass may be given",
    ),
    "a_base_through_a_mixin": (
        dedent(
            """\
            import shop
            class M: pass
            class A(M, shop.Client): pass
            class B(A): pass
            def f(): return B().number
            """
        ),
        "may be a member of something else",
    ),
    "a_call_beside_the_new_one": (
        dedent(
            """\
            from shop import buy
            try:
                buy(1, place=2)
            except TypeError:
                buy(1, where=2)
            """
        ),
        "another branch uses the new form",
    ),
    "a_call_beside_the_new_name": (
        dedent(
            """\
            import shop.new
            from shop.old import sell
            if V2:
                shop.new.sell()
            else:
                sell(1)
            """
        ),
        "another branch uses the new form",
    ),
    "a_call_after_an_early_exit": (
        dedent(
            """\
            import shop.new
            from shop.old import sell
            def f():
                if V2: return shop.new.sell()
                return sell(1)
            """
        ),
        "another branch uses the new form",
    ),
    "a_call_in_one_line": (
        dedent(
            """\
            import shop.new
            from shop.old import sell
            x = shop.new.sell() if V2 else sell(1)
            """
        ),
        "another branch uses the new form",
    ),
    "a_member_beside_the_new_one": (
        dedent(
            """\
            import shop
            c = shop.Client()
            n = c.count if hasattr(c, 'count') else c.number
            """
        ),
        "another branch uses the new form",
    ),
    "a_call_in_another_case": (
        dedent(
            """\
            from shop import buy
            match version:
                case 2: buy(1, place=2)
                case _: buy(1, where=2)
            """
        ),
        "another branch uses the new form",
    ),
    "a_call_in_a_table_of_both": (
        "from shop import buy\nways = {1: lambda: buy(1, where=2), 2: lambda: buy(1, place=2)}\n",
        "another branch uses the new form",
    ),
    "a_member_in_a_chain_of_both": (
        "import shop\nc = shop.Client()\nn = hasattr(c, 'count') and c.count or c.number\n",
        "another branch uses the new form",
    ),
    "a_member_behind_a_question": (
        "import shop\nc = shop.Client()\nn = getattr(c, 'count', None) or c.number\n",
        "another branch uses the new form",
    ),
    "a_default_that_others_meet": ("import shop\nmap(shop.sum_up, rows)\n", "not called here"),
    "a_class_that_a_call_makes": (
        "import shop\ntype('X', (shop.Till,), {})(money=1)\n",
        "it is a subclass, made by a call",
    ),
    "one_that_has_a_name": (
        dedent("""\
            import shop
            X = type('X', (int, shop.Till), {'a': 1})
            X(money=1)
            """),
        "made by a call",
    ),
    "one_of_types": ("import shop, types\ntypes.new_class('X', (shop.Till,))(money=1)\n", "made by a call"),
    "one_of_a_class_of_this_file": (
        dedent("""\
            import shop
            class A(shop.Till): ...
            type('X', (A,), {})(money=1)
            """),
        "made by a call",
    ),
    "a_subclass": (
        dedent(
            """\
            import shop
            class A(shop.Client):
                def on_sold(self): ...
                def f(self): self.on_sold()
            """
        ),
        "called by its name",
    ),
}


@pytest.mark.parametrize(("source", "reason"), REPORTED.values(), ids=REPORTED)
def test_is_reported_and_left_alone(source: str, reason: str) -> None:
    outcome = outcome_of(source, SHOP + TILL)

    assert isinstance(outcome, Unchanged), outcome
    assert reason in " ".join(item.message for item in outcome.findings)
    assert outcome.findings


def test_a_name_that_another_file_takes_from_here_is_left_with_all_its_calls() -> None:
    source = "from shop.old import sell\nsell(1)\n"

    outcome = outcome_of(source, around=Neighbours(taken=frozenset({"sell"})))

    assert isinstance(outcome, Unchanged)
    assert "other files may import 'sell'" in outcome.findings[0].message


def test_one_call_that_is_not_certain_keeps_the_import_and_the_other_calls() -> None:
    source = dedent(
        """\
        from shop.old import sell
        sell(1)
        sell(*a)
        """
    )

    assert [line.split(" ", 2)[:2] for line in findings(source)] == [["SH101", "2"], ["SH101", "3"]]


def test_spread_arguments_are_reported_once_a_call() -> None:
    text = "".join(
        f'[[calls]]\ncode = "SH10{n}"\nof = "shop.buy"\nrename = {{ {old} = "{old}_new" }}\n'
        for n, old in enumerate("ab")
    )

    assert len(findings("import shop\nshop.buy(**k)\n", text)) == 1


MOVED = """
[[moves]]
code = "SH401"
old = "shop.old.Queue"
new = "shop.new.Channel"

[[moves]]
code = "SH402"
kind = "module"
old = "shop.io"
new = "shop.formats"

[[calls]]
code = "SH411"
of = "shop.old.Queue"
rename = { size = "capacity" }

[[calls]]
code = "SH412"
of = "shop.io.read"
pin = { mode = "slow" }

[[members]]
code = "SH421"
of = ["shop.old.Queue", "shop.io.Reader"]
v1 = "push"
v2 = "send"

[[members]]
code = "SH422"
of = "shop.new.Channel"
v1 = "put"
v2 = "push_all"
"""
WAITING = {
    "a_member": ("from shop.new import Channel\ndef f(q: Channel): q.push(1)\n", "SH421"),
    "a_member_below_a_module": ("from shop.formats import Reader\ndef f(r: Reader): r.push(1)\n", "SH421"),
    "an_argument": ("from shop.new import Channel\nChannel(**k)\n", "SH411"),
    "a_member_that_is_declared_under_the_new_name": ("from shop.old import Queue\ndef f(q: Queue): q.put()\n", "SH422"),
}


@pytest.mark.parametrize(("source", "code"), WAITING.values(), ids=WAITING)
def test_what_is_left_is_known_under_the_other_name_of_what_moved(source: str, code: str) -> None:
    assert code in [line.split(" ")[0] for line in findings(source, MOVED)]


def test_a_call_that_may_be_written_for_v2_already_is_given_no_old_default() -> None:
    assert outcome_of("from shop.formats import read\nread(1)\n", MOVED) == Unchanged()


def test_a_name_that_means_something_else_in_v2_is_left_alone() -> None:
    text = MOVED + dedent("""\
        [[members]]
        code = "SH423"
        of = "shop.old.Queue"
        v1 = "offer"
        v2 = "push"
        """)

    assert outcome_of("from shop.new import Channel\nChannel().push(1)\n", text) == Unchanged()


DECLARED = {
    "rebound": dedent(
        """\
        def f(c: shop.Client):
            c = load()
            return c.number
        """
    ),
    "rebound_on_a_branch": dedent(
        """\
        def f(c: shop.Client):
            if x:
                c = load()
            return c.number
        """
    ),
    "overridden_here": (
        dedent(
            """\
            class A(shop.Client):
                def number(self): ...
            def f(c: shop.Client): return c.number
            """
        )
    ),
    "patched": "mock.patch.object(shop.Client, 'number')\ndef f(c: shop.Client): return c.number\n",
    "given_something_else": "def f(c: shop.Client): return c.number\nf(shop.Info())\n",
    "a_list": "def f(c: list[shop.Client]): return c.number\n",
    "one_of_two_classes": "import x\ndef f(c: x.Client): return c.number\n",
}


@pytest.mark.parametrize("source", DECLARED.values(), ids=DECLARED)
def test_an_annotation_that_may_not_hold_is_not_relied_on(source: str) -> None:
    outcome = outcome_of("import shop\n" + source, options=Options(confidence="review"))

    assert isinstance(outcome, Unchanged), outcome


@pytest.mark.parametrize(
    ("row", "call", "reason"),
    [
        ('rename = { a = "c", b = "c" }', "shop.pay(a=1, b=2)", "both `b` and `a` are given"),
        ("pin = { digits = 2 }", "shop.pay(1, 5)", "positional argument 1 is not declared"),
        ('v1 = ["sum"]\npin = { digits = 2 }', "shop.pay(1, 5)", "positional argument 2 is not declared"),
    ],
)
def test_a_call_that_v2_would_refuse_is_not_made(row: str, call: str, reason: str) -> None:
    text = f'[[calls]]\ncode = "SH101"\nof = "shop.pay"\n{row}\n'
    source = f"import shop\n{call}\n"

    assert isinstance(outcome_of(source, text), Unchanged)
    (found,) = findings(source, text)
    assert reason in found
