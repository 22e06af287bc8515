"""The examples of a made-up migration with the newer kinds of rows hold in both releases."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from compatkit.authoring.problems import find_problems
from compatkit.authoring.trial import try_migration
from compatkit.migration import load_migration

TOML = """
schema = 1
id = "maps-2"
summary = "Maps have tiles by name."
versions = { v1 = "1", v2 = "2" }

[[calls]]
code = "MAPS101"
of = ["maps.{name}", "maps.all.{name}"]
v1 = ["zoom", "pretty"]
v2 = ["zoom"]
rename = { pretty = "tiles" }
values = { pretty = [[true, "{tiles}"], [false, { python = "None" }]] }
each.name = ["city", "coast"]
each.tiles = { coast = "SEA_V2", "*" = "EARTH_V1" }
why = "each map has tiles of its own"

[[calls]]
code = "MAPS102"
of = "maps.draw"
v1 = ["ink"]
meant = { ink = [["thick", "thick-and-wet"]] }
why = "thick ink was wet"

[[flags]]
code = "MAPS103"
v1 = "--pretty"
v2 = "--tiles"
of = ["maps-draw"]

[[unhandled]]
name = "maps.compass"
why = "north moved"
"""
V1 = """
def city(zoom, pretty=False):
    print("city", zoom, "EARTH_V1" if pretty else None)

def coast(zoom, pretty=False):
    print("coast", zoom, "SEA_V2" if pretty else None)

def draw(ink):
    print("wet" if ink == "thick" else "dry")

def compass():
    print("north")
"""
V2 = """
def city(zoom, *, tiles=None):
    print("city", zoom, tiles)

def coast(zoom, *, tiles=None):
    print("coast", zoom, tiles)

def draw(ink):
    print("wet" if ink == "thick-and-wet" else "dry")

def compass():
    print("north")
"""
EXAMPLES = {
    "by_name.before.txt": """
        # runnable
        import maps
        from maps import coast


        def main():
            given = {"zoom": 3, "pretty": True}
            maps.city(**given)
            coast(4, True)
            maps.city(5, pretty=False)


        main()
        """,
    "by_name.after.txt": """
        # runnable
        import maps
        from maps import coast


        def main():
            given = {"zoom": 3, "tiles": "EARTH_V1"}
            maps.city(**given)
            coast(4, tiles="SEA_V2")
            maps.city(5, tiles=None)


        main()
        """,
    # Not runnable: v2's own call cannot be told from v1's when it is made, so that the shim leaves both alone.
    "ink.before.txt": dedent(
        """\
        import maps

        maps.draw("thick")
        maps.draw(ink="thin")
        """
    ),
    "ink.after.txt": dedent(
        """\
        import maps

        maps.draw("thick-and-wet")
        maps.draw(ink="thin")
        """
    ),
    "new_already.unchanged.txt": dedent(
        """\
        import maps

        maps.draw("thin")
        print("city")
        """
    ),
    "another_name.unchanged.txt": dedent(
        """\
        import atlas as maps

        maps.city(1, pretty=True)
        """
    ),
    "read_again.unchanged.txt": """
        import maps


        def main():
            given = {"zoom": 3, "pretty": True}
            maps.city(**given)
            print(given)
        """,
    "left_to_people.unchanged.txt": dedent(
        """\
        from maps import compass

        compass()
        """
    ),
    "review/draw.before.sh": "set -e\nmaps-draw --pretty EARTH_V1 && other --pretty 1\n",
    "review/draw.after.sh": "set -e\nmaps-draw --tiles EARTH_V1 && other --pretty 1\n",
    "draw_by_default.unchanged.sh": "maps-draw --pretty EARTH_V1\n",
    "v1/maps/__init__.py": V1,
    "v2/maps/__init__.py": V2,
}


def test_every_claim_of_the_examples_holds_and_the_runnable_one_runs_alike(tmp_path: Path) -> None:
    (tmp_path / "migration.toml").write_text(TOML, encoding="utf-8")
    for name, text in EXAMPLES.items():
        file = tmp_path / "examples" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    attempts = list(try_migration(load_migration(tmp_path), tmp_path))

    assert [(attempt.example, attempt.claim, attempt.details) for attempt in attempts if not attempt.holds] == []
    run = {attempt.example for attempt in attempts if attempt.claim.startswith("runs alike")}
    assert run == {"by_name"}
    assert find_problems(tmp_path / "migration.toml") == []
