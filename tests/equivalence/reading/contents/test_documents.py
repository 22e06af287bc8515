"""Archives by their members, figures without dates and drawn ids; a difference in a member or a line is still found."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd
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


def test_archives_in_archives_are_unpacked_down_to_a_depth(differing: Differing) -> None:
    inner, other, changed = (
        zipped({"a.json": one}, (year, 2, 3)) for one, year in (("1", 2020), ("1", 2021), ("2", 2020))
    )

    assert differing("a.zip", zipped({"in.zip": inner}), zipped({"in.zip": other})) == []
    assert "a.json" in str(differing("a.zip", zipped({"in.zip": inner}), zipped({"in.zip": changed}))[0])
    assert differing(
        "a.zip", *(zipped({"b.zip": zipped({"c.zip": zipped({"d.zip": document})})}) for document in (inner, other))
    )


def tarred(*members: tuple[str, str], link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in members:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
        if link:
            member = tarfile.TarInfo("link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)
    return stream.getvalue()


BESIDE = {
    "a script before a zip": ("a.zip", zipped({"a": "1"}), b"#!/bin/sh\n" + zipped({"a": "1"})),
    "bytes behind a zip": ("a.zip", zipped({"a": "1"}), zipped({"a": "1"}) + b"more"),
    "a second tar behind the first": ("a.tar", tarred(("a", "1")), tarred(("a", "1")) + tarred(("b", "1"))),
    "where a link leads": ("a.tar", tarred(("a", "1"), link="a"), tarred(("a", "1"), link="b")),
    "a text that spells a link": ("a.tar", tarred(link="a"), tarred(("link", ascii((tarfile.SYMTYPE, "a"))))),
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_lies_beside_the_members_counts(what: str, differing: Differing) -> None:
    assert differing(*BESIDE[what])


FRAME = pd.DataFrame({"a": [1, 2], "s": ["x", None]})
FRAMES = {
    "a text that spells null": FRAME.assign(s=["x", "null"]),
    "where an index begins": FRAME.set_index(pd.RangeIndex(5, 7)),
    "the name of an index": FRAME.rename_axis("row"),
    "a category that no row has": FRAME.assign(s=pd.Categorical(["x", None], categories=["x", "y"])),
    "the order of the columns": FRAME[["s", "a"]],
    "the order of categories": FRAME.assign(s=pd.Categorical(["x", None], categories=["y", "x"])),
}


def test_a_frame_counts_with_its_index_its_categories_and_nothing_for_null(differing: Differing) -> None:
    FRAME.attrs, with_a_unit = {}, FRAME.copy()
    with_a_unit.attrs["unit"] = "cm"
    frames = {"itself": FRAME, **FRAMES, "an attribute": with_a_unit}

    same = {
        (one, other)
        for one, other in combinations(frames, 2)
        if not differing("a.parquet", frames[one].to_parquet, frames[other].to_parquet)
    }

    assert same == set()
    assert differing("a.parquet", FRAME.to_parquet, lambda path: FRAME.to_parquet(path, compression="gzip")) == []


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


@pytest.mark.parametrize("suffix", ["eps", "pdf", "svg", "svgz"])
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
    (found,) = differing(
        "a.txt",
        dedent("""\
            one
            two
            three
            """),
        dedent("""\
            one
            two
            four
            """),
    )

    assert "line 3" in str(found)
    assert differing("a.txt", "one\n", "one\r\n")
    assert differing("a.txt", "one\n", "one")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("form", ["gif", "webp"])
def test_the_duration_of_each_frame_counts(place: int, form: str, differing: Differing) -> None:
    def of(durations: list[int]) -> Callable[[Path], None]:
        frames = [Image.fromarray(np.full((8, 8, 3), shade, dtype=np.uint8)) for shade in (0, 90, 200)]
        return lambda path: frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations)

    longer = [500 if number == place else 100 for number in range(3)]

    assert differing(f"a.{form}", of([100, 100, 100]), of([100, 100, 100])) == []
    assert differing(f"a.{form}", of([100, 100, 100]), of(longer))


def test_how_often_an_animation_repeats_counts(differing: Differing) -> None:
    def of(loop: int) -> Callable[[Path], None]:
        frames = [Image.fromarray(np.full((4, 4, 3), shade, dtype=np.uint8)) for shade in (0, 90)]
        return lambda path: frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=loop)

    assert differing("a.gif", of(0), of(0)) == []
    assert differing("a.gif", of(0), of(3))


def test_a_tiff_counts_with_all_its_bits_and_their_sign(differing: Differing) -> None:
    def of(value: int, *, channels: int = 1, bits: int = 8, form: int = 1) -> bytes:
        many = 8 + 2 + 12 * 10 + 4
        data = value.to_bytes(bits // 8, "little") * channels
        tags = {256: 1, 257: 1, 258: bits, 259: 1, 262: 2 if channels > 1 else 1, 273: many + 6}
        tags |= {277: channels, 278: 1, 279: len(data), 339: form}
        rows = b"".join(
            struct.pack("<HHIHH", tag, 3, channels, many, 0)
            if tag == 258 and channels > 1
            else struct.pack("<HHIHH", tag, 3, 1, said, 0)
            for tag, said in tags.items()
        )
        return (
            struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + rows + bytes(4) + struct.pack("<HHH", *[bits] * 3) + data
        )

    deep = {"channels": 3, "bits": 16}
    assert differing("a.tiff", of(3), of(3)) == []
    assert differing("a.tiff", of(3), of(3, form=2))
    assert differing("a.tiff", of(0x1201, **deep), of(0x1202, **deep))
    assert differing("a.tiff", of(0x1201, **deep), of(0x1201, **deep)) == []


def test_a_model_of_keras_is_compared_by_member(differing: Differing) -> None:
    def saved(units: int, weights: bytes) -> bytes:
        return zipped({"config.json": json.dumps({"units": units}), "model.weights.h5": weights})

    assert differing("a.keras", saved(8, b"w"), saved(8, b"w")) == []
    assert "config.json" in str(differing("a.keras", saved(8, b"w"), saved(9, b"w"))[0])
    assert "model.weights.h5" in str(differing("a.keras", saved(8, b"w"), saved(8, b"v"))[0])
