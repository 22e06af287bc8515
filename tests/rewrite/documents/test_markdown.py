"""Texts with code: fenced blocks, directives and doctests are rewritten on request; prose never is."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Move
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged
from tests.shop.documents import OLD, changed, findings, run

IMPORT = "from shop.core.old_home import Old"
IMPORTED = "from shop.core.new_home import New as Old"


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".md", f"{IMPORT}\n"),
        (".md", f"See `{OLD}`.\n"),
        (".md", f"```\n{IMPORT}\n```\n"),
        (".md", f"```bash\n{IMPORT}\n```\n"),
        (".md", f"```pythonic\n{IMPORT}\n```\n"),
        (".md", f"````text\n```python\n{IMPORT}\n```\n````\n"),
        (".md", f"```python\n{IMPORT}\nx = = 1\n```\n"),
        (
            ".md",
            dedent(
                """\
                ```python
                import shop.core.old_home
                ```
                ```python
                shop.core.old_home.Old(
                ```
                """
            ),
        ),
        (".md", f"Before:\n```python\n{IMPORT}\n```\nAfter:\n```python\n{IMPORTED}\n```\n"),
        (".md", f"Now in shop.core.new_home.New.\n```python\n{IMPORT}\n```\n"),
        (".rst", f"```python\n{IMPORT}\n```\n"),
        (".rst", f".. code-block:: bash\n\n   {IMPORT}\n"),
        (".rst", f"Text::\n\n   {IMPORT}\n"),
        (".rst", f".. code-block:: python\n\n{IMPORT}\n"),
        (".rst", f".. automodule:: {OLD}\n"),
    ],
)
def test_is_reported_and_not_changed(suffix: str, text: str) -> None:
    assert changed(text, suffix) == text
    assert findings(text, suffix)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (
            ".md",
            dedent("""\
                ```python
                {}
                ```
                """),
        ),
        (
            ".md",
            dedent("""\
                ~~~~ py

                {}

                ~~~~~
                """),
        ),
        (
            ".md",
            dedent(
                """\
                - x

                  ```python title='a'
                  {}

                  Old()
                  ```
                """
            ),
        ),
        (
            ".md",
            dedent("""\
                ```{{code-block}} python
                {}
                ```
                """),
        ),
        (".md", "```python\r\n{}\r\n```\r\n"),
        (".md", "é ```x```\n```Python\n{}"),
        (
            ".md",
            dedent(
                """\
                >>> {}
                >>> Old()
                1
                """
            ),
        ),
        (
            ".md",
            dedent("""\
                ```pycon
                >>> {}
                ```
                """),
        ),
        (
            ".rst",
            dedent(
                """\
                .. code-block:: python
                   :linenos:

                   é = 1
                   {}

                After.
                """
            ),
        ),
        (".rst", "  .. code:: python\n\n     def f():\n         {}\n"),
        (
            ".rst",
            dedent("""\
                Text::

                   >>> {}
                """),
        ),
    ],
)
def test_code_is_rewritten_on_request_and_nothing_else(suffix: str, text: str) -> None:
    assert changed(text.format(IMPORT), suffix) == text.format(IMPORTED)


def test_code_is_only_reported_by_default() -> None:
    text = f"# é\n```python\nx = 1\n{IMPORT}\n```\n"

    assert changed(text, ".md", Options()) == text
    assert [(one.line, one.column, one.confidence) for one in findings(text, ".md", Options())] == [(4, 1, "review")]


def test_added_line_is_indented_as_its_block() -> None:
    text = f"1. x\n   ```python\n   {IMPORT}, Kept\n   ```\n"

    assert changed(text, ".md") == (
        f"1. x\n   ```python\n   from shop.core.old_home import Kept\n   {IMPORTED}\n   ```\n"
    )


def test_added_line_of_a_doctest_has_its_prompt() -> None:
    text = f"  >>> def f():\n  ...     {IMPORT}, Kept\n  >>> {IMPORT}, Kept\n"
    kept = "from shop.core.old_home import Kept"

    assert changed(text, ".md") == (
        f"  >>> def f():\n  ...     {kept}\n  ...     {IMPORTED}\n  >>> {kept}\n  >>> {IMPORTED}\n"
    )


def test_blocks_share_their_names() -> None:
    text = dedent(
        """\
        ```python
        import shop.core.old_home
        ```
        and
        ```python
        shop.core.old_home.Old()
        ```
        """
    )

    assert changed(text, ".md") == text.replace("old_home.Old", "new_home.New").replace("old_home", "new_home")


def test_edit_names_its_place() -> None:
    outcome = run(f"é\n\n```python\n{IMPORT}, Kept\n```\n", ".md")

    assert isinstance(outcome, Rewritten)
    assert [(one.line, one.column, one.added_lines) for one in outcome.edits] == [(4, 1, 1)]


def test_text_without_names_is_unchanged() -> None:
    assert run("Our shop has an old home, and an Old one.\n", ".md") == Unchanged()


PARTS = st.sampled_from(
    [
        "```python\n",
        "```\n",
        "  ```py\n",
        "~~~\n",
        f"{IMPORT}\n",
        f"  {IMPORT}, Kept\n",
        f">>> {IMPORT}\n",
        "... x\n",
        "shop.core.old_home.Old\n",
        "import shop.core.old_home\n",
        ".. code-block:: python\n",
        "\n",
        "   x = 'shop.core.old_home.Old'\n",
        "é (\n",
    ]
)
TEXTS = st.lists(PARTS, max_size=12).map("".join)
KINDS = st.sampled_from([".md", ".rst"])


@given(TEXTS, KINDS, st.sampled_from(["\n", "\r\n", "\r"]))
def test_second_run_changes_nothing(text: str, suffix: str, newline: str) -> None:
    once = changed(text.replace("\n", newline), suffix)

    assert changed(once, suffix) == once


@given(TEXTS, KINDS, st.sampled_from(["\n", "\r\n"]))
def test_lines_without_old_names_are_copied(text: str, suffix: str, newline: str) -> None:
    def others(content: str) -> list[str]:
        return [line for line in content.split(newline) if "shop" not in line]

    text = text.replace("\n", newline)
    assert others(changed(text, suffix)) == others(text)


@pytest.mark.parametrize(
    ("block", "is_told"),
    [
        ("log.weigh(1", False),
        ("self.log.weigh(1", False),
        ("shop.core.scales.weigh(1", True),
        ("sc.weigh(1", True),
        ("counter.weigh(1", True),
        ("core.scales.weigh(1", True),
        ("shop.weigh(1", False),
        ("core.weigh(1", False),
        ("far.weigh(1", False),
    ],
)
def test_a_function_of_a_module_is_not_the_method_of_anything(block: str, is_told: bool) -> None:
    weigh = Move(code="SH199", old="shop.core.scales.weigh", new="shop.core.weigh")
    imports = "from shop.core import scales as counter\nimport far"
    text = f"```python\n{imports}\n```\n```python\n\n{block}\n```\n"

    found = findings(text, ".md", moves=(weigh,))

    assert any(finding.line > 3 for finding in found) == is_told


def test_an_address_that_holds_the_new_home_is_not_about_the_change() -> None:
    move = Move(code="SH198", old="shop_core", new="shop.core", kind="module")
    text = dedent("""\
        See [it](https://shop.io/api/shop.core.page.html).

        ```python
        import shop_core as sc
        ```
        """)

    outcome = run(text, ".md", moves=(move,))

    assert isinstance(outcome, Rewritten)
    assert b"import shop.core as sc" in outcome.source


def test_a_name_that_moves_within_its_module_is_not_meant_by_the_module_alone() -> None:
    move = Move(code="SH197", old="shop.Inf", new="shop.inf")

    assert (
        findings(
            dedent("""\
                ```python
                import shop
                shop.sell(
                ```
                """),
            ".md",
            moves=(move,),
        )
        == ()
    )
    assert (
        findings(
            dedent("""\
                ```python
                import shop
                shop.Inf(
                ```
                """),
            ".md",
            moves=(move,),
        )
        != ()
    )


def test_a_name_in_an_address_is_about_the_release_of_its_page() -> None:
    address = f"https://shop.io/api/1.0/#{OLD}"

    assert findings(f"See [it]({address}), {address}\n", ".md") == ()
    assert len(findings(f"See [it]({address}) {OLD}\n", ".md")) == 1
