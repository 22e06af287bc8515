"""A rewritten call gives the new callable what the old one got: generated changes and calls, both executed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compatkit.rewrite import Rewritten
from tests.shop.calls import outcome_of

NAMES = ("alpha", "beta", "gamma", "delta")


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, str, dict[str, str], list[str]]:
    """Draw a declaration: its TOML, the new callable, what names became, and what was dropped."""
    v1 = list(NAMES)
    renamed = {name: f"{name}_new" for name in draw(st.sets(st.sampled_from(v1)))}
    dropped = draw(st.sets(st.sampled_from([name for name in v1 if name not in renamed] or ["none"])))
    v2 = draw(st.permutations([renamed.get(name, name) for name in v1 if name not in dropped]))
    added = draw(st.booleans())
    parameters = (["device"] if added else []) + list(v2)
    lines = [
        '[[calls]]\ncode = "SH101"\nof = "shop.old.sell"\nto = "shop.new.sell"',
        f"v1 = {v1!r}",
        f"v2 = {parameters!r}",
        "rename = { " + ", ".join(f'{old} = "{new}"' for old, new in renamed.items()) + " }",
        f"drop = {sorted(dropped & set(v1))!r}",
        *(['add = { device = "till" }'] if added else []),
    ]
    new = f"def sell({', '.join(f'{name}=None' for name in parameters)}):\n    return dict(locals())\n"
    return "\n".join(lines), new, renamed, sorted(dropped)


@st.composite
def calls(draw: st.DrawFn) -> str:
    """Draw a call, laid out in one of several ways."""
    by_position = draw(st.integers(0, len(NAMES)))
    by_name = draw(st.permutations(NAMES[by_position:]))[: draw(st.integers(0, len(NAMES)))]
    given = [str(number) for number in range(by_position)] + [f"{name}='{name}'" for name in by_name]
    opening, between, closing = draw(
        st.sampled_from([("", ", ", ""), ("\n    ", ",\n    ", ",\n"), (" ", " , ", " "), ("\n", ",\n", "\n")])
    )
    return f"sell({opening}{between.join(given)}{closing if given else ''})"


@given(changes(), calls())
def test_the_new_callable_gets_what_the_old_one_got(
    change: tuple[str, str, dict[str, str], list[str]], call: str
) -> None:
    text, new, renamed, dropped = change
    old = f"def sell({', '.join(f'{name}=None' for name in NAMES)}):\n    return dict(locals())\n"

    outcome = outcome_of(f"from shop.old import sell\nresult = {call}\n", text)

    assert isinstance(outcome, Rewritten), outcome
    expected = {renamed.get(name, name): value for name, value in _run(old, call).items() if name not in dropped}
    after = outcome.source.decode().partition("result = ")[2]
    got = _run(new, after)
    assert got.pop("device", "till") == "till"
    assert got == expected


def _run(definition: str, call: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(f"{definition}result = {call}", names)
    found: dict[str, Any] = names["result"]
    return found
