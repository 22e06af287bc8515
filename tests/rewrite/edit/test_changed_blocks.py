"""Parsing only the changed blocks is enough: nothing outside of a block can change its meaning."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compatkit.rewrite import RewriteError
from compatkit.rewrite.edit.edit import Edit
from compatkit.rewrite.edit.verify import check, find_blocks
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse

STATEMENTS = st.sampled_from(
    [
        "a = 1",
        "a = 1; b = 2",
        "if a: \\\n  b = 1",
        dedent(
            """\
            if a:
                b = '''
            c = 3
            '''"""
        ),
        dedent(
            """\
            @d
            @e
            def f(): return (
            1)"""
        ),
        "try:\n\tb\nexcept E:\n\tc",
        "x = '''a\n\\\n'''",
        "if a:\n    b = 1 \\\n\n",
        "a = 1; \\\n\\\n\n",
        "# comment",
        "# comment \\",
        "",
        "é = 'ü' # é",
        dedent(
            """\
            class A:
                def f(self): ...

                x = 1"""
        ),
    ]
)
TEXTS = st.sampled_from(
    [
        "",
        "z",
        "(",
        ")",
        "'''",
        '"',
        "\\",
        "\\\n",
        "\n",
        "\n  z",
        "z\n",
        "if z:",
        "else:",
        "#",
        ";",
        "; z",
        "\f",
        "import z",
    ]
)


def is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@given(st.lists(STATEMENTS, max_size=5).map("\n".join).filter(is_python), st.data())
@example("a = 1\nb = 2", None)
def test_what_the_check_lets_pass_leaves_every_other_statement_alone(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text))) if data else 0
    end = data.draw(st.integers(start, min(len(text), start + 6))) if data else 1
    new = data.draw(TEXTS) if data else "z"
    before, after = read_source(text.encode()), text[:start] + new + text[end:]
    changes = [Edit(start, end, new, "CK101", 0, "", binds_the_same=True)]
    tree = parse(text)
    try:
        check(before, tree, changes, after.encode(), binds_the_same=True)
    except RewriteError:
        return

    result = [ast.dump(statement) for statement in parse(after).body]
    blocks = find_blocks(before, tree, changes)
    touched = blocks[0].statements if blocks else tree.body
    first = tree.body.index(touched[0]) if touched else 0
    above = [ast.dump(statement) for statement in tree.body[:first]]
    below = [ast.dump(statement) for statement in tree.body[first + len(touched) :]]
    assert result[: len(above)] == above
    assert result[len(result) - len(below) :] == below


@pytest.mark.parametrize(
    ("text", "at", "statements"),
    [
        (
            dedent("""\
                a
                b
                c
                """),
            2,
            1,
        ),
        ("a; b\nc\n", 0, 2),
        (
            dedent(
                """\
                x = (
                1); b
                c
            """
            ),
            10,
            2,
        ),
        (
            dedent(
                """\
                @d
                def f(): pass
                b
                """
            ),
            1,
            1,
        ),
        ("a\n\nb", 4, 1),
    ],
)
def test_a_block_is_all_statements_of_its_lines(text: str, at: int, statements: int) -> None:
    source = read_source(text.encode())

    (block,) = find_blocks(source, ast.parse(text), [Edit(at, at, "", "CK101", 0, "")]) or ()

    assert len(block.statements) == statements


def test_a_change_outside_of_every_statement_has_no_block() -> None:
    source = read_source(b"a\n# b\nc\n")

    assert find_blocks(source, ast.parse(source.text), [Edit(3, 3, "", "CK101", 0, "")]) is None
