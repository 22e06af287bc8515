"""Notebooks: imports in code cells are rewritten, and every other byte of the file is copied."""

from __future__ import annotations

import json
import re
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten, Unchanged
from tests.shop.documents import changed, findings, run

SAFE = Options()
IMPORT = "from shop.core.old_home import Old"
IMPORTED = "from shop.core.new_home import New as Old"


def cell(source: object, kind: str = "code", **more: object) -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def notebook(*cells: dict[str, object], **metadata: object) -> dict[str, object]:
    return {"cells": [*cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def dump(*cells: dict[str, object], **metadata: object) -> str:
    return json.dumps(notebook(*cells, **metadata), indent=1)


def sources(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


@pytest.mark.parametrize(
    "text",
    [
        dump(cell([IMPORT + "\n"], "raw")),
        dump(cell([IMPORT + "\n"], "markdown")),
        dump(cell([f"```python\n{IMPORT}\n```"], "markdown")),
        dump(cell(IMPORT), kernelspec={"language": "R"}),
        dump(cell(["%%bash\n", f"python -c '{IMPORT}'"])),
        dump(cell(["%%writefile a.py\n", IMPORT])),
        dump(cell([IMPORT, "\nx = = 1"])),
        dump(cell("!python -m shop.core.old_home")),
        dump(cell(["x = 1\n", f"%sx python -c '{IMPORT}'"])),
        dump(cell("import shop.core.old_home as home"), cell("%timeit home.Old()\n%foo home.Old()")),
        dump(cell("from shop.core import old_home"), cell("x = [old_home.Old(\n")),
        json.dumps({"cells": "shop.core.old_home.Old"}),
        json.dumps({"worksheets": [{"cells": [{"input": IMPORT}]}]}),
        json.dumps([IMPORT]),
    ],
)
def test_is_reported_and_not_changed(text: str) -> None:
    assert changed(text, ".ipynb", SAFE) == text
    assert findings(text, ".ipynb", SAFE)


@pytest.mark.parametrize(
    "text",
    [
        dump(cell("import os\nOld = 1")),
        dump(cell("from shop.core.old_home import Kept")),
        dump(cell("# from shop.core.old_home import Old")),
        dump(cell(["pass"], outputs=[{"text": [IMPORT]}])),
        dump(cell("pass", outputs=[{"data": {"text/html": {"a": {"b": {"c": "shop.core.old_home.Old"}}}}}])),
        dump(),
    ],
)
def test_is_neither_changed_nor_reported(text: str) -> None:
    assert run(text, ".ipynb") == Unchanged()


@pytest.mark.parametrize("indent", [None, 0, 1, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_only_the_lines_of_the_import_change(indent: int | str | None, ascii_only: bool) -> None:
    outputs = [{"data": {"text/plain": "é 1e3 \u2028"}, "n": [1.50, 1e400]}]
    cells = [cell(["é = 'ü'\n", IMPORT + "  # é\n", "\n", "Old()"], outputs=outputs), cell("x = 1", "markdown")]
    text = json.dumps(notebook(*cells), indent=indent, ensure_ascii=ascii_only) + "\n"

    assert changed(text, ".ipynb", SAFE) == text.replace(IMPORT, IMPORTED)


def test_source_in_one_string_is_rewritten() -> None:
    text = dump(cell(f"x = '\\n'\n{IMPORT}, Kept\ny = 1"))

    assert sources(changed(text, ".ipynb", SAFE)) == [
        f"x = '\\n'\nfrom shop.core.old_home import Kept\n{IMPORTED}\ny = 1"
    ]


@pytest.mark.parametrize("more", [[], ["\n", "y = 1"]])
def test_added_line_is_a_line_of_the_list(more: list[str]) -> None:
    text = dump(cell(["x = 1\n", f"{IMPORT}, Kept", *more]))

    listed = json.loads(changed(text, ".ipynb", SAFE))["cells"][0]["source"]
    assert listed == ["x = 1\n", "from shop.core.old_home import Kept\n", IMPORTED, *more]


def test_added_line_of_a_single_line_is_laid_out_as_the_list() -> None:
    text = dump(cell([f"{IMPORT}, Kept"]))
    listed = json.dumps(["from shop.core.old_home import Kept\n", IMPORTED])

    result = changed(text, ".ipynb", SAFE)
    assert result == json.dumps(json.loads(result), indent=1)
    assert listed == json.dumps(json.loads(result)["cells"][0]["source"])


def test_windows_newlines_of_the_file_are_kept() -> None:
    text = dump(cell([IMPORT + "\n", "Old()"])).replace("\n", "\r\n")

    assert changed(text, ".ipynb", SAFE) == text.replace(IMPORT, IMPORTED)


@pytest.mark.parametrize(
    "magic",
    [
        "%matplotlib inline",
        "!ls -l | grep x",
        "?len",
        "len?",
        "len??",
        "files = !ls",
        "a.b[0] = %sql select 1",
        "%time model = Old()",
        "%timeit -n 10 -r3 Old()",
        "if True:\n    %matplotlib inline\n    pass",
        "!ls \\\n  -l",
        "%%time",
        "%%capture out",
    ],
)
def test_magics_are_kept(magic: str) -> None:
    text = dump(cell(f"{magic}\n{IMPORT}, Kept\nOld()"))

    assert sources(changed(text, ".ipynb", SAFE)) == [
        f"{magic}\nfrom shop.core.old_home import Kept\n{IMPORTED}\nOld()"
    ]


def test_timed_import_is_rewritten_behind_its_magic() -> None:
    assert sources(changed(dump(cell(f"%time {IMPORT}")), ".ipynb", SAFE)) == [f"%time {IMPORTED}"]


def test_remainder_at_the_beginning_of_a_line_is_no_magic() -> None:
    source = f"x = ('%s'\n% 1)\n{IMPORT}"

    assert sources(changed(dump(cell(source)), ".ipynb", SAFE)) == [source.replace(IMPORT, IMPORTED)]


def test_cells_share_their_names() -> None:
    text = dump(cell("import shop.core.old_home"), cell("x = shop.core.old_home.Old()"))

    assert sources(changed(text, ".ipynb", SAFE)) == ["import shop.core.new_home", "x = shop.core.new_home.New()"]


def test_cell_that_is_no_python_does_not_keep_the_others() -> None:
    text = dump(cell("$ pip install"), cell(IMPORT))

    assert sources(changed(text, ".ipynb", SAFE)) == ["$ pip install", IMPORTED]


def test_markdown_cell_is_rewritten_on_request() -> None:
    text = dump(cell(["See:\n", "```python\n", IMPORT + "\n", "```"], "markdown"))

    assert changed(text, ".ipynb") == text.replace(IMPORT, IMPORTED)


def test_edit_and_finding_name_their_lines_in_the_file() -> None:
    text = dump(cell(["x = 1\n", IMPORT + "\n", "y = 'shop.core.old_home.Old'"]))
    lines = text.split("\n")

    outcome = run(text, ".ipynb", SAFE)
    assert isinstance(outcome, Rewritten)
    (edit,), (found,) = outcome.edits, outcome.findings
    assert lines[edit.line - 1][edit.column - 1 :].startswith("from shop")
    assert lines[found.line - 1][found.column - 1 :].startswith("'shop")


@pytest.mark.parametrize(
    "text", ['{"cells": [{"source": "from shop.core.old_home import Old"', "[1] shop.core.old_home"]
)
def test_what_is_no_json_fails(text: str) -> None:
    assert isinstance(run(text, ".ipynb"), Failed)


@pytest.mark.parametrize("other", ["!echo {Old}", "%%bash\necho Old"])
def test_name_that_unread_code_may_use_is_kept_under_rename_and_reported(other: str) -> None:
    text = dump(cell(IMPORT), cell(other))
    options = Options(rename=True)

    assert sources(changed(text, ".ipynb", options)) == [IMPORTED, other]
    assert [found.message for found in findings(text, ".ipynb", options)] == [
        "Old keeps its name here: code that cannot be read may use it"
    ]


def test_name_is_renamed_in_all_cells() -> None:
    text = dump(cell(IMPORT), cell("%time Old()"))

    assert sources(changed(text, ".ipynb", Options(rename=True))) == [
        "from shop.core.new_home import New",
        "%time New()",
    ]


LINES = st.sampled_from(
    [
        IMPORT,
        IMPORT + ", Kept",
        "import shop.core.old_home",
        "x = shop.core.old_home.Old()",
        "%matplotlib inline",
        "!ls",
        "x = !ls",
        "%time Old()",
        "def f():\n    " + IMPORT + "\n    return Old",
        dedent(
            """\
            s = '''
            %x
            '''"""
        ),
        "é = 'ü\\u1234😀'",
        "x = 'shop.core.old_home.Old'",
        "= =",
        "%%bash",
        "",
        "\t",
    ]
)
KINDS = st.sampled_from(["code", "code", "code", "markdown", "raw", None])


@st.composite
def notebooks(draw: st.DrawFn) -> str:
    cells = []
    for source in draw(st.lists(st.lists(LINES, max_size=4), max_size=4)):
        text = "\n".join(source)
        lines = draw(st.sampled_from([text, text.splitlines(keepends=True), re.findall(r"[\s\S]{1,7}", text)]))
        cells.append(cell(lines, draw(KINDS), outputs=[{"é": "shop.core.old_home"}]))
    indent = draw(st.sampled_from([None, 1, "\t"]))
    ensure_ascii = draw(st.booleans())
    return json.dumps(notebook(*cells), indent=indent, ensure_ascii=ensure_ascii)


OPTIONS = st.sampled_from([SAFE, Options(confidence="review")])


@given(notebooks(), OPTIONS)
def test_nothing_but_sources_changes(text: str, options: Options) -> None:
    before, after = json.loads(text), json.loads(changed(text, ".ipynb", options))

    for one in (before, after):
        for cell in one["cells"]:
            cell.pop("source")
    assert before == after


@given(notebooks(), OPTIONS)
def test_lines_that_do_not_change_are_copied(text: str, options: Options) -> None:
    def others(document: str) -> list[str]:
        return [line for line in document.split("\n") if not re.search("shop|Old|New", line)]

    sources = [cell["source"] for cell in json.loads(text)["cells"]]
    # Where an element of the list is no whole line, a name may be spread over several.
    if "\n" in text and all(isinstance(lines, list) and lines == "".join(lines).splitlines(True) for lines in sources):
        assert others(changed(text, ".ipynb", options)) == others(text)


@given(notebooks(), OPTIONS)
def test_second_run_changes_nothing(text: str, options: Options) -> None:
    once = changed(text, ".ipynb", options)

    assert changed(once, ".ipynb", options) == once


@given(notebooks(), st.integers(0, 10_000), st.binary(max_size=3))
def test_spoilt_notebook_never_raises(text: str, cut: int, junk: bytes) -> None:
    data = text.encode()
    at = cut % (len(data) + 1)

    run(data[:at] + junk + data[at + 1 :], ".ipynb")
    run(data[:at], ".ipynb")


def test_what_a_notebook_imports_is_taken_from_it_by_no_other_file() -> None:
    text = dump(cell(f"import json\n{IMPORT}\nOld()"))

    after = changed(text, ".ipynb", Options(confidence="review", rename=True))

    assert sources(after) == ["import json\nfrom shop.core.new_home import New\nNew()"]
