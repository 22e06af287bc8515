"""A file is interpreted again only if the facts that it asked its neighbours for have changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from compatkit.migrate import plan_tree
from compatkit.migrate.between.handing import Heard
from compatkit.migrate.job import Job, Task, process
from compatkit.migrate.report import remarks_of
from compatkit.options import Options
from compatkit.rewrite.call_rules import interface_facts
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.neighbours import Facts, Handed, Neighbours
from compatkit.rewrite.file.syntax import keeping_syntax
from tests.shop.calls import migration
from tests.shop.moves import plant

MIGRATION = migration()
# What one module may give others, and what another may ask it for.
GIVING = (
    "CLIENT = shop.Client()",
    "CLIENTS = [shop.Client()]",
    "TABLE = {'a': shop.buy}",
    "sell = shop.old.sell",
    "def make():\n    return shop.Client()",
    "def each():\n    yield shop.Client()",
    "class Till(shop.Client):\n    def own(self):\n        return self",
    "class Box:\n    def __init__(self):\n        self.client = shop.connect()",
    "def on(function):\n    function(shop.Client())\n    return function",
    "main.use(shop.Client())",
    "main.Shelf(shop.Client()).fill(shop.buy)",
    "main.REGISTRY['x'] = shop.Client()",
    "class Mixed(main.Shelf, shop.Client):\n    pass",
)
ASKING = (
    "from app.shelf import *",
    "from app.shelf import CLIENT, make",
    "from app import shelf",
    "MADE = make()",
    "FIRST = shelf.CLIENTS[0]",
    "buy = shelf.TABLE['a']",
    "ALL = list(shelf.each())",
    "class Till(shelf.Till):\n    pass",
    "BOX = shelf.Box().client",
    "@shelf.on\ndef used(client):\n    return client",
    "shelf.on(lambda client: client)",
    "REGISTRY = {}",
    "HELD = REGISTRY['x']",
    "def use(client):\n    return client",
    "class Shelf:\n    def __init__(self, client):\n        self.client = client\n\n    fill = lambda self, what: what",
    "import importlib\nfound = importlib.import_module(f'app.{CHOSEN}')\nANY = getattr(found, CHOSEN)",
)
Lines = st.lists(st.sampled_from(GIVING), min_size=1, unique=True)


def told(name: str, lines: list[str], around: Neighbours, asked: set[str]) -> Facts:
    source = "\n".join(["import shop", *lines, ""])
    file = File.of(source.encode(), FileModule(name, is_package=False), around)
    return interface_facts(file, [MIGRATION], Options(), asked)


def neighbours(facts: Facts) -> Neighbours:
    sent = tuple((key.removeprefix("app.main."), value) for key, value in facts.sent)
    mixed = tuple((key.removeprefix("app.main."), base) for key, base in facts.mixins)
    return Neighbours(
        handed=tuple((f"app.shelf.{name}", value) for name, value in facts.handed), sent=sent, mixed=mixed
    )


@given(one=Lines, added=Lines, asking=st.lists(st.sampled_from(ASKING), max_size=5, unique=True))
def test_a_file_that_is_answered_alike_tells_the_same(one: list[str], added: list[str], asking: list[str]) -> None:
    other = [*one, *added[:2]]
    before, now = (
        neighbours(told("app.shelf", ["from app import main", *lines], Neighbours(), set())) for lines in (one, other)
    )
    asked = set[str]()
    facts = told("app.main", asking, before, asked)
    is_alike = Heard(before, frozenset(asked)).is_answered_alike(now)
    event(f"answered alike: {is_alike}, told the same: {before == now}")

    if is_alike:
        assert told("app.main", asking, now, set()) == facts


@given(told_first=Lines, added=Lines, asking=st.lists(st.sampled_from(ASKING), max_size=5, unique=True))
def test_what_a_run_keeps_of_a_file_changes_no_answer(
    told_first: list[str], added: list[str], asking: list[str]
) -> None:
    around = [
        neighbours(told("app.shelf", ["from app import main", *lines], Neighbours(), set()))
        for lines in (told_first, [*told_first, *added[:2]])
    ]
    source, rows = "\n".join(["import shop", *asking, ""]).encode(), [MIGRATION]
    job = Job(source, "app.main")
    task = Task.of(rows)
    fresh = [process(replace(job, neighbours=near), task) for near in around]
    asked = set[str]()
    expected = [told("app.main", asking, near, asked) for near in around]

    with keeping_syntax():
        noted = set[str]()
        assert [told("app.main", asking, near, noted) for near in around] == expected
        assert [process(replace(job, neighbours=near), task) for near in around] == fresh
    assert noted == asked


def test_a_name_for_which_a_file_does_not_ask_changes_nothing() -> None:
    client = Handed("object", ("shop.Client",), sure=True)
    before = Neighbours(handed=(("app.shelf.CLIENT", client),))
    now = Neighbours(handed=(*before.handed, ("app.shelf.OTHER", client)))
    asked = set[str]()
    told("app.main", ["from app.shelf import CLIENT"], before, asked)

    assert Heard(before, frozenset(asked)).is_answered_alike(now)


def test_a_name_that_was_asked_for_in_vain_and_is_there_now_is_another_answer() -> None:
    asked = set[str]()
    told("app.main", ["from app.shelf import CLIENT"], neighbours(Facts()), asked)
    now = Neighbours(handed=(("app.shelf.CLIENT", Handed("object", ("shop.Client",))),))

    assert not Heard(Neighbours(), frozenset(asked)).is_answered_alike(now)


@pytest.mark.parametrize(
    ("statement", "is_told"),
    [
        ("import_module(path)", False),
        ("import_module(f'app.{path}')", True),
    ],
)
def test_of_any_module_no_name_is_loaded_that_a_file_only_imports(statement: str, is_told: bool) -> None:
    handed = told("app.shelf", ["from shop import Client", "Client()"], Neighbours(), set()).handed
    around = Neighbours(handed=tuple((f"app.shelf.{name}", value) for name, value in handed))
    load = f"def load(path, name): return getattr({statement}, name)"
    source = f"from importlib import import_module\n{load}\nMADE = load(1, 2)\n"
    file = File.of(source.encode(), FileModule("app.main", is_package=False), around)

    assert bool(interface_facts(file, [MIGRATION], Options(), set()).handed) == is_told


@pytest.mark.parametrize("given", ["scripts", "scripts/main.py"])
def test_a_file_given_by_its_name_hears_of_the_scripts_beside_it(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(
        tmp_path,
        {
            "scripts/made.py": "import shop\n\n\ndef make():\n    return shop.Client()\n",
            "scripts/main.py": "from made import make\n\nprint(make().number)\n",
        },
    )
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    report = plan_tree([Path(given)], [MIGRATION], jobs=1)

    (said,) = (remark for remark in remarks_of(report, is_written=False) if Path(remark.path).name == "main.py")
    assert (said.line, said.code) == (3, "SH201")
