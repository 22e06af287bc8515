"""Changed calls, members and removed names in notebooks, texts and doctests: made on request, else reported."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten, Unchanged, rewrite_source
from compatkit.rewrite.rewrite_document import rewrite_document
from tests.rewrite.documents.test_notebook import cell, dump, sources
from tests.shop.calls import migration

SAFE, REVIEW = Options(), Options(confidence="review")
SHOP = migration()


def outcome_of(text: str, suffix: str, options: Options = REVIEW) -> Rewritten | Unchanged:
    outcome = rewrite_document(text.encode(), suffix=suffix, moves=(), migrations=[SHOP], options=options)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return outcome


def changed(text: str, suffix: str, options: Options = REVIEW) -> str:
    outcome = outcome_of(text, suffix, options)
    return outcome.source.decode() if isinstance(outcome, Rewritten) else text


def reasons(text: str, suffix: str, options: Options = REVIEW) -> str:
    return "\n".join(found.message for found in outcome_of(text, suffix, options).findings)


def fenced(code: str, language: str = "python") -> str:
    return f"# Title\n\n```{language}\n{code}```\n\nEnd of `shop`.\n"


def module(docstring: str) -> str:
    return f'"""Words.\n\n{docstring}"""\nimport os\n'


def doctested(source: str, options: Options = REVIEW) -> Rewritten | Unchanged:
    outcome = rewrite_source(
        source.encode(), module="app", is_package=False, moves=(), migrations=[SHOP], options=options
    )
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return outcome


SILENT = {
    "another library": "import market\nmarket.buy(1, where=2)\n",
    "an argument that is not given": "import shop\nshop.buy(1, place=2)\n",
    "prose only": "# shop.buy(1, where=2)\n",
}


@pytest.mark.parametrize("code", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("options", [SAFE, REVIEW])
def test_is_neither_touched_nor_reported(code: str, options: Options) -> None:
    lines = "".join(f">>> {line}\n" for line in code.splitlines())

    assert outcome_of(fenced(code), ".md", options) == Unchanged()
    assert outcome_of(dump(cell(code)), ".ipynb", options) == Unchanged()
    assert doctested(module(lines), options) == Unchanged()


CODE, RESULT = "import shop\nshop.pay(how=1)\n", 'import shop\nshop.pay(how="once")\n'


def test_by_default_a_notebook_is_only_reported() -> None:
    text = dump(cell(CODE))

    assert changed(text, ".ipynb", SAFE) == text
    assert "made with --confidence review" in reasons(text, ".ipynb", SAFE)


def test_by_default_a_text_is_only_reported() -> None:
    assert changed(fenced(CODE), ".md", SAFE) == fenced(CODE)
    assert "made with --confidence review" in reasons(fenced(CODE), ".md", SAFE)


def test_by_default_a_doctest_is_only_reported() -> None:
    source = module(">>> import shop\n>>> shop.pay(how=1)\n")

    outcome = doctested(source, SAFE)

    assert isinstance(outcome, Unchanged)
    assert "made with --confidence review" in outcome.findings[0].message


@pytest.mark.parametrize("cells", [[cell(CODE)], [cell(["import shop\n"]), cell(["shop.pay(how=1)\n", "x = 1"])]])
def test_cells_of_a_notebook_are_rewritten_together(cells: list[dict[str, object]]) -> None:
    text = dump(*cells)

    result = sources(changed(text, ".ipynb"))

    assert "".join(result) == "".join(sources(text)).replace("how=1", 'how="once"')


def test_nothing_but_the_call_changes_in_a_notebook() -> None:
    text = json.dumps(json.loads(dump(cell(CODE, outputs=[{"text": ["shop.pay(how=1)"]}]))), indent="\t")

    assert changed(text, ".ipynb") == text.replace("shop.pay(how=1)", 'shop.pay(how=\\"once\\")', 1)


def test_import_and_calls_in_several_cells_change_together() -> None:
    text = dump(cell("from shop.old import sell"), cell("sell(1)"), cell("%time sell(2)"))

    assert sources(changed(text, ".ipynb")) == [
        "from shop.new import sell",
        'sell("till", item=1)',
        '%time sell("till", item=2)',
    ]


@pytest.mark.parametrize("language", ["python", "py", "{code-block} python"])
def test_fenced_block_is_rewritten(language: str) -> None:
    assert changed(fenced(CODE, language), ".md") == fenced(RESULT, language)


def test_directive_of_restructured_text_is_rewritten() -> None:
    text = dedent(
        """\
        Shop
        ====

        .. code-block:: python

            import shop
            shop.pay(how=1)

        End.
        """
    )

    assert changed(text, ".rst") == text.replace("how=1", 'how="once"')


def test_doctests_of_a_docstring_are_rewritten_and_its_prose_is_not() -> None:
    source = module(
        dedent(
            """\
            shop.pay(how=1) is old.

            >>> import shop
            >>> shop.pay(how=1)
            shop.pay(how=1)
            """
        )
    )

    outcome = doctested(source)

    assert isinstance(outcome, Rewritten)
    assert outcome.source.decode() == source.replace(">>> shop.pay(how=1)", '>>> shop.pay(how="once")')


def test_doctest_beside_calls_of_the_module_is_rewritten_with_them() -> None:
    source = '"""Words.\n\n>>> import shop\n>>> shop.pay(how=1)\n"""\nimport shop\nshop.buy(1, where=2)\n'

    outcome = doctested(source.replace('"""', "'''"))

    assert isinstance(outcome, Rewritten)
    assert b'>>> shop.pay(how="once")' in outcome.source
    assert b"shop.buy(1, place=2, mode=" in outcome.source


