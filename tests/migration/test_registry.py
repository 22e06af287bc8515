"""Migrations are found by id or path, and finding them runs none of their code."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migration import (
    DEFAULT_MIGRATION,
    MigrationError,
    Project,
    available_migrations,
    bundled_migrations,
    find_migration,
    load_migration,
    load_project,
)
from compatkit.migration.head import Head, read_head, read_heads

MIGRATION = dedent(
    """\
    schema = 1
    id = "acme-v2"
    summary = "Acme."
    versions = { v1 = "1", v2 = "2" }
    """
)


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution that registers a migration, and whose code must not run."""
    package = tmp_path / "acme_migrations" / "v2"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("raise RuntimeError('the registry imported me')\n")
    (package / "migration.toml").write_text(MIGRATION)
    info = tmp_path / "acme_migrations-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        dedent("""\
            Metadata-Version: 2.1
            Name: acme-migrations
            Version: 1.0
            """)
    )
    (info / "entry_points.txt").write_text("[compatkit.migrations]\nacme-v2 = acme_migrations.v2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return package / "migration.toml"


def test_the_head_of_each_bundled_migration_is_read_as_the_whole_is() -> None:
    for file in bundled_migrations().values():
        assert read_head(file) == Head.of(load_migration(file))


def test_a_head_that_does_not_stand_above_the_first_table_is_left_to_the_loader(tmp_path: Path) -> None:
    file = tmp_path / "migration.toml"
    file.write_text(MIGRATION.replace("versions = {", "[versions]\n#"))

    assert read_head(file) is None


def test_of_an_installed_migration_a_broken_row_is_told_with_its_head(third_party: Path) -> None:
    third_party.write_text(MIGRATION + '[[moves]]\ncode = "AC101"\n')
    heads, faults = read_heads()

    assert "acme-v2" not in [head.id for head in heads]
    assert ["AC101" in str(fault) for fault in faults] == [True]


def test_every_bundled_migration_loads_and_its_folder_is_named_for_its_id() -> None:
    for name, file in available_migrations().items():
        assert load_migration(file).id == name


def test_the_default_is_bundled() -> None:
    assert find_migration().id == DEFAULT_MIGRATION


def test_a_registered_migration_is_found_without_running_its_package(third_party: Path) -> None:
    assert available_migrations()["acme-v2"] == third_party
    assert find_migration("acme-v2").id == "acme-v2"
    assert "acme_migrations" not in sys.modules


def test_a_path_is_taken_as_it_is(third_party: Path) -> None:
    assert find_migration(third_party).id == "acme-v2"
    assert find_migration(str(third_party.parent)).id == "acme-v2"


def test_the_package_of_a_migration_is_a_path_to_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "here-v2" / "src" / "here_v2_migration"
    package.mkdir(parents=True)
    (package / "migration.toml").write_text(MIGRATION)
    monkeypatch.chdir(tmp_path)

    assert find_migration("here-v2").origin == Path("here-v2/src/here_v2_migration/migration.toml")
    assert find_migration(tmp_path / "here-v2").id == "acme-v2"


def test_a_folder_without_a_migration_hides_no_id(
    third_party: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme-v2").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.compatkit]\nmigrations = ["acme-v2"]\n')
    monkeypatch.chdir(tmp_path)

    assert find_migration("acme-v2").origin == third_party
    assert [migration.origin for migration in load_project(tmp_path).load()] == [third_party]


def test_a_folder_without_a_migration_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(MigrationError, match=r"There is no migration\.toml"):
        find_migration("empty")


def test_an_unknown_id_is_answered_with_the_nearest() -> None:
    with pytest.raises(MigrationError, match="did you mean 'training-orchestrator-v2'"):
        find_migration("training-orchestrator")


def test_the_project_relocates_declared_names(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.compatkit]\nhomes = { "backend.ml_engine" = "acme.training" }\n')
    nested = tmp_path / "src" / "deep"
    nested.mkdir(parents=True)

    (migration,) = load_project(nested).load()

    assert all(move.old.startswith("acme.training.") for move in migration.moves)


def test_two_homes_do_not_give_one_name_two_new_ones(tmp_path: Path) -> None:
    head = dedent("""\
        schema = 1
        id = "lib-2"
        summary = "Lib."
        versions = { v1 = "1", v2 = "2" }
        """)
    moves = (f'[[moves]]\ncode = "LI10{n}"\nold = "lib.old{n}.N"\nnew = "lib.new.N{n}"\n' for n in (1, 2))
    (tmp_path / "migration.toml").write_text(head + "".join(moves))
    homes = '{ "lib.old1" = "app.m", "lib.old2" = "app.m" }'
    settings = f'[tool.compatkit]\nmigrations = ["migration.toml"]\nhomes = {homes}\n'
    (tmp_path / "pyproject.toml").write_text(settings)

    with pytest.raises(MigrationError, match=r"'app\.m\.N'.*LI101.*LI102") as caught:
        load_project(tmp_path).load()
    assert caught.value.where.endswith("homes")

    (tmp_path / "pyproject.toml").write_text(settings.replace('"lib.old2" = "app.m"', '"lib.old2" = "app.n"'))
    (migration,) = load_project(tmp_path).load()
    assert [move.old for move in migration.moves] == ["app.m.N", "app.n.N"]


def test_an_unknown_project_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.compatkit]\nmigratoins = ["x"]\n')

    with pytest.raises(MigrationError, match="did you mean 'migrations'"):
        load_project(tmp_path)


def test_a_project_without_the_table_uses_the_default(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")

    (migration,) = load_project(tmp_path).load()

    assert migration.id == DEFAULT_MIGRATION


def test_two_migrations_that_claim_one_name_are_refused_by_name(tmp_path: Path) -> None:
    move = dedent(
        """\
        [[moves]]
        code = "CK101"
        old = "shop.old.Widget"
        new = "shop.new.Gadget"
        """
    )
    for name in ("acme-v2", "acme-v3"):
        (tmp_path / f"{name}.toml").write_text(MIGRATION.replace("acme-v2", name) + move)

    with pytest.raises(MigrationError, match=r"'shop\.old\.Widget'.*acme-v2.*acme-v3"):
        Project().load([str(tmp_path / "acme-v2.toml"), str(tmp_path / "acme-v3.toml")])


def test_which_of_several_migrations_decides_is_asked_for(third_party: Path) -> None:
    project = Project(migrations=(DEFAULT_MIGRATION, str(third_party)))

    assert project.load_one("acme-v2").id == "acme-v2"
    with pytest.raises(MigrationError, match="--migration"):
        project.load_one()
