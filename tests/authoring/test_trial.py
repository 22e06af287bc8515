"""A migration is tried on its examples, and failures are reported: for each claim, an example that breaks it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.authoring.trial import Attempt, try_migration
from compatkit.migration import Field, Migration, Move, Versions, load_migration
from tests.shop import HEAD
from tests.shop.widgets import AFTER, BEFORE, MOVE, NEW, OLD, plant_migration

STANDS = {"v1__shop__old": OLD, "v2__shop__new": NEW}
QUIET = {"a_before": BEFORE.removeprefix("# runnable\n"), "a_after": AFTER.removeprefix("# runnable\n")}


def attempts(folder: Path, text: str = HEAD + MOVE, **examples: str) -> list[Attempt]:
    file = plant_migration(folder, text, **examples)
    return list(try_migration(load_migration(file), file.parent))


def broken(found: list[Attempt]) -> list[str]:
    return [attempt.claim for attempt in found if not attempt.holds]


def triangle(folder: Path, **examples: str) -> Attempt:
    (only,) = [attempt for attempt in attempts(folder, **examples) if attempt.claim.startswith("runs alike")]
    return only


def test_what_is_as_shown_holds(tmp_path: Path) -> None:
    found = attempts(tmp_path, **QUIET, b_unchanged="from shop.old import Other\n")

    assert broken(found) == []
    assert {attempt.example for attempt in found} == {"a", "b"}


def test_a_result_that_is_not_as_shown_is_told_with_a_diff(tmp_path: Path) -> None:
    found = attempts(tmp_path, a_before=QUIET["a_before"], a_after=QUIET["a_before"] + "\n")

    details = next(attempt.details for attempt in found if attempt.claim == "is rewritten as shown")
    assert "+from shop.new import Gadget as Widget" in details
    assert "is not rewritten again" in broken(found)


def test_an_example_that_must_not_change_and_does_is_reported(tmp_path: Path) -> None:
    assert "is not touched" in broken(attempts(tmp_path, a_unchanged="from shop.old import Widget\n"))


def test_an_example_that_does_not_compile_is_reported(tmp_path: Path) -> None:
    # The old name is not imported in it, so that nothing else is wrong.
    assert broken(attempts(tmp_path, a_unchanged="def (Widget:\n"))[-1] == "compiles"


def test_modern_examples_are_rewritten_on_request(tmp_path: Path) -> None:
    found = attempts(tmp_path, rename__a_before=QUIET["a_before"], rename__a_after=QUIET["a_after"])

    assert "is rewritten as shown" in broken(found)
    renamed = dedent(
        """\
        from shop.new import Gadget

        widget = Gadget('w')
        print(widget.name)
        """
    )
    assert broken(attempts(tmp_path, rename__a_before=QUIET["a_before"], rename__a_after=renamed)) == []


def test_the_law_of_fields_holds_or_is_reported() -> None:
    fields = (Field("X1", "acc", "accuracy"), Field("X2", "lr", "rate"))
    (law,) = try_migration(Migration("x", "X.", Versions("1", "2"), fields=fields), Path("/nowhere"))
    assert law.holds

    # The loader refuses this one: one name cannot be two keys.
    swapped = (Field("X1", "acc", "accuracy"), Field("X2", "top", "accuracy"))
    (law,) = try_migration(Migration("x", "X.", Versions("1", "2"), fields=swapped), Path("/nowhere"))
    assert not law.holds


def test_the_triangle_holds(tmp_path: Path) -> None:
    assert triangle(tmp_path, a_before=BEFORE, a_after=AFTER, **STANDS).details == ""


def test_without_a_stand_in_for_v1_the_original_is_run_with_the_shim_only(tmp_path: Path) -> None:
    assert triangle(tmp_path, a_before=BEFORE, a_after=AFTER, v2__shop__new=NEW).details == ""


def test_an_instance_of_what_moved_is_the_same_before_and_after(tmp_path: Path) -> None:
    data = dedent(
        """\
        from dataclasses import dataclass
        @dataclass
        class {}:
            name: str
        """
    )
    stands = {"v1__shop__old": data.format("Widget"), "v2__shop__new": data.format("Gadget")}

    assert triangle(tmp_path, a_before=BEFORE, a_after=AFTER, **stands).details == ""


@pytest.mark.parametrize(
    ("new", "part"),
    [
        (NEW.replace("= name", "= name.upper()"), "prints\nw\n"),
        (NEW + "        print('new')\n", "prints"),
        (NEW.replace("self, name", "self, label").replace("= name", "= label") + "        raise SystemExit(3)\n", "3"),
        (NEW.replace("Gadget", "Gadgets"), "ends with status 1"),
    ],
)
def test_a_new_library_that_does_something_else_is_reported(tmp_path: Path, new: str, part: str) -> None:
    assert part in triangle(tmp_path, a_before=BEFORE, a_after=AFTER, v1__shop__old=OLD, v2__shop__new=new).details


def test_another_value_that_is_bound_and_not_printed_is_reported(tmp_path: Path) -> None:
    silent = BEFORE.replace("print(widget.name)", "name = widget.name")
    after = AFTER.replace("print(widget.name)", "name = widget.name")
    new = NEW.replace("= name", "= name * 2")

    details = triangle(tmp_path, a_before=silent, a_after=after, v1__shop__old=OLD, v2__shop__new=new).details

    assert "name = 'w'" in details
    assert "name = 'ww'" in details


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("# runnable\nfrom shop.old import Widget\n", "nothing to compare"),
        (
            dedent(
                """\
                # runnable
                from shop.old import Other as Widget
                print(Widget)
                """
            ),
            "must be one that is rewritten",
        ),
        (
            dedent(
                """\
                # runnable
                import os
                from shop.old import Widget
                print(1, flush=True)
                os._exit(0)
                """
            ),
            "run to its end",
        ),
    ],
)
def test_an_example_that_shows_nothing_proves_nothing(tmp_path: Path, source: str, part: str) -> None:
    after = source.replace("old import Widget", "new import Gadget as Widget")

    assert part in triangle(tmp_path, a_before=source, a_after=after, **STANDS).details


def test_what_does_not_depend_on_the_order_is_seen_by_changing_it(tmp_path: Path) -> None:
    # Two moves of one name: the loader refuses them, because then the order decides.
    moves = (Move("X1", "shop.old.Widget", "shop.new.Gadget"), Move("X2", "shop.old.Widget", "shop.new.Other"))
    plant_migration(tmp_path, **QUIET)

    found = list(try_migration(Migration("x", "X.", Versions("1", "2"), moves), tmp_path))

    assert "does not depend on the order of the entries" in broken(found)


YAML = "x:\n  _target_: shop.old.Widget  # {'runnable'}\n"


def tried_documents(folder: Path, **documents: str) -> list[Attempt]:
    file = plant_migration(folder)
    for name, text in documents.items():
        place = folder / "examples" / name.replace("__", "/").replace("_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return list(try_migration(load_migration(file), folder))


def test_an_example_may_be_a_configuration(tmp_path: Path) -> None:
    after = YAML.replace("shop.old.Widget", "shop.new.Gadget")

    found = tried_documents(tmp_path, review__a_before_yaml=YAML, review__a_after_yaml=after, b_unchanged_yaml=YAML)

    assert broken(found) == []
    assert {attempt.example for attempt in found} == {"review/a", "b"}
    assert "compiles" not in {attempt.claim for attempt in found}


def test_a_configuration_that_is_not_as_shown_is_reported(tmp_path: Path) -> None:
    found = tried_documents(tmp_path, review__a_unchanged_yaml=YAML, a_before_yaml=YAML, a_after_yaml=YAML + "#\n")

    assert {"is not touched", "is rewritten as shown"} <= set(broken(found))


def test_a_pair_is_of_one_kind(tmp_path: Path) -> None:
    assert tried_documents(tmp_path, a_before_yaml=YAML, a_after_json="{}") == []
