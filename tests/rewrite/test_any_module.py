"""Modules of any grammar and bytes of any kind: a file without the names comes back unchanged, and nothing raises."""

from __future__ import annotations

from textwrap import dedent

import hypothesmith
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten, Skipped, Unchanged, rewrite_source
from tests.shop.moves import MOVES

ALL = Options(confidence="review", rename=True)
# A module takes long to generate, and longer to shrink; what fails is printed as it is.
FEW = settings(
    max_examples=settings().max_examples // 16,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
    deadline=None,
)
USES = dedent(
    """\
    from shop.core.old_home import Old, Second
    import shop.core.old_home as home
    Old, home.Second
    """
)
PIECES = [
    *USES.split(),
    "\n",
    "    ",
    "\t",
    "\f",
    "\r",
    "\\\n",
    "#",
    "'",
    '"""',
    "(",
    ")",
    ":",
    ";",
    ",",
    "\0",
    "é",
    "\ufeff",
]


def outcome_of(source: bytes, options: Options = ALL) -> object:
    return rewrite_source(source, module="shop.app", is_package=False, moves=MOVES, options=options)


@FEW
@given(hypothesmith.from_node())
def test_module_that_does_not_use_the_names_is_unchanged(module: str) -> None:
    # Named in a comment, so that the whole file is looked at.
    assert outcome_of(f"# old_home Old\n{module}".encode()) == Unchanged()


@FEW
@given(hypothesmith.from_node())
def test_module_around_an_import_is_kept_byte_for_byte(module: str) -> None:
    head = b"# old_home\n"
    line = b"from shop.core.old_home import Old as _kept\n"
    source = head + module.encode() + b"\n" + line

    outcome = outcome_of(source)

    if isinstance(outcome, Rewritten):
        assert outcome.source == source.replace(line, line.replace(b"old_home import Old", b"new_home import New"))


@pytest.mark.parametrize("options", [Options(), ALL])
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30), st.booleans())
def test_text_never_raises(options: Options, pieces: list[str], is_spaced: bool) -> None:
    text = (" " if is_spaced else "").join([*pieces, "old_home"])

    outcome = outcome_of(text.encode("utf-8", "surrogatepass"), options)

    assert isinstance(outcome, Rewritten | Unchanged | Skipped | Failed)


@pytest.mark.parametrize("options", [Options(), ALL])
@given(st.binary(max_size=40), st.integers(0, len(USES)))
def test_bytes_never_raise(options: Options, junk: bytes, at: int) -> None:
    outcome = outcome_of(USES[:at].encode() + junk + USES[at:].encode(), options)

    assert isinstance(outcome, Rewritten | Unchanged | Skipped | Failed)
