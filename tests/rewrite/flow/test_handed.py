"""The facts that a file publishes about its classes are enough to follow them, and bounded in size."""

from __future__ import annotations

import pickle
from pathlib import Path
from textwrap import dedent

from compatkit.migrate import plan_tree
from compatkit.options import Options
from compatkit.rewrite import Rewritten
from compatkit.rewrite.call_rules import interface_facts
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Handed
from compatkit.rewrite.flow.handed import member_of
from compatkit.rewrite.flow.values import ForeignDefinition, dotted_names_in
from tests.shop.calls import migration
from tests.shop.moves import plant

FLUENT = dedent("""\
    import shop


    class Till(shop.Client):
    """) + "".join(f"    def step_{number}(self):\n        return Till()\n\n" for number in range(60))


def size(handed: Handed) -> int:
    return 1 + sum(size(inner) for _, inner in handed.inner)


def test_a_class_of_which_every_method_returns_an_object_of_it_is_told_in_bounds() -> None:
    facts = interface_facts(
        File.of(FLUENT.encode(), FileModule("tills", is_package=False)), [migration()], Options(), set()
    )

    # Four levels of sixty methods would be thirteen million.
    assert sum(size(handed) for _, handed in facts.handed) < 10_000


def test_what_holds_the_same_in_several_places_is_looked_at_once() -> None:
    handed = Handed("object", ("shop.Client",))
    # Two to the power of a hundred ways lead to the object.
    for number in range(100):
        inner = tuple((name, handed) for name in ("first", "second"))
        handed = Handed("class", (f"app.Holder{number}",), inner=inner)

    assert pickle.loads(pickle.dumps(handed)) is handed
    assert (handed.weight, handed.says_something) == (3, True)
    assert len([*handed.parts()]) == 101
    assert len([*dotted_names_in(ForeignDefinition(handed))]) == 202
    assert member_of(handed, "first") == member_of(handed, "second") == ForeignDefinition(handed.inner[0][1])


def test_what_a_method_of_such_a_class_returns_is_still_followed_in_another_file(tmp_path: Path) -> None:
    plant(tmp_path, {"tills.py": FLUENT, "app.py": "from tills import Till\nprint(Till().step_7().number)\n"})
    found = plan_tree([tmp_path], [migration()], Options(confidence="review"), jobs=1)
    (app, _) = found.results

    said = app.outcome.edits if isinstance(app.outcome, Rewritten) else app.outcome.findings
    assert [finding.code for finding in said] == ["SH201"]
