"""All kinds of documents: nothing that names old code is passed over, and nothing raises."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten, Unchanged
from tests.shop.documents import NEW, OLD, SUFFIXES, result_of, run

WORDS = st.sampled_from(
    [
        OLD,
        NEW,
        "shop.core.old_home",
        "shop.core.old_home:Old",
        "from shop.core.old_home import Old",
        *(
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            '"""',
            "```python\n",
            ">>> ",
            ": ",
            " = ",
            ",",
            "- ",
            "|",
            "&a ",
            "!t ",
            "# ",
            "\\",
        ),
        *(
            "\n",
            "\r\n",
            "\r",
            "\n  ",
            "\t",
            "é",
            "\ufeff",
            "\x00",
            "\x85",
            "\u2028",
            "😀",
            "cells",
            "source",
            "[a]\n",
            "x",
        ),
    ]
)
DOCUMENTS = st.lists(WORDS, max_size=14).map("".join)
BYTES = DOCUMENTS.map(str.encode) | st.tuples(DOCUMENTS, st.binary(max_size=4)).map(
    lambda pair: pair[0].encode() + pair[1]
)
OPTIONS = st.sampled_from([Options(), Options(confidence="review")])
_NAMING = re.compile(r"(?<![\w.])shop\.core\.old_home(?!\w)")
KINDS = st.sampled_from(SUFFIXES)


@given(BYTES, KINDS, OPTIONS)
@example(b"\xff\xfe" + OLD.encode("utf-16-le"), ".json", Options())
@example(b"x: " + OLD.encode() + b"\xff", ".yaml", Options(confidence="review"))
def test_any_bytes_have_an_outcome(source: bytes, suffix: str, options: Options) -> None:
    assert isinstance(run(source, suffix, options), Rewritten | Unchanged | Failed)


@given(DOCUMENTS.map(str.encode), st.sampled_from([".cfg", ".ini", ".json", ".toml", ".yaml", ".other"]), OPTIONS)
def test_every_line_that_names_an_old_module_is_changed_or_reported(
    source: bytes, suffix: str, options: Options
) -> None:
    outcome = run(source, suffix, options)
    if isinstance(outcome, Failed):
        return

    assert isinstance(outcome, Rewritten | Unchanged)
    edits = outcome.edits if isinstance(outcome, Rewritten) else ()
    told = {one.line for one in (*outcome.findings, *edits)}
    lines = re.split(r"\r\n|\r|\n", source.decode())
    naming = [number for number, line in enumerate(lines, start=1) if _NAMING.search(line)]
    assert set(naming) <= told


@given(BYTES, KINDS, OPTIONS)
def test_second_run_changes_nothing(source: bytes, suffix: str, options: Options) -> None:
    once = result_of(source, suffix, options)

    assert result_of(once, suffix, options) == once


@given(BYTES, st.sampled_from([".cfg", ".ini", ".json", ".toml", ".yaml"]))
def test_bytes_beside_the_old_names_are_copied(source: bytes, suffix: str) -> None:
    names = re.compile(rb"shop\.(?:core\.old_home[.:]Old|core\.new_home[.:]New)")

    assert names.split(result_of(source, suffix)) == names.split(source)


@given(BYTES, KINDS)
def test_by_default_only_notebooks_are_changed(source: bytes, suffix: str) -> None:
    assert suffix == ".ipynb" or result_of(source, suffix, Options()) == source
