"""Values that go to another file and come back are followed exactly to their receivers, and rewrite nothing."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged
from tests.shop.calls import migration
from tests.shop.moves import plant

EACH = dedent("""\
    import shop
    def each(then):
        then(shop.Client(), 1, 2)
    """)
SHOW = dedent("""\
    def show(first, second=None):
        first.number
        second.number
    """)


def reported(root: Path, name: str, files: dict[str, str]) -> list[int]:
    """Return the lines of a file in which a person is asked to look."""
    plant(root, {at: dedent(text) for at, text in files.items()})
    found = plan_tree([root], [migration()], Options(confidence="review"), jobs=1)
    assert not any(isinstance(result.outcome, Rewritten) for result in found.results)
    (outcome,) = (result.outcome for result in found.results if Path(result.path).name == name)
    assert isinstance(outcome, Unchanged)
    return [finding.line for finding in outcome.findings]


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        (
            dedent("""\
                def one(client):
                    client.number
                each(one)
                """),
            [3],
        ),
        (
            dedent("""\
                def one(client, *rest):
                    client.number, rest[0].number
                each(one)
                """),
            [3],
        ),
        (
            dedent("""\
                def one(other, client=None):
                    client.number
                each(one)
                """),
            [],
        ),
        (
            dedent("""\
                def one(*, client=None):
                    client.number
                each(one)
                """),
            [],
        ),
        (
            dedent("""\
                def one():
                    client.number
                each(one)
                """),
            [],
        ),
        (
            dedent("""\
                class A:
                    def run(self, client):
                        self.number
                        client.number
                each(A().run)
                """),
            [5],
        ),
        ("def one(client):\n    client.number\n", []),
    ],
)
def test_a_function_that_another_file_calls_gets_what_stands_at_its_place(
    function: str, lines: list[int], tmp_path: Path
) -> None:
    assert reported(tmp_path, "app.py", {"lib.py": EACH, "app.py": f"from lib import each\n{function}"}) == lines


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ("show(shop.Client(), 1)", [2]),
        ("show(1, shop.Client())", [3]),
        ("show(1, second=shop.Client())", [3]),
        ("show(*[shop.Client()])", [2, 3]),
        ("show(1, *[shop.Client()])", [3]),
        ("show(1, 2, *[shop.Client()])", []),
        ("show(1, third=shop.Client())", []),
    ],
)
def test_a_function_of_another_file_gets_what_may_arrive_there(call: str, lines: list[int], tmp_path: Path) -> None:
    app = f"import shop\nfrom lib import show\n{call}\n"

    assert reported(tmp_path, "lib.py", {"lib.py": SHOW, "app.py": app}) == lines