REPORTED = {
    "what is gone": (dump(cell("import shop\nshop.refund()")), ".ipynb", "there are no refunds"),
    "a removed import": (fenced("from shop import discount\n"), ".md", "everything costs"),
    "a spread": (dump(cell("import shop\nshop.buy(**k)")), ".ipynb", "`*args` or `**kwargs`"),
    "a cell that cannot be read uses it": (
        dump(cell("from shop.old import sell\nsell(1)"), cell("sell(2\n")),
        ".ipynb",
        "not valid Python",
    ),
    "a guide to the new name": (
        fenced(
            dedent(
                """\
                import shop
                shop.buy(1, where=2)
                shop.buy(1, place=2)
                """
            )
        ),
        ".md",
        "about",
    ),
    "a guide to the new home": (
        fenced("from shop.old import sell\nsell(1)\n") + "Better take `shop.new.sell`, to which the till is given.\n",
        ".md",
        "about the change",
    ),
}


@pytest.mark.parametrize(("text", "suffix", "reason"), REPORTED.values(), ids=REPORTED)
def test_is_reported_and_left_alone(text: str, suffix: str, reason: str) -> None:
    assert changed(text, suffix) == text
    assert reason in reasons(text, suffix)


def test_code_that_cannot_be_read_and_cannot_be_broken_leaves_the_rest_free() -> None:
    text = dump(cell(CODE), cell("shop.pay(how=1\n"))

    assert sources(changed(text, ".ipynb"))[0] == RESULT
    assert "not valid Python" in reasons(text, ".ipynb")


def test_ignored_line_is_left_alone() -> None:
    text = dump(cell("import shop\nshop.pay(how=1)  # compatkit: ignore[SH103]\n"))

    assert outcome_of(text, ".ipynb") == Unchanged()


LINES = st.sampled_from(
    [
        "import shop",
        "from shop.old import sell",
        "shop.pay(how=1)",
        "sell(1)",
        "sell(2, price=3)",
        "%time shop.buy(1, 2)",
        "!ls",
        "x = shop.Client()",
        "x.number",
        "shop.refund()",
        "def f():",
        "    return shop.buy(1, where=2)",
        "'''",
        ">>> shop.pay(how=1)",
        "é = '\\n'",
        "sell(",
    ]
)
CELLS = st.lists(st.lists(LINES, max_size=4).map("\n".join), min_size=1, max_size=3)


@given(CELLS, st.sampled_from([SAFE, REVIEW]))
def test_second_run_over_a_notebook_changes_nothing(cells: list[str], options: Options) -> None:
    once = changed(dump(*map(cell, cells)), ".ipynb", options)

    assert changed(once, ".ipynb", options) == once


@given(CELLS)
def test_second_run_over_a_text_changes_nothing(cells: list[str]) -> None:
    once = changed("".join(fenced(f"{cell}\n") for cell in cells), ".md")

    assert changed(once, ".md") == once


