"""Archives by their members, figures without dates and drawn ids; a difference in a member or a line is still found."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from compatkit.equivalence.reading.contents import read_file
from tests.equivalence.reading.contents.conftest import Differing

X, Y = load_iris(return_X_y=True)


def zipped(members: Mapping[str, str | bytes], date: tuple[int, int, int] = (2020, 1, 1)) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, (*date, 0, 0, 0)), text)
    return stream.getvalue()


def test_when_and_in_which_order_members_were_packed_does_not_count(differing: Differing) -> None:
    members = {"a.json": '{"x": 1}', "b.bin": b"\0\1"}
    other = {"b.bin": b"\0\1", "a.json": '{ "x":1 }'}

    assert differing("a.zip", zipped(members), zipped(other, (2021, 2, 3))) == []


@pytest.mark.parametrize(
    "other",
    [{"a.json": '{"x": 2}', "b.bin": b"\0\1"}, {"a.json": '{"x": 1}'}, {"a.json": '{"x": 1}', "b.bin": b"\0\2"}],
)
def test_what_a_member_says_does(other: Mapping[str, str | bytes], differing: Differing) -> None:
    assert differing("a.zip", zipped({"a.json": '{"x": 1}', "b.bin": b"\0\1"}), zipped(other))


def test_an_archive_in_an_archive_is_not_unpacked(differing: Differing) -> None:
    inner = zipped({"a.json": "1"}), zipped({"a.json": "1"}, (2021, 2, 3))

    assert differing("a.zip", *(zipped({"inner.zip": each}) for each in inner))


def skops_file(c: float = 1.0, **changed: Any) -> Callable[[Path], None]:
    import skops.io  # 3 s of a core, which only this worker pays

    model = LogisticRegression(C=c, max_iter=300).fit(X, Y).set_params(**changed)
    return lambda path: skops.io.dump(model, path)


def test_a_model_of_skops_is_compared_by_value(differing: Differing) -> None:
    one, same = skops_file(), skops_file()

    assert differing("model.skops", one, same) == []
    assert "coef_" in "".join(map(str, differing("model.skops", one, skops_file(2.0)))) or "object" in "".join(
        map(str, differing("model.skops", one, skops_file(2.0)))
    )
    assert "tol" in "".join(map(str, differing("model.skops", one, skops_file(tol=0.5))))


def figure(path: Path, *, top: float = 2.0, title: str = "loss") -> None:
    from matplotlib.figure import Figure  # 1 s of a core, which only this worker pays

    drawn = Figure()
    axes = drawn.add_subplot()
    axes.plot([1, top], marker="o")
    axes.fill_between([0, 1], [1, 1.5], hatch="/")
    axes.set_title(title)
    drawn.savefig(path)


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_figures_are_equal_whenever_they_were_drawn(suffix: str, differing: Differing, tmp_path: Path) -> None:
    def of(epoch: str, **changed: Any) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("SOURCE_DATE_EPOCH", epoch)
                figure(path, **changed)

        return write

    assert differing(f"a.{suffix}", of("1"), of("99999999")) == []
    assert (tmp_path / "before" / f"a.{suffix}").read_bytes() != (tmp_path / "after" / f"a.{suffix}").read_bytes()
    assert differing(f"a.{suffix}", of("1"), of("1", top=2.01))
    assert differing(f"a.{suffix}", of("1"), of("1", title="lost"))


def test_a_drawn_id_that_names_another_mark_counts(differing: Differing) -> None:
    svg = '<svg><path id="m0123456789"/><path id="m1123456789"/><use href="#m{}123456789"/></svg>'

    assert differing("a.svg", svg.format(0), svg.replace("0123456789", "ab23456789").format("ab23456789"[:0] or "x"))
    assert differing("a.svg", svg.format(0), svg.format(1))
    assert differing("a.svg", '<g id="axes_1"/>', '<g id="axes_2"/>')
    assert differing("a.svg", svg.format(0), svg.format(0)) == []


def test_a_pdf_that_is_cut_is_not_read(tmp_path: Path) -> None:
    figure(tmp_path / "a.pdf")
    raw = (tmp_path / "a.pdf").read_bytes()
    (tmp_path / "b.pdf").write_bytes(raw[: len(raw) // 2])

    assert read_file(tmp_path / "a.pdf", "a.pdf")[0].content is not None
    assert read_file(tmp_path / "b.pdf", "b.pdf")[0].content is None


def test_a_text_says_in_which_line_it_differs(differing: Differing) -> None:
    (found,) = differing("a.txt", "one\ntwo\nthree\n", "one\ntwo\nfour\n")

    assert "line 3" in str(found)
    assert differing("a.txt", "one\n", "one\r\n")
    assert differing("a.txt", "one\n", "one")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("form", ["gif", "webp"])
def test_the_duration_of_each_frame_counts(place: int, form: str, differing: Differing) -> None:
    def of(durations: list[int]) -> Callable[[Path], None]:
        frames = [Image.fromarray(np.full((8, 8, 3), each, dtype=np.uint8)) for each in (0, 90, 200)]
        return lambda path: frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations)

    longer = [500 if number == place else 100 for number in range(3)]

    assert differing(f"a.{form}", of([100, 100, 100]), of([100, 100, 100])) == []
    assert differing(f"a.{form}", of([100, 100, 100]), of(longer))


def test_a_model_of_keras_is_compared_by_member(differing: Differing) -> None:
    def saved(units: int, weights: bytes) -> bytes:
        return zipped({"config.json": json.dumps({"units": units}), "model.weights.h5": weights})

    assert differing("a.keras", saved(8, b"w"), saved(8, b"w")) == []
    assert "config.json" in str(differing("a.keras", saved(8, b"w"), saved(9, b"w"))[0])
    assert "model.weights.h5" in str(differing("a.keras", saved(8, b"w"), saved(8, b"v"))[0])
