"""The line of every entry of a TOML text, held against what `tomllib` reads; and the line in an error."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import MigrationError, available_migrations, parse_migration
from compatkit.migration.lines import Path as Entry
from compatkit.migration.lines import find_lines
from tests.shop import HEAD

# What a scan that does not know strings, comments or arrays would take for entries.
DECOYS = ["[[moves]]", "x = 1", "# no", "a]b}c", "it's", "\\\\", "", "=", 'say \\"x\\"', "{ y = [1] }"]


def quoted(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'


scalars = st.one_of(
    st.sampled_from(["1", "-2.5", "true", "1979-05-27 07:32:00", "inf", "0x1F"]),
    st.sampled_from(DECOYS).map(quoted),
    st.sampled_from(["[[moves]]", "x = 1 # no", "a]b"]).map(lambda text: f"'{text}'"),
    st.lists(st.sampled_from(DECOYS), max_size=3).map(lambda lines: '"""\n' + "\n".join(lines) + '"""'),
    st.lists(st.sampled_from(["[t]", "x = 1", '"']), max_size=3).map(lambda lines: "'''" + "\n".join(lines) + "'''"),
)
gaps = st.sampled_from(["", " ", "  # a comment, with ] and }"])


class Writer:
    """Writes a document in any of TOML's manners; every key is another one, so that its line can be seen."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.number = itertools.count()

    def key(self) -> str:
        name = f"k{next(self.number)}"
        return self.draw(st.sampled_from([name, f'"{name}"', f"'{name}'", f"{name} . {name}b", f'"{name} x"']))

    def value(self, depth: int = 0) -> str:
        kind = self.draw(st.sampled_from(["scalar", "scalar", "array", "inline"])) if depth < 2 else "scalar"
        count = self.draw(st.integers(0, 3))
        if kind == "array":
            between = self.draw(st.sampled_from([", ", ",\n", ", # c ] \n  "]))
            inside = between.join(self.value(depth + 1) for _ in range(count))
            return (
                f"[{self.draw(st.sampled_from(['', ' ', chr(10)]))}{inside}{self.draw(st.sampled_from(['', chr(10)]))}]"
            )
        if kind == "inline":
            return "{ " + ", ".join(f"{self.key()} = {self.value(depth + 1)}" for _ in range(count)) + " }"
        return self.draw(scalars)

    def pairs(self) -> str:
        count = self.draw(st.integers(0, 3))
        return "".join(f"{self.key()} = {self.value()}{self.draw(gaps)}\n" for _ in range(count))

    def document(self) -> str:
        text = self.pairs()
        for _ in range(self.draw(st.integers(0, 3))):
            key = self.key()
            if self.draw(st.booleans()):
                text += f"[ {key} ]{self.draw(gaps)}\n{self.pairs()}"
                continue
            for _ in range(self.draw(st.integers(1, 3))):
                text += f"\n[[{key}]]\n{self.pairs()}"
                if self.draw(st.booleans()):
                    text += f"[{key}.{self.key()}]\n{self.pairs()}"
        return text


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = Writer(draw).document()
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def entries(value: object, path: Entry = ()) -> Iterator[Entry]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from entries(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from entries(inner, (*path, number))


@given(documents())
def test_every_entry_has_the_line_on_which_its_key_stands_first(text: str) -> None:
    document = tomllib.loads(text)
    lines = find_lines(text)

    assert set(lines) == set(entries(document))
    written = text.replace("\r\n", "\n").split("\n")
    for path, line in lines.items():
        keys = [step for step in path if isinstance(step, str)]
        if isinstance(path[-1], str):
            assert keys[-1] in written[line - 1]
            # Of a table of an array, the second one stands further down than the first place of its name.
            first = next(number for number, one in enumerate(written, start=1) if keys[-1] in one)
            assert line >= first
            assert line == first or any(isinstance(step, int) for step in path)


@given(documents())
def test_entries_stand_in_the_order_of_the_lines(text: str) -> None:
    lines = find_lines(text)

    for path, line in lines.items():
        above = path[:-1]
        if above:
            assert lines[above] <= line
        if isinstance(path[-1], int) and path[-1] > 0:
            assert lines[(*above, path[-1] - 1)] <= line


def test_a_multi_line_string_that_ends_in_quotation_marks_is_passed() -> None:
    assert find_lines('a = """x"""""\nb = 1\n')[("b",)] == 2


MOVE = dedent(
    """\
    [[moves]]
    code = "CK101"
    old = "shop.A"
    new = "shop.new.A"
    """
)


def line_of(text: str) -> int | None:
    with pytest.raises(MigrationError) as caught:
        parse_migration(text, origin=Path("a, b/migration.toml"))
    assert caught.value.line is None or f", line {caught.value.line}" in str(caught.value)
    return caught.value.line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + MOVE.replace("old", "odl"), 7),
        (HEAD + MOVE.replace('old = "shop.A"\n', ""), 5),
        (HEAD + MOVE + MOVE.replace("101", "102").replace('"shop.A"', '"A"'), 11),
        (HEAD + MOVE + MOVE, 10),
        (HEAD + MOVE + MOVE.replace("101", "102"), 11),
        (HEAD.replace("v2 =", "v3 ="), 4),
        (HEAD.replace('summary = "The shop moves."', ""), 1),
        (
            HEAD
            + dedent("""\
                [equivalence]
                ignore = [
                  { tag = "x", why = "y" },
                  { tog = "x", why = "y" },
                ]
                """),
            8,
        ),
        (
            HEAD
            + dedent("""\
                [equivalence]
                atol = 0.0
                rtol = -1
                """),
            7,
        ),
        (HEAD + "x = = 1\n", 5),
        (HEAD.replace("schema = 1", "schema = 3"), 1),
        (
            HEAD
            + dedent("""\
                [[arguments]]
                code = "CK301"
                of = "shop.A"
                v1 = "x"
                v2 = "y"
                position = 3
                """),
            7,
        ),
    ],
)
def test_an_error_names_its_line(text: str, line: int) -> None:
    assert line_of(text) == line


@pytest.mark.parametrize(("name", "file"), sorted(available_migrations().items()))
def test_the_lines_of_every_bundled_migration_are_found(name: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert set(find_lines(text)) == set(entries(tomllib.loads(text)))
