"""What cannot be processed is `Failed`, with a reason, a place and a hint, and is never rewritten by half."""

from __future__ import annotations

import ast
import pickle

import pytest

from compatkit.rewrite import Failed, RewriteError
from compatkit.rewrite.check import check
from compatkit.rewrite.place import FileModule, find_sites
from compatkit.rewrite.plan import plan
from tests.rewrite.moves import MOVES, outcome_of

IMPORT = b"from shop.core.old_home import Old\n"
RESULT = b"from shop.core.new_home import New as Old\n"


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        (IMPORT + b"def f(:\n", 2, "not valid Python"),
        (IMPORT + b"print 'x'\n", 2, "not valid Python"),
        (IMPORT + b"x = '\x00'\n", 0, "null bytes"),
        (IMPORT + b"\n\nx = '\xff'\n", 4, "not utf-8: byte 0xff"),
        (b"# coding: no-such-codec\n" + IMPORT, 0, "unknown encoding"),
        (b"# coding: rot13\n" + IMPORT, 0, "not a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n" + IMPORT, 0, "encoding problem"),
        (IMPORT + b"x = " + b"(" * 500 + b")" * 500, 2, "not valid Python"),
    ],
)
def test_unreadable_source_fails_with_reason_place_and_hint(source: bytes, line: int, reason: str) -> None:
    outcome = outcome_of(source)

    assert isinstance(outcome, Failed)
    assert (outcome.line, outcome.code) == (line, "CK901")
    assert reason in outcome.reason
    assert outcome.hint


def test_too_deep_a_tree_fails() -> None:
    assert isinstance(outcome_of(IMPORT + b"x = " + b"-" * 100_000 + b"1\n"), Failed)


def test_unreadable_file_that_cannot_matter_is_not_parsed() -> None:
    assert not isinstance(outcome_of(b"def f(:\n\x00\xff"), Failed)


def test_outcomes_can_be_pickled() -> None:
    for source in (IMPORT, b"x = 'shop.core.old_home'", b"def Old(:"):
        outcome = outcome_of(source)

        assert pickle.loads(pickle.dumps(outcome)) == outcome


@pytest.mark.parametrize(
    "wrong",
    [
        IMPORT,
        RESULT + b"x = 1\n",
        b"",
        b"from shop.core.new_home import New\n",
        b"from shop.core.new_home import Other as Old\n",
        b"from .shop.core.new_home import New as Old\n",
        b"from shop.core.new_home import New as Old, more\n",
        b"from shop.core.new_home import New as Old\n\xff",
        b"from shop.core.new_home import (New as Old\n",
    ],
)
def test_check_refuses_every_other_result(wrong: bytes) -> None:
    tree = ast.parse(IMPORT)
    site = find_sites(list(ast.walk(tree)), FileModule("shop.app", is_package=False), MOVES)[0]
    plans = {site.node: plan(site, FileModule("shop.app", is_package=False))}

    with pytest.raises(RewriteError, match="did not pass its own check"):
        check(IMPORT, tree, plans, wrong)


def test_check_accepts_the_planned_result() -> None:
    tree = ast.parse(IMPORT)
    site = find_sites(list(ast.walk(tree)), FileModule("shop.app", is_package=False), MOVES)[0]

    check(IMPORT, tree, {site.node: plan(site, FileModule("shop.app", is_package=False))}, RESULT)
