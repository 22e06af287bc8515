"""All errors of a migration file are reported at once with their lines, and then its suspicious entries."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring.problems import Problem, find_missing_names, find_problems, format_problems
from compatkit.migration import MigrationError, bundled_migrations
from tests.shop import HEAD
from tests.shop.widgets import AFTER, BEFORE, MOVE, plant_migration

FIELD = '\n[[fields]]\ncode = "SHOP201"\nv1 = "acc"\nv2 = "accuracy"\n'
SHOWN = {"a_before": BEFORE, "a_after": AFTER, "b_unchanged": "from shop.old import Other\n"}


def problems(folder: Path, text: str, **examples: str) -> list[Problem]:
    return find_problems(plant_migration(folder, text, **examples))


def told(found: list[Problem]) -> list[tuple[str, int | None, str]]:
    return [(problem.severity, problem.line, problem.what) for problem in found]


@pytest.mark.parametrize(("name", "file"), sorted(bundled_migrations().items()))
def test_bundled_migrations_have_no_errors(name: str, file: Path) -> None:
    assert [problem for problem in find_problems(file) if problem.severity == "error"] == []


def test_what_is_fine_is_fine(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + MOVE, **SHOWN) == []


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    wrong = HEAD.replace("summary", "sumary") + MOVE.replace("old =", "odl =") + FIELD.replace("SHOP201", "201")

    found = problems(tmp_path, wrong + "[equivalence]\nrtol = -1\n")

    assert told(found) == [
        ("error", 3, "Unknown key 'sumary'."),
        ("error", 8, "Unknown key 'odl'."),
        ("error", 12, "code is '201', expected capital letters and at least three digits, such as 'CK101'."),
        ("error", 16, "rtol is -1, expected a finite number, zero or more."),
    ]
    assert [problem.hint for problem in found[:2]] == ["did you mean 'summary'?", "did you mean 'old'?"]


def test_the_second_row_that_is_wrong_has_its_own_number(tmp_path: Path) -> None:
    second = MOVE.replace("SHOP101", "SHOP102").replace("shop.old.Widget", "shop.old.Other").replace("new =", "nw =")

    (only,) = problems(tmp_path, HEAD + MOVE + second)

    assert (only.line, only.where) == (14, "[[moves]] 2 (SHOP102)")


def test_what_holds_between_rows_is_told_once_each_is_right(tmp_path: Path) -> None:
    assert told(problems(tmp_path, HEAD + MOVE + MOVE)) == [
        ("error", 12, "The code 'SHOP101' is declared by shop.old.Widget and by shop.old.Widget.")
    ]


def test_a_move_onto_itself_is_an_error(tmp_path: Path) -> None:
    (only,) = problems(tmp_path, HEAD + MOVE.replace("shop.new.Gadget", "shop.old.Widget"))

    assert (only.severity, only.line) == ("error", 9)
    assert "keeps its name" in only.what


def test_a_move_into_what_looks_like_a_class_is_an_error(tmp_path: Path) -> None:
    found = problems(tmp_path, HEAD + MOVE.replace("shop.new.Gadget", "shop.Till.gadget"), **SHOWN)

    assert ("error", 9) in [(problem.severity, problem.line) for problem in found]


def test_a_module_that_the_inventory_lists_may_be_called_as_a_class(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("shop.Till: gadget\n", encoding="utf-8")
    head = HEAD + 'inventory = "names.txt"\n'
    module = dedent(
        """\
        [[moves]]
        code = "SHOP102"
        kind = "module"
        old = "till"
        new = "shop.Till"
        """
    )

    found = problems(tmp_path, head + module + MOVE.replace("shop.new.Gadget", "shop.Till.gadget"))

    assert not [problem for problem in found if problem.severity == "error"]


def test_a_byte_order_mark_is_passed_over_and_other_encodings_are_reported(tmp_path: Path) -> None:
    assert problems(tmp_path, "\ufeff" + HEAD + MOVE, **SHOWN) == []

    file = tmp_path / "migration.toml"
    file.write_bytes((HEAD + MOVE).replace("Renames", "Grüße").encode("utf-16"))
    with pytest.raises(MigrationError, match="not encoded as UTF-8"):
        find_problems(file)


def test_what_is_no_toml_has_a_line(tmp_path: Path) -> None:
    (only,) = problems(tmp_path, HEAD + "[[moves]\n")

    assert (only.severity, only.line) == ("error", 5)


def test_a_file_that_is_not_there_is_an_error_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="cannot be read"):
        find_problems(tmp_path / "migration.toml")


@pytest.mark.parametrize(
    ("text", "examples", "line", "what"),
    [
        (HEAD + MOVE, {}, 6, "No example shows SHOP101."),
        (HEAD + MOVE, {**SHOWN, "c_befor": "x = 1\n"}, None, "The example c.befor.txt is never tried."),
        (HEAD + MOVE, {**SHOWN, "c_before": "x = 1\n"}, None, "The example c.before.txt is never tried."),
        (HEAD + MOVE, {**SHOWN, "c_after": "x = 1\n"}, None, "The example c.after.txt is never tried."),
        (HEAD + MOVE, {**SHOWN, "c_before": "Widget\n", "c_after": "Widget\n"}, None, "The example c shows no change."),
        (
            HEAD + MOVE,
            {**SHOWN, "c_unchanged": "x = 1\n"},
            None,
            "The example c names nothing that this migration is about.",
        ),
        (
            HEAD + MOVE.replace("SHOP101", "CK101"),
            SHOWN,
            7,
            "The code CK101 belongs to the bundled migration training-orchestrator-v2.",
        ),
        (
            HEAD + MOVE + '\n[[unhandled]]\nname = "shop.old.*"\nwhy = "W."\n',
            SHOWN,
            11,
            "shop.old.Widget is moved, and listed as unhandled.",
        ),
        (
            HEAD
            + '\n[[moves]]\ncode = "SHOP100"\nkind = "module"\nold = "shop.old"\nnew = "shop.new"\n'
            + MOVE.replace("Gadget", "Widget"),
            {
                "a_before": "import shop.old\nfrom shop.old import Widget\n",
                "a_after": "import shop.new\nfrom shop.new import Widget\n",
            },
            12,
            "SHOP101 says what SHOP100 says already: shop.old moves as a whole.",
        ),
        (HEAD.replace('"shop-v2"', '"Shop V2"') + MOVE, SHOWN, 2, "The id 'Shop V2' is awkward to name in a command."),
        (HEAD.replace('v2 = "2"', 'v2 = "1"') + MOVE, SHOWN, 4, "v1 and v2 are the same release, 1."),
        (
            HEAD + MOVE + '\n[[calls]]\ncode = "SHOP301"\nof = "shoop.buy"\ndrop = ["a"]\n',
            SHOWN,
            13,
            "shoop.buy, of SHOP301, lies in a package that no move of this migration names.",
        ),
    ],
)
def test_what_is_suspicious_is_a_warning(
    tmp_path: Path, text: str, examples: dict[str, str], line: int | None, what: str
) -> None:
    assert ("warning", line, what) in told(problems(tmp_path, text, **examples))


def test_a_problem_is_written_as_compilers_write_it(tmp_path: Path) -> None:
    lines = list(format_problems(problems(tmp_path, HEAD + MOVE.replace("old =", "odl =")), "migration.toml"))

    assert lines == [
        "migration.toml:8: error: Unknown key 'odl'. In [[moves]] 1 (SHOP101). Hint: did you mean 'old'?",
    ]


CALL = dedent(
    """\
    [[calls]]
    code = "SHOP301"
    of = "shop.buy"
    rename = { a = "b" }
    """
)
MEMBER = dedent(
    """\
    [[members]]
    code = "SHOP301"
    of = "shop.Till"
    v1 = "buy"
    v2 = "sell"
    """
)
ABOUT = {
    "a call": CALL,
    "a member": MEMBER,
    "what is gone": dedent(
        """\
        [[removed]]
        code = "SHOP301"
        name = "shop.buy"
        say = "no"
        """
    ),
}


@pytest.mark.parametrize("row", ABOUT.values(), ids=ABOUT)
def test_an_example_of_a_changed_interface_is_not_suspicious(tmp_path: Path, row: str) -> None:
    found = told(problems(tmp_path, HEAD + row, c_unchanged="market.buy(1)\n"))

    assert all(what == "No example shows SHOP301." for _, _, what in found)


UNSHOWN = {
    "a call": CALL,
    "a member": MEMBER,
    "a key": dedent(
        """\
        [[keys]]
        code = "SHOP301"
        v1 = "buy"
        v2 = "sell"
        beside = ["shop"]
        """
    ),
    "a field": dedent(
        """\
        [[fields]]
        code = "SHOP301"
        v1 = "buy"
        v2 = "sell"
        """
    ),
}


@pytest.mark.parametrize("row", UNSHOWN.values(), ids=UNSHOWN)
def test_a_row_that_rewrites_and_is_shown_by_no_example_is_suspicious(tmp_path: Path, row: str) -> None:
    assert ("warning", 5, "No example shows SHOP301.") in told(problems(tmp_path, HEAD + row))


def test_a_row_is_shown_where_another_one_speaks_for_it(tmp_path: Path) -> None:
    rows = CALL
    rows += dedent(
        """\
        [[calls]]
        code = "SHOP302"
        of = "shop.buy"
        v1 = []
        drop = ["c"]
        """
    )
    shown = {"a_before": "import shop\nshop.buy(a=1, c=2)\n", "a_after": "import shop\nshop.buy(b=1)\n"}

    assert told(problems(tmp_path, HEAD + rows, **shown)) == []


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of which version 2.1 is installed; it must not be imported."""
    place = tmp_path / "site"
    (place / "mall").mkdir(parents=True)
    (place / "mall" / "__init__.py").write_text("class Till: ...\nraise RuntimeError('imported')\n", encoding="utf-8")
    (place / "mall-2.1.dist-info").mkdir()
    (place / "mall-2.1.dist-info" / "METADATA").write_text(
        dedent("""\
            Metadata-Version: 2.1
            Name: mall
            Version: 2.1
            """)
    )
    (place / "mall-2.1.dist-info" / "top_level.txt").write_text("mall\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(place))
    return place


LISTED = HEAD + dedent("""\
    inventory = "v2.txt"
    [[moves]]
    code = "SHOP101"
    kind = "module"
    old = "shop"
    new = "mall"
    """)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("Till, Bag", ["mall 2.1, as installed, lacks, and the inventory lists: mall.Bag."]),
        ("", ["mall 2.1, as installed, has, and the inventory does not list: mall.Till."]),
        ("Till", []),
    ],
)
def test_an_inventory_is_held_against_what_is_installed(
    names: str, said: list[str], tmp_path: Path, installed: Path
) -> None:
    file = plant_migration(tmp_path / "own", LISTED, a_unchanged="import shop.x\n")
    file.with_name("v2.txt").write_text(f"mall: {names}\n", encoding="utf-8")

    assert [problem.what for problem in find_problems(file) if "inventory" in problem.what] == said


