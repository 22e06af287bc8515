"""A method that a library calls is reported, or shortened, exactly where v2 cannot call it any more."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.options import Options
from compatkit.rewrite import Rewritten
from tests.shop.calls import findings, outcome_of

ROWS = """
[[moves]]
code = "SHOP101"
old = "shop.Level"
new = "shop.levels.Level"
[[hooks]]
code = "SHOP351"
of = "shop.Level"
name = "on_step"
v1 = ["number", "kind"]
v2 = ["number"]
say = "ask self.kind"
[[hooks]]
code = "SHOP352"
of = "shop.Level"
name = "on_end"
v1 = ["number"]
v2 = ["number", "total"]
[[hooks]]
code = "SHOP353"
of = "shop.Level"
name = "on_start"
v1 = ["clock", "number"]
v2 = ["number"]
"""
REVIEW = Options(confidence="review")


def level(method: str, base: str = "shop.Level") -> str:
    body = dedent(method).replace("\n", "\n    ")
    return f"import shop\n\n\nclass Mine({base}):\n    {body.strip()}\n"


def hooks(source: str, options: Options | None = None) -> list[str]:
    return [finding for finding in findings(source, ROWS, options) if "SHOP35" in finding]


def called_as_v2_does(source: str) -> object:
    """Define the class beside a stand-in for v2, and call its hooks as v2 does."""
    shop = type("shop", (), {"Level": type("Level", (), {})})
    names: dict[str, object] = {}
    exec(source.replace("import shop\n", ""), {"shop": shop}, names)
    mine = names["Mine"]()  # type: ignore[operator]
    return mine.on_step(1)


@pytest.mark.parametrize(
    "method",
    [
        "def on_step(self, number, kind): ...",
        "def on_step(self, n, k): ...",
        "async def on_step(self, number, kind, /): ...",
        "def on_step(self, kind): ...",
        "def on_step(self, number, *, kind): ...",
        "def on_step(self, number, kind, other=1): ...",
        "def on_end(self, number): ...",
        "def on_end(self): ...",
        "def on_start(self, clock, number): ...",
        "def on_start(self, clock): ...",
    ],
)
def test_a_hook_that_v2_cannot_call_is_reported_with_what_v2_passes(method: str) -> None:
    (told,) = hooks(level(method))

    assert told.split()[1] == "5"
    assert "v2 calls it as on_" in told


@pytest.mark.parametrize(
    "method",
    [
        "def on_step(self, number): ...",
        "def on_step(self, n): ...",
        "def on_step(self, number, kind=None): ...",
        "def on_step(self, number, *, kind=None): ...",
        "def on_step(self, *args): ...",
        "def on_step(self, number, *args, **kwargs): ...",
        "def on_end(self, number, total): ...",
        "def on_end(self, *args): ...",
        "def on_start(self, number): ...",
        "def on_other(self, number, kind): ...",
        "@staticmethod\ndef on_step(number, kind): ...",
    ],
)
def test_a_hook_that_v2_can_call_is_left_alone(method: str) -> None:
    assert hooks(level(method)) == []


@pytest.mark.parametrize("base", ["object", "shop.Other", "Level"])
def test_a_method_of_another_class_is_left_alone(base: str) -> None:
    assert hooks(level("def on_step(self, number, kind): ...", base)) == []


@pytest.mark.parametrize(
    "source",
    [
        """
        from shop import Level
        class Base(Level): ...
        class Mine(Base):
            def on_step(self, number, kind): ...
        """,
        """
        import shop
        class Mixin:
            def on_step(self, number, kind): ...
        class Mine(Mixin, shop.Level): ...
        """,
        """
        from shop.levels import Level as L
        class Mine(L):
            def on_step(self, number, kind): ...
        """,
    ],
)
def test_bases_are_followed_through_classes_mixins_and_the_new_name(source: str) -> None:
    assert len(hooks(dedent(source))) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def on_step(self, number, kind):\n    return number", "def on_step(self, number):\n    return number"),
        (
            "def on_step(self, number: int, kind: str) -> int:\n    return 2",
            "def on_step(self, number: int) -> int:\n    return 2",
        ),
        (
            dedent(
                """\
                def on_step(
                    self,
                    number,
                    kind,
                ): ..."""
            ),
            dedent(
                """\
                def on_step(
                    self,
                    number,
                ): ..."""
            ),
        ),
    ],
)
def test_trailing_parameters_that_nothing_uses_are_taken_out_on_request(before: str, after: str) -> None:
    outcome = outcome_of(level(before), ROWS, REVIEW)

    assert isinstance(outcome, Rewritten)
    result = outcome.source.decode()
    assert result == level(after)
    assert hooks(result) == []
    called_as_v2_does(result)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("def on_step(self, number, kind):\n    return kind", "it uses kind"),
        ("def on_step(self, number, kind):\n    super().on_step(number, 2)", "it is also called by its name"),
        ("def on_step(self, number,  # the step\n            kind): ...", "a comment would be lost"),
        ("def on_step(self, number, kind, *rest): ...", "takes any"),
        ("def on_start(self, clock, number): ...", "another order"),
        ("def on_end(self, number): ...", "another order"),
    ],
)
def test_what_is_not_certain_is_only_reported_on_request_too(method: str, reason: str) -> None:
    (told,) = hooks(level(method), REVIEW)

    assert reason in told


@pytest.mark.parametrize("options", [None, REVIEW])
def test_a_mixin_is_reported_and_keeps_a_hook_that_has_another_name(options: Options | None) -> None:
    rows = dedent(
        """\
        [[members]]
        code = "SHOP301"
        of = "shop.Level"
        v1 = "on_step"
        v2 = "on_each"
        defined = true
        """
    )
    source = dedent(
        """\
        import shop


        class Mixin:
            def on_step(self): ...


        class Mine(Mixin, shop.Level): ...
        """
    )

    (told,) = findings(source, rows, options)

    assert "its class is a mixin" in told
    assert not isinstance(outcome_of(source, rows, options), Rewritten)


def test_nothing_is_taken_out_unasked() -> None:
    assert not isinstance(
        outcome_of(level("def on_step(self, number, kind): ...", "shop.levels.Level"), ROWS), Rewritten
    )