@given(CELLS, st.sampled_from([".ipynb", ".md", ".rst"]))
def test_by_default_no_document_is_changed(cells: list[str], suffix: str) -> None:
    text = dump(*map(cell, cells)) if suffix == ".ipynb" else "".join(fenced(f"{cell}\n") for cell in cells)

    assert changed(text, suffix, SAFE) == text


@given(st.text(), st.sampled_from([".ipynb", ".md", ".rst"]))
def test_any_text_has_an_outcome(text: str, suffix: str) -> None:
    given_text = (text + "\n" + CODE).encode("utf-8", "replace")

    outcome = rewrite_document(given_text, suffix=suffix, moves=(), migrations=[SHOP], options=REVIEW)

    assert isinstance(outcome, Rewritten | Unchanged | Failed)


BROKEN_WITH_COMMON_WORDS = {
    "a word of a command": dedent("""\
        import torchx

        run --old.sell 2 --market
        """),
    "another library's": "from market import sell\nsell(2\n",
    "an attribute of that name": "import shop\nprint(box.sell\n",
}


@pytest.mark.parametrize("name", BROKEN_WITH_COMMON_WORDS)
def test_code_that_cannot_be_read_and_only_has_such_a_word_is_not_told(name: str) -> None:
    assert reasons(fenced(BROKEN_WITH_COMMON_WORDS[name]), ".md") == ""


UNREADABLE = {
    "another package's module of the same name": "from bazaar import old\nold.sell(1\n",
    "another package's, named in full": "bazaar.old.sell(1\n",
    "the library alone": "import shop\nopen(1\n",
    "a module of another package on the way": "from bazaar.buy import io\nopen(1\n",
}


@pytest.mark.parametrize("code", UNREADABLE.values(), ids=UNREADABLE)
def test_code_that_cannot_be_read_and_is_another_librarys_is_not_reported(code: str) -> None:
    text = dump(cell("import shop\nshop.open()\n"), cell(code))

    assert "not valid Python" not in reasons(text, ".ipynb")


@pytest.mark.parametrize(
    "code", ["from shop import old\nold.sell(1\n", "shop.old.sell(1\n", "import shop as s\ns.buy(where=1\n"]
)
def test_code_that_cannot_be_read_and_is_the_librarys_is_reported(code: str) -> None:
    text = dump(cell("import shop\nshop.open()\n"), cell(code))

    assert "not valid Python" in reasons(text, ".ipynb")


SPEND = migration(
    """
[[calls]]
code = "SH201"
of = "shop.spend"
v1 = ["item", "count", "how"]
values = { how = [["card", "contactless"]] }

[[calls]]
code = "SH202"
of = "shop.desk.Clerk.greet"
v1 = ["name"]
asks = ["name"]
say = "greet nobody by name"
"""
)


@pytest.mark.parametrize(
    ("code", "is_told"),
    [
        ("import shop\nshop.spend(1, [2, 3])\nprint x\n", False),
        ("import shop\nshop.spend(1, (2, 'card'))\nprint x\n", False),
        ("import shop\nshop.spend(1, 2, 'card')\nprint x\n", True),
        ("import shop\nshop.spend(1, *more)\nprint x\n", True),
        ("import shop\nshop.spend(1, **more)\nprint x\n", True),
        ("import shop\nshop.spend(1, how='card')\nprint x\n", True),
        ("import shop\nshop.spend(1, # (\n 2, 'card')\nprint x\n", True),
        ("import shop\nshop.spend(1, \nprint x\n", True),
        ("import shop\nshop.spend(1)\nvisitor.greet('you')\nprint x\n", False),
        ("import shop\nshop.spend(1)\nclerk.greet('you')\nprint x\n", True),
        ("import shop\nshop.spend(1)\nvisitor = shop.desk.any()\nvisitor.greet('you')\nprint x\n", True),
    ],
)
def test_code_that_cannot_be_read_is_told_of_what_it_may_give(code: str, is_told: bool) -> None:
    outcome = rewrite_document(dump(cell(code)).encode(), suffix=".ipynb", moves=(), migrations=[SPEND], options=REVIEW)

    assert isinstance(outcome, Unchanged)
    assert ["not valid Python" in found.message for found in outcome.findings] == [True] * is_told