def test_an_inventory_of_another_release_is_not(tmp_path: Path, installed: Path) -> None:
    file = plant_migration(tmp_path / "own", LISTED.replace('v2 = "2"', 'v2 = "3"'))
    file.with_name("v2.txt").write_text("mall: Bag\n", encoding="utf-8")

    assert not any("inventory" in problem.what for problem in find_problems(file))


@pytest.mark.parametrize(("v1", "is_told"), [("", True), ('v1 = ["how"]', False), ("v1 = []", False)])
def test_an_argument_that_may_be_given_by_position_is_reported(v1: str, is_told: bool, tmp_path: Path) -> None:
    row = f'\n[[calls]]\ncode = "SHOP201"\nof = "shop.pay"\n{v1}\nvalues = {{ how = [["card", "chip"]] }}\n'

    found = [problem.what for problem in problems(tmp_path, HEAD + MOVE + row, **SHOWN)]

    assert ("Of a call of shop.pay that gives how by position, SHOP201 cannot tell." in found) == is_told


LIBRARY = {
    "shop/__init__.py": "from shop.desk.till import Till\n",
    "shop/desk/__init__.py": "from shop.desk.till import Till\n",
    "shop/desk/till.py": dedent("""\
        class Till:
            def ring(self, count): ...
        class Big(Till): ...
        """),
}


@pytest.mark.parametrize(
    ("of", "missing"),
    [
        ('"shop.Till"', "shop.desk.Till, shop.desk.till.Till"),
        ('"shop.desk.Till.ring"', "shop.Till.ring, shop.desk.till.Big.ring, shop.desk.till.Till.ring"),
        ('["shop.Till", "shop.desk.Till", "shop.desk.till.Till"]', ""),
        ('"shop.unknown"', ""),
    ],
)
def test_second_names_of_a_library_that_a_row_lacks_are_reported(of: str, missing: str, tmp_path: Path) -> None:
    for name, text in LIBRARY.items():
        file = tmp_path / "v1" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "raise RuntimeError('this was imported')\n", encoding="utf-8")
    file = plant_migration(tmp_path, f'{HEAD}\n[[calls]]\ncode = "SHOP201"\nof = {of}\nrename = {{ a = "b" }}\n')

    found = [
        (problem.what.partition("also ")[2], problem.line) for problem in find_missing_names(file, str(tmp_path / "v1"))
    ]

    line = file.read_text(encoding="utf-8").splitlines().index(f"of = {of}") + 1
    assert found == ([(f"{missing}.", line)] if missing else [])
