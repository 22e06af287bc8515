"""Over generated modules: other bytes are copied, names keep their meaning, and a second run does nothing.

The judge shares no code with the rewrite: it executes both versions against fake modules and compares what is bound.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from importlib.util import resolve_name
from types import SimpleNamespace

from hypothesis import assume, given
from hypothesis import strategies as st

from compatkit.rewrite import Rewritten, Unchanged, rewrite_source
from tests.shop.moves import MOVES

PACKAGE = "shop.core"
NEW_NAMES = {
    ("shop.core.old_home", "Old"): ("shop.core.new_home", "New"),
    ("shop.core.old_home", "Second"): ("shop.parts.second", "Second"),
}
MODULES = ["shop.core.old_home", ".old_home", "..core.old_home", "shop.core.new_home", "other.old_home", "os_like"]
NAMES = ["Old", "Second", "New", "Old2", "old_home", "plain"]


@st.composite
def import_statements(draw: st.DrawFn) -> str:
    module = draw(st.sampled_from(MODULES))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    aliases = [name + draw(st.sampled_from(["", f" as {name}_{i}", f"  as  {name}"])) for i, name in enumerate(names)]
    head = f"from {module} "
    match draw(st.sampled_from(["plain", "backslash", "parenthesised", "lines"])):
        case "plain":
            return f"{head}import {', '.join(aliases)}"
        case "backslash":
            return f"{head}\\\n    import " + ", \\\n  ".join(aliases)
        case "parenthesised":
            return f"{head}import ({', '.join(aliases)}{draw(st.sampled_from(['', ',', ' , ']))})"
    comments = [draw(st.sampled_from(["", "  # é", "  # noqa", "\n    # above"])) for _ in aliases]
    last = draw(st.sampled_from([",", ""]))
    commas = [*[","] * (len(aliases) - 1), last]
    lines = "".join(f"    {a}{comma}{c}\n" for a, comma, c in zip(aliases, commas, comments, strict=True))
    return f"{head}import ({draw(st.sampled_from(['', '  # open']))}\n{lines})"


# Each way to place a statement: what stands before it, what stands after it on its line, and what follows.
PLACES = st.sampled_from(
    [
        ("", "", "\n"),
        ("", "  # trailing é", "\n"),
        ("", "  # type: ignore", "\n"),
        ("x = 'é'; ", "; y = 2", "\n"),
        ("if True: ", "", "\n"),
        ("if True:\n\t", "", "\n\tz = 1\n"),
        ("try:\n  ", "", "\nexcept ImportError:\n  pass\n"),
        ("class C:\n    ", "", "\n    attribute = 'é'\nglobals().update(vars(C))\n"),
        ("def f():\n    ", "", "\n    globals().update(locals())\nf()\n"),
    ]
)
FILLERS = st.sampled_from(
    [
        "",
        "a = 'é'\n",
        "# from shop.core.old_home import Old\n",
        "\f\n",
        "t = '''\nOld \\\n'''\n",
        "\n\n",
        "b = (1,\n  2)\n",
    ]
)
ENCODINGS = st.sampled_from(
    [("utf-8", ""), ("utf-8-sig", ""), ("latin-1", "# coding: latin-1\n"), ("utf-8", "# vim\n")]
)


@st.composite
def modules(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Return a module, and the parts of it that must not change, in order."""
    encoding, cookie = draw(ENCODINGS)
    newlines = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\r", "\n", "\r\n"]]))
    fixed, statements = [cookie + draw(FILLERS)], []
    for _ in range(draw(st.integers(1, 4))):
        before, beside, after = draw(PLACES)
        fixed[-1] += before
        statements.append(draw(import_statements()) + beside)
        fixed.append(after + draw(FILLERS))
    if draw(st.booleans()):
        fixed[-1] = fixed[-1].removesuffix("\n")
    parts = [part for pair in zip(fixed, [*statements, ""], strict=True) for part in pair]
    done = [_spell(part, newlines).encode(encoding.removesuffix("-sig")) for part in parts]
    bom = b"\xef\xbb\xbf" if encoding.endswith("-sig") else b""
    return bom + b"".join(done), [bom + done[0], *done[2::2]]


def _spell(text: str, newlines: list[str]) -> str:
    pieces = text.split("\n")
    ends = [newlines[i % len(newlines)] for i in range(len(pieces) - 1)]
    return "".join(piece + end for piece, end in zip(pieces, [*ends, ""], strict=True))


def bound_names(source: bytes) -> dict[str, object]:
    """Execute a module with an import that hands out names for what is imported; return what it binds."""

    def fake_import(name: str, globals_: object, locals_: object, fromlist: Iterable[str], level: int) -> object:
        module = resolve_name("." * level + name, PACKAGE) if level else name
        return SimpleNamespace(**{item: (module, item) for item in fromlist})

    namespace: dict[str, object] = {"__builtins__": {**vars(builtins), "__import__": fake_import}, "__name__": "m"}
    exec(compile(source, "m", "exec", dont_inherit=True), namespace)
    return {name: value for name, value in namespace.items() if isinstance(value, tuple | str)}


def moved(value: object) -> object:
    return NEW_NAMES.get(value, value) if isinstance(value, tuple) else value  # type: ignore[call-overload]


def run(source: bytes) -> Rewritten | Unchanged:
    outcome = rewrite_source(source, module="shop.core.app", is_package=False, moves=MOVES)
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    return outcome


def result_of(source: bytes) -> bytes:
    outcome = run(source)
    return outcome.source if isinstance(outcome, Rewritten) else source


@given(modules())
def test_bytes_beside_import_statements_are_copied(module: tuple[bytes, list[bytes]]) -> None:
    source, fixed = module

    # Not one regular expression with gaps: that would backtrack for ages.
    at, result = 0, result_of(source)
    assert result.startswith(fixed[0])
    assert result.endswith(fixed[-1])
    for part in fixed:
        at = result.index(part, at) + len(part)


@given(modules())
def test_every_name_is_bound_to_the_new_home_and_no_other_changes(module: tuple[bytes, list[bytes]]) -> None:
    source, _ = module
    outcome = run(source)
    # A statement that is left to a person keeps what it had; those have tests of their own.
    assume(not any("not rewritten here" in found.message for found in outcome.findings))

    assert bound_names(result_of(source)) == {name: moved(value) for name, value in bound_names(source).items()}


@given(modules())
def test_second_run_changes_nothing(module: tuple[bytes, list[bytes]]) -> None:
    once = result_of(module[0])

    assert isinstance(run(once), Unchanged)


@given(modules())
def test_no_comment_is_lost(module: tuple[bytes, list[bytes]]) -> None:
    source, _ = module
    comments = re.compile(rb"#[^\r\n]*")

    assert {c.strip() for c in comments.findall(source)} == {c.strip() for c in comments.findall(result_of(source))}


@given(modules())
def test_positions_of_edits_point_at_import_statements(module: tuple[bytes, list[bytes]]) -> None:
    source, _ = module
    outcome = run(source)
    encoding = "latin-1" if b"coding: latin-1" in source else "utf-8-sig"
    lines = re.split(r"\r\n|\r|\n", source.decode(encoding))

    for edit in outcome.edits if isinstance(outcome, Rewritten) else ():
        assert lines[edit.line - 1][edit.column - 1 :].startswith("from")


@given(modules(), st.integers(0, 10_000))
def test_cut_file_is_processed_or_fails_but_never_raises(module: tuple[bytes, list[bytes]], cut: int) -> None:
    source = module[0]

    rewrite_source(source[: cut % (len(source) + 1)], module="", is_package=False, moves=MOVES)
