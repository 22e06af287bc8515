"""Loggers name images and events after the occasion, and compatkit its own pages: these names do not count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import Image, MlflowClient

from compatkit.equivalence import Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.equivalence.reading.known_names import FOLDER, names_of_loggers, own_pages, page_name
from compatkit.report.verdict_page import write_verdict_page
from tests.equivalence.strategies import RUN
from tests.report.verdict_page.pairs import compared


def logged(key: str, step: int, time: int, mark: str = "+", rest: str = ".png") -> str:
    return f"images/{key}{mark}step{mark}{step}{mark}timestamp{mark}{time}{mark}{UUID(int=time + 17 * step)}{rest}"


@pytest.mark.parametrize("mark", ["+", "%"])
def test_the_same_images_have_the_same_names_whenever_they_were_logged(mark: str) -> None:
    def names(start: int) -> list[str]:
        files = [logged("a b#c", step, start + step, mark, rest) for step in (0, 1, -1) for rest in (".png", ".webp")]
        return sorted(names_of_loggers(files).values())

    assert names(1_700_000_000_000) == names(1_800_000_000_000)
    assert f"images/a b#c{mark}step{mark}-1.png" in names(1_700_000_000_000)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(1, 99)), unique=True))
def test_no_two_images_get_one_name(images: Sequence[tuple[str, int, int]]) -> None:
    files = [logged(*image) for image in images]

    renamed = names_of_loggers(files)

    assert sorted(renamed) == sorted(files)
    assert len(set(renamed.values())) == len(files)


def test_several_images_of_one_key_and_step_are_numbered_as_they_were_logged() -> None:
    first, second = logged("a", 3, 99), logged("a", 3, 100)

    assert names_of_loggers([second, first]) == {first: "images/a+step+3.png", second: "images/a+step+3#2.png"}


def test_other_files_keep_their_names() -> None:
    assert names_of_loggers(["images/a.png", "a+step+1+timestamp+2+x.png", logged("a", 1, 2)[7:]]) == {}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / page_name("a1")
    write_verdict_page(path, [compared(RUN, replace(RUN, run_id="b"))])
    return path


def test_page_of_compatkit_is_told_by_name_and_content(page: Path) -> None:
    assert own_pages({f"{FOLDER}/{page.name}": page}) == {f"{FOLDER}/{page.name}"}


@pytest.mark.parametrize(
    "name", ["verdict-a1.html", "other/verdict-a1.html", "compatkit/sub/verdict-a1.html", "compatkit/a"]
)
def test_page_elsewhere_is_compared(page: Path, name: str) -> None:
    assert own_pages({name: page}) == set()


@pytest.mark.parametrize(
    "content", [b"", b"<!DOCTYPE html>\n<p>ours</p>", b"x<!DOCTYPE html>\n<!-- compatkit verdict page -->"]
)
def test_what_the_training_logged_under_that_name_is_compared(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "own.html"
    file.write_bytes(content)

    assert own_pages({"compatkit/verdict-own.html": file}) == set()


def test_page_name_holds_no_slash_whatever_the_run_is_called() -> None:
    assert page_name("../a b/c:latest") == "verdict----a-b-c-latest.html"


def test_a_logged_page_is_left_out_of_the_snapshot_and_said_to_be(tracking_uri: str, page: Path) -> None:
    client = MlflowClient(tracking_uri)
    experiment = client.create_experiment("own pages")
    run_id = client.create_run(experiment).info.run_id
    client.log_text(run_id, "kept", "compatkit/other.txt")
    client.log_artifact(run_id, str(page), FOLDER)
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)

    assert list(snapshot.artifacts) == ["compatkit/other.txt"]
    assert any("not compared" in note for note in snapshot.notes)


def test_images_of_a_table_are_numbered_as_the_table_has_them(tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    experiment = client.create_experiment("images of tables")

    def table(*shades: int) -> Snapshot:
        run_id = client.create_run(experiment).info.run_id
        images = [Image(np.full((2, 2, 3), shade, dtype=np.uint8)) for shade in shades]
        client.log_table(run_id, {"row": [1, 2], "image": images}, "out/table.json")
        client.set_terminated(run_id)
        return take_snapshot(run_id, tracking_uri=tracking_uri)

    one, same, swapped = table(3, 5), table(3, 5), table(5, 3)

    assert "table_images/out/table/image 1.png" in one.artifacts
    assert compare_snapshots(one, same, Policy()).is_equivalent
    assert {difference.name for difference in compare_snapshots(one, swapped, Policy()).deciding} == {
        f"table_images/out/table/image {number}.{form}" for number in (1, 2) for form in ("png", "webp")
    }
