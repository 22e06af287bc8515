"""The short rows on the authoring page are read from the page, and each has the effect that the page states."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring.problems import find_problems
from compatkit.authoring.trial import try_migration
from compatkit.migration import load_migration, parse_migration
from compatkit.migration.rows import ROOT as FILE
from tests.shop import HEAD
from tests.shop.calls import findings

PAGE = Path(__file__).parents[2] / "compatkit" / "authoring" / "README.md"
EXAMPLES = {
    "client.before.txt": """
        # runnable
        from acme.old import Client

        print(Client.__name__)
        """,
    "client.after.txt": """
        # runnable
        from acme.net import Client

        print(Client.__name__)
        """,
    "number.before.txt": """
        # runnable
        from acme import Client

        print(Client().number)
        """,
    "number.after.txt": """
        # runnable
        from acme import Client

        print(Client().count)
        """,
    "number.unchanged.txt": dedent("""\
        from acme import Client


        def show(client):
            print(client.number, Client)
        """),
    "client.unchanged.txt": "from acme.older import Client\n",
    "send.before.txt": """
        import acme.mail

        acme.send("letter", "txt")
        acme.mail.send("letter", fmt="txt", mode="safe", retries=1)
        """,
    "send.after.txt": """
        import acme.mail

        acme.send("letter", "text", retries=3)
        acme.mail.send("letter", format="text", mode="safe-and-slow", retries=1)
        """,
    "send.unchanged.txt": dedent("""\
        import post as acme

        acme.send("letter", fmt="txt")
        """),
    "review/step.before.txt": """
        from acme import Client


        class Mine(Client):
            def on_step(self, number, kind):
                print(number)
        """,
    "review/step.after.txt": """
        from acme import Client


        class Mine(Client):
            def on_step(self, number):
                print(number)
        """,
    "review/step.unchanged.txt": """
        from acme import Client


        class Mine(Client):
            def on_step(self, number, kind):
                print(kind)
        """,
    "review/station.before.yaml": dedent("""\
        acme:
          station: north
          queue_size: 3
        """),
    "review/station.after.yaml": dedent("""\
        acme:
          station: north
          capacity: 3
        """),
    "review/another.unchanged.yaml": "acme:\n  queue_size: 3\n",
    "review/run.before.sh": "acme-station --queue_size 3\n",
    "review/run.after.sh": "acme-station --capacity 3\n",
    "review/run.unchanged.sh": "other-station --queue_size 3\n",
    "maps.before.txt": """
        # runnable
        import acme.maps

        print(acme.maps.city(old_tiles=True))
        print(acme.maps.moon(old_tiles=True))
        """,
    "maps.after.txt": """
        # runnable
        import acme.maps

        print(acme.maps.city(tiles="EARTH_V1"))
        print(acme.maps.moon(tiles="MOON_V2"))
        """,
    "maps.unchanged.txt": dedent("""\
        import acme.maps

        print(acme.maps.river(old_tiles=True))
        """),
    "v1/acme/__init__.py": "from acme.old import Client\n",
    "v1/acme/old.py": "class Client:\n    number = 3\n",
    "v1/acme/maps.py": """
        def city(old_tiles): return "EARTH_V1"
        def moon(old_tiles): return "MOON_V2"
        """,
    "v2/acme/__init__.py": "from acme.net import Client\n",
    "v2/acme/net.py": "class Client:\n    count = 3\n",
    "v2/acme/maps.py": """
        def city(tiles): return tiles
        def moon(tiles): return tiles
        """,
}


def page_rows() -> list[str]:
    """Return the rows as they stand on the page, each with a code of its own."""
    block = re.search(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block
    rows = block[1].split("\n\n")
    return [
        row if row.startswith("[[unhandled]]") else row.replace("\n", f'\ncode = "ACME{number}"\n', 1)
        for number, row in enumerate(rows, start=101)
    ]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    (tmp_path / "migration.toml").write_text(HEAD + "\n".join(page_rows()), encoding="utf-8")
    for name, text in EXAMPLES.items():
        file = tmp_path / "examples" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return tmp_path


def test_the_page_has_every_kind_of_row_that_a_library_needs() -> None:
    lists = {column.name for column in FILE.columns if column.kind.is_list}

    shown = {row.partition("]]")[0].removeprefix("[[") for row in page_rows()}

    # Of records and settings, the page says where to look.
    assert lists - shown == {"fields", "producers", "arguments", "configs"}


@pytest.mark.slow
def test_what_is_on_the_page_is_rewritten_and_runs_alike(whole: Path) -> None:
    attempts = list(try_migration(load_migration(whole), whole))

    assert [(attempt.example, attempt.claim, attempt.details) for attempt in attempts if not attempt.holds] == []
    assert {attempt.example for attempt in attempts if attempt.claim.startswith("runs alike")} == {
        "client",
        "maps",
        "number",
    }


def test_each_row_of_the_page_is_shown_by_an_example(whole: Path) -> None:
    assert [problem.what for problem in find_problems(whole / "migration.toml") if "No example" in problem.what] == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("from acme.checks import checksum\n", "use zlib.crc32"),
        ("from acme.report import render\n", "reports are another product now"),
        ("import acme\nacme.send(item, text)\n", "the value of `fmt` is not written here"),
    ],
)
def test_what_the_page_leaves_to_people_is_reported(source: str, told: str) -> None:
    rows = "\n".join(page_rows())

    assert parse_migration(HEAD + rows).unhandled
    assert any(told in found for found in findings(source, rows))
