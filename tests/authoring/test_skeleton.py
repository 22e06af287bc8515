"""The commented rows in a new migration are valid: each row by itself, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import compatkit.authoring
from compatkit.authoring.skeleton import commented_rows, write_skeleton
from compatkit.errors import WrongUse
from compatkit.migration import Migration, codes_of, parse_migration
from tests.shop import HEAD

TEXT = commented_rows().format(library="shop", letters="SHOP")


def commented() -> Iterator[str]:
    """Yield each row, without the comment signs: what begins with a header, up to an empty line."""
    for block in TEXT.split("\n\n"):
        lines = block.splitlines()
        start = next((at for at, line in enumerate(lines) if line.startswith("# [")), None)
        if start is not None:
            yield "\n".join(line.removeprefix("# ") for line in lines[start:]) + "\n"


def read(*rows: str) -> Migration:
    return parse_migration(HEAD + "".join(rows))


@pytest.mark.parametrize("row", list(commented()))
def test_each_row_is_right(row: str) -> None:
    assert read(row)


def test_all_rows_go_together() -> None:
    migration = read(*commented())

    codes = list(codes_of(migration))
    assert len(codes) == len(set(codes)) == TEXT.count("# code = ")
    assert migration.equivalence.ignore
    assert migration.unhandled


def test_every_kind_of_row_is_shown() -> None:
    shown = {name for row in commented() for name in re.findall(r"^\[+(\w+)\]+", row, re.MULTILINE)}

    # What [[arguments]] and [[configs]] are for, [[calls]] does more simply.
    kinds = {
        "moves",
        "fields",
        "producers",
        "calls",
        "members",
        "hooks",
        "removed",
        "keys",
        "flags",
        "transform",
        "unhandled",
    }
    assert shown == kinds | {"equivalence"}


def test_nothing_is_in_force_before_a_comment_sign_is_taken_away() -> None:
    assert all(line.startswith("#") or not line for line in TEXT.splitlines())


@pytest.mark.parametrize("library", ["sklearn", "shop.maps"])
def test_a_package_may_be_called_otherwise_than_the_migration(library: str, tmp_path: Path) -> None:
    files = write_skeleton("acme-2", tmp_path, library)

    (text,) = (file.read_text(encoding="utf-8") for file in files if file.name == "migration.toml")
    assert parse_migration(text).moves[0].old == f"{library}.old_home.Thing"
    # Each package above has its own file, or an installed one of that name would be found.
    top = tmp_path / "acme-2" / "src" / "acme_2_migration" / "examples" / "v2" / library.partition(".")[0]
    assert (top / "__init__.py").is_file()


@pytest.mark.parametrize("migration_id", ["Bad Id", "acme_2", "-acme"])
def test_what_is_no_id_is_refused(migration_id: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be the id"):
        write_skeleton(migration_id, tmp_path)


@pytest.mark.parametrize("library", ["scikit-learn", "class", "google.import"])
def test_what_is_no_package_is_refused(library: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="not a package"):
        write_skeleton("acme-2", tmp_path, library)


def test_the_short_examples_for_authors_go_together() -> None:
    page = (Path(compatkit.authoring.__file__).parent / "README.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    kinds = re.findall(r"^\[\[(\w+)\]\]", rows, re.MULTILINE)

    numbers = iter(range(101, 200))
    coded = re.sub(
        r"^\[\[(?!unhandled)\w+\]\].*", lambda row: f'{row[0]}\ncode = "ACME{next(numbers)}"', rows, flags=re.MULTILINE
    )

    migration = read(coded)
    assert {"calls", "members", "hooks", "removed", "keys", "flags", "unhandled"} < {*kinds}
    assert len(list(codes_of(migration))) == len(kinds) - 1
