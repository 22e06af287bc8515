"""The path to a history inside a returned value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Attribute, Item, MigrationError, Step, parse_migration, parse_shape

names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)
steps = st.one_of(names.map(Attribute), names.map(Item), st.integers(-9, 9).map(Item))


def written(step: Step) -> str:
    match step:
        case Attribute(name):
            return f".{name}"
        case Item(str() as key):
            return f'["{key}"]'
        case Item(key):
            return f"[{key}]"


@given(st.lists(steps, max_size=4))
def test_every_path_is_read_as_it_was_written(path: list[Step]) -> None:
    assert parse_shape("".join(written(step) for step in path)) == tuple(path)


@pytest.mark.parametrize(
    "text", ["history", ".", ".1", "[", "[]", "[a]", "['a\"]", ".a()", "[0:1]", ".a b", " .a", "['']", ".a\n", "[1.0]"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    source = f"""
schema = 1
id = "x"
summary = "x"
versions = {{ v1 = "1", v2 = "2" }}
[[producers]]
code = "CK251"
function = "a.b"
returns = {text.encode().decode()!r}
""".replace(repr(text), '"' + text.replace("\n", "\\n").replace('"', '\\"') + '"')

    assert parse_shape(text) is None
    with pytest.raises(MigrationError, match="expected a path such as"):
        parse_migration(source)
