"""Where a migration names the class of v2's records, keys that are asked of a record become attributes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import make_dataclass
from textwrap import dedent
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten, rewrite_source
from compatkit.rewrite.record_rules import rewrite_records_and_arguments as find_modern
from tests.rewrite.modern import applied, migration, reports

RECORD = 'record = "shop.till.Sale"\n'
ROWS = dedent("""\
    [[fields]]
    code = "SH201"
    v1 = "amt"
    v2 = "amount"
    [[producers]]
    code = "SH251"
    function = "shop.till.Till.close"
    """)
OBJECTS = migration(RECORD + ROWS)
MAPPINGS = migration(ROWS)
START = "from shop.till import Till\nsales = Till().close()\n"


def rewritten(source: str) -> str:
    return applied(find_modern, START + source, [OBJECTS]).removeprefix(START)


def told(source: str) -> list[str]:
    return reports(find_modern, START + source, [OBJECTS])


UNTOUCHED = {
    "a_plain_dict": "m = {'amt': 1}\nm['amt']\n",
    "an_unknown_call": "load()[0]['amt']\n",
    "a_row_by_its_number": "sales[0]\n",
    "a_dict_of_its_own": "{'amt': sales[0]}['amt']\n",
    "an_attribute": "sales[0].amount\n",
    "another_method": "Till().open()[0]['amt']\n",
    "a_rebound_name": "sales = load()\nsales[0]['amt']\n",
}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_is_neither_touched_nor_reported(body: str) -> None:
    assert rewritten(body) == body
    assert told(body) == []


STILL_REWRITTEN = {
    "any_error_awaited": dedent("""\
        try:
            {}
        except Exception:
            pass
        """),
    "all_errors_awaited": dedent("""\
        try:
            {}
        except:
            pass
        """),
    "the_right_error_as_well": dedent(
        """\
        try:
            {}
        except (KeyError, AttributeError):
            pass
        """
    ),
    "in_the_handler": dedent("""\
        try:
            pass
        except KeyError:
            {}
        """),
    "in_the_else": dedent("""\
        try:
            pass
        except KeyError:
            pass
        else:
            {}
        """),
    "another_error": "with contextlib.suppress(IndexError):\n    {}\n",
    "after_a_print": "print(sales)\n{}\n",
    "after_a_library_that_reads": dedent(
        """\
        import pandas
        pandas.DataFrame(sales)
        {}
        """
    ),
    "after_a_logger": "log.info('%s', sales)\n{}\n",
    "before_it_is_changed_elsewhere": "{}\ngrow(sales)  # compatkit: ignore\n",
}


@pytest.mark.parametrize("body", STILL_REWRITTEN.values(), ids=STILL_REWRITTEN)
def test_is_rewritten_all_the_same(body: str) -> None:
    before = f"sales = Till().close()\n{body}"

    assert rewritten(before.format("sales[0]['amt']")) == before.format("sales[0].amount")


REPORTED = {
    "a_key_error_awaited": (
        dedent("""\
            try:
                sales[0]['amt']
            except KeyError:
                pass
            """),
        "KeyError is awaited",
    ),
    "one_of_two_errors": (
        dedent(
            """\
            try:
                sales[0]['amt']
            except (IndexError, LookupError):
                pass
            """
        ),
        "LookupError is",
    ),
    "an_error_suppressed": ("with contextlib.suppress(KeyError):\n    sales[0]['amt']\n", "KeyError is awaited"),
    "an_error_expected": ("with pytest.raises(KeyError):\n    f'{sales[0][\"amt\"]}'\n", "KeyError is awaited"),
    "written_as_json": ("import json\njson.dumps(sales)\n", "no form in a text"),
    "given_to_code_elsewhere": ("from shop.show import show\nshow(sales)\n", "code that is not seen"),
    "one_given_to_code_elsewhere": ("from shop.show import show\nshow(sale=sales[0])\n", "code that is not seen"),
    "kept_by_another_object": (
        dedent(
            """\
            import a
            a.sales = sales
            sales[0]['amt']
            """
        ),
        "something that is no record",
    ),
    "a_store": ("sales[0]['amt'] = 1\n", "which read one key"),
    "an_augmented_store": ("sales[0]['amt'] += 1\n", "which read one key"),
    "a_deletion": ("del sales[0]['amt']\n", "which read one key"),
    "a_default": ("sales[0].get('amt', 0)\n", "which read one key"),
    "a_pop": ("sales[0].pop('amt')\n", "which read one key"),
    "a_question": ("'amt' in sales[0]\n", "which read one key"),
    "a_getter": ("import operator\nsorted(sales, key=operator.itemgetter('amt'))\n", "which read one key"),
    "a_key_in_a_variable": ("key = 'amt'\nsales[0][key]\n", "not written out"),
    "a_key_that_is_no_name": ("sales[0]['unit price']\n", "cannot be called so"),
    "a_keyword": ("sales[0]['class']\n", "cannot be called so"),
    "a_copy": ("dict(sales[0])\n", "`dict` does not take it"),
    "a_display": ("{**sales[0]}\n", "cannot be spread"),
    "spread_arguments": ("f(**sales[0])\n", "cannot be spread"),
    "its_items": ("sales[0].items()\n", "no `items`"),
    "a_loop": ("for key in sales[0]:\n    pass\n", "iterated over"),
    "a_comprehension": ("[key for key in sales[0]]\n", "iterated over"),
    "a_format": ("'%(amt)s' % sales[0]\n", "finds no keys"),
    "a_merge": ("sales[0] | {}\n", "merged"),
    "a_parameter_here": (
        dedent(
            """\
            def f(rows):
                return rows[0]['amt']
            f(sales)
            """
        ),
        "no record, too",
    ),
    "another_branch": (
        dedent(
            """\
            m = sales[0]
            if x:
                m = load()
            m['amt']
            """
        ),
        "no record, too",
    ),
    "a_dict_put_among_them": ("sales.append({'amt': 1})\nsales[0]['amt']\n", "put among the records"),
    "a_word_twice_in_an_f_string": ("f\"{sales[0]['amt']} {load()['amt']}\"\n", "in another place"),
    "a_comment_in_the_brackets": ("sales[0][  # the sum\n    'amt']\n", "which read one key"),
}


@pytest.mark.parametrize(("body", "reason"), REPORTED.values(), ids=REPORTED)
def test_is_reported_and_not_touched(body: str, reason: str) -> None:
    assert rewritten(body) == body
    (report,) = told(body)
    assert reason in report


REWRITTEN = {
    "brackets": ("sales[0]['amt']", "sales[0].amount"),
    "a_key_that_keeps_its_name": ("sales[0]['day']", "sales[0].day"),
    "get": ("sales[0].get('amt')", "sales[0].amount"),
    "get_over_lines": (
        dedent(
            """\
            sales[0].get(
                'amt',
            )"""
        ),
        "sales[0].amount",
    ),
    "parentheses": ("(sales[0])['amt']", "(sales[0]).amount"),
    "spaces": ("sales[0] [ 'amt' ]", "sales[0] .amount"),
    "a_loop": ("for s in sales:\n    print(s['amt'], s['day'])", "for s in sales:\n    print(s.amount, s.day)"),
    "a_comprehension": ("[s['amt'] for s in sales]", "[s.amount for s in sales]"),
    "a_lambda": ("max(sales, key=lambda s: s['amt'])['day']", "max(sales, key=lambda s: s.amount).day"),
    "an_f_string": ("f\"{sales[0]['amt']:.2f} of {sales[0]['day']}\"", 'f"{sales[0].amount:.2f} of {sales[0].day}"'),
    "directly": ("Till().close()[-1]['amt']", "Till().close()[-1].amount"),
    "an_argument": ("f(x=sales[0]['amt'] + 1)", "f(x=sales[0].amount + 1)"),
}


@pytest.mark.parametrize(("before", "after"), REWRITTEN.values(), ids=REWRITTEN)
def test_a_key_becomes_an_attribute(before: str, after: str) -> None:
    assert rewritten(before + "\n") == after + "\n"
    assert rewritten(after + "\n") == after + "\n"


def test_records_that_are_mappings_keep_their_brackets() -> None:
    after = applied(find_modern, START + "sales[0]['amt'], sales[0]['day']\n", [MAPPINGS])

    assert after == START + "sales[0]['amount'], sales[0]['day']\n"


def through_the_engine(source: str, used: Migration, options: Options = Options()) -> str:  # noqa: B008 - immutable
    outcome = rewrite_source(
        source.encode(), module="app", is_package=False, moves=used.moves, migrations=[used], options=options
    )
    return outcome.source.decode() if isinstance(outcome, Rewritten) else source


def test_it_is_made_by_default_because_the_old_spelling_does_not_go_on_working() -> None:
    source = START + "print(f\"{sales[0]['amt']}\", sales[0].get('day'))\n"

    assert through_the_engine(source, OBJECTS) == START + 'print(f"{sales[0].amount}", sales[0].day)\n'
    assert through_the_engine(source, MAPPINGS) == source


def test_its_code_can_be_ignored() -> None:
    source = START + "print(sales[0]['amt'])\n"

    assert through_the_engine(source, OBJECTS, Options(ignore=frozenset({"SH201"}))) == source


PIECES = (
    "sales[{n}]['amt']",
    "sales[{n}].get('day')",
    "[s['amt'] for s in sales]",
    "max(sales, key=lambda s: s['amt'])['day']",
    "sum(s['amt'] for s in sales if s['day'] == 'monday')",
    "f\"{{sales[{n}]['amt']}} on {{sales[{n}]['day']}}\"",
    "sorted(s['amt'] * {n} for s in reversed(sales))",
)


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.integers(-2, 1)), min_size=1, max_size=4))
def test_rewritten_code_gives_of_objects_what_it_gave_of_dicts(pieces: list[tuple[str, int]]) -> None:
    lines = [f"out.append({piece.format(n=number)})" for piece, number in pieces]
    source = START + "out = []\n" + "\n".join(lines) + "\n"
    sale = make_dataclass("Sale", ["amount", "day"])
    dicts = [{"amt": 3, "day": "monday"}, {"amt": 5, "day": "friday"}]

    after = through_the_engine(source, OBJECTS)

    assert ran(source, dicts) == ran(after, [sale(*row.values()) for row in dicts])


def ran(source: str, sales: list[object] | list[dict[str, object]]) -> object:
    module = ModuleType("shop.till")
    module.Till = type("Till", (), {"close": lambda _: sales})  # type: ignore[attr-defined]
    bound: dict[str, object] = {}
    kept: Mapping[str, ModuleType] = {name: sys.modules[name] for name in ("shop", "shop.till") if name in sys.modules}
    sys.modules |= {"shop": ModuleType("shop"), "shop.till": module}
    try:
        exec(compile(source, "app", "exec"), bound)
    finally:
        del sys.modules["shop"], sys.modules["shop.till"]
        sys.modules |= kept
    return bound["out"]
