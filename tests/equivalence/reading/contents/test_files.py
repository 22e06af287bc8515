"""Files of a known kind are equal by what they say, and different wherever that differs; nothing in them runs."""

from __future__ import annotations

import copy
import io
import json
import math
import pickle
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin
from safetensors.torch import save_file

from compatkit.equivalence import Difference, Kind, Policy, Tolerance
from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.reading.contents.flatten_values import number_text

MERGED = dedent("""\
    x: &x {b: 1}
    y:
      <<: *x
    """)
SAME = {
    "a merged mapping of YAML": ("a.yaml", f"{MERGED}  b: 2\n", "x: {b: 1}\ny: {b: 2}\n"),
    "order of keys": ("a.json", '{"a": 1, "b": [true, null]}', '{ "b":[true,null],"a":1 }\n'),
    "spelling of a float": ("a.json", "[0.10, 1e3, 2.5E-1]", "[0.1, 1000.0, 0.25]"),
    "an escape": ("a.json", '"\\u00e9"', '"é"'),
    "NaN": ("a.json", "[NaN, -Infinity]", "[NaN,-Infinity]"),
    "lines of JSON": ("a.jsonl", '{"a": 1, "b": 2}\n{"a": 2}\n', '{"b": 2, "a": 1}\r\n\r\n{"a":2}'),
    "lines of JSON under the name of a document": (
        "result.json",
        '{"a": 1, "b": 2}\n{"a": 2}\n',
        '{"b": 2, "a": 1}\r\n{"a":2}',
    ),
    "a style of YAML": (
        "a.yaml",
        "a: {b: [1, 2]}\nc: 0.50\n",
        dedent("""\
            c: 0.5 # half
            a:
              b:
              - 1
              - 2
            """),
    ),
    "an alias of YAML": ("a.yml", "a: &x [1]\nb: *x\n", "a: [1]\nb: [1]\n"),
    "quotes of CSV": ("a.csv", 'name,loss\r\n"a",5e-1\r\n', "name,loss\na,0.5\n"),
    "a byte order mark": ("a.csv", "\ufeffa,b\n1,2\n", "a,b\n1,2\n"),
    "quotes of TSV": ("a.tsv", "a\t1e-1\n", '"a"\t0.1\n'),
    "quotes around every cell": ("a.csv", "a,b\n,1\n", '"a","b"\n"","1"\n'),
    "a style of TOML": (
        "a.toml",
        dedent("""\
            a = { b = [1, 0.50] }  # half
            [c]
            d = 'x'
            e = 1e3
            """),
        dedent("""\
            c = { e = 1000.0, d = "x" }
            a.b = [
              1,
              0.5,
            ]
            """),
    ),
    "quotes in a text": ("a.csv", 'a,"b,"",c"\n', 'a,"b,"",c"\r\n'),
}
OTHER = {
    "an integer for a float": ("a.json", "1", "1.0"),
    "a text for a number": ("a.json", "1", '"1"'),
    "true for 1": ("a.json", "true", "1"),
    "null for nothing": ("a.json", '{"a": null}', "{}"),
    "an empty list for an object": ("a.json", "[]", "{}"),
    "a list for an object": ("a.json", "[1]", '{"0": 1}'),
    "a key with a dot": ("a.json", '{"a": {"b": 1}}', '{"a.b": 1}'),
    "order of a list": ("a.json", "[1, 2]", "[2, 1]"),
    "sign of a zero": ("a.json", "[0.0]", "[-0.0]"),
    "what a double rounds": ("a.json", "[0.1]", "[0.1000000000000000055]"),
    "beyond a double": ("a.json", "[1e400]", "[1e401]"),
    "a key twice": ("a.json", '{"a": 1, "a": 2}', '{"a": 2}'),
    "a line of JSON lost": ("a.jsonl", "1\n2\n", "1\n"),
    "a line lost under the name of a document": ("result.json", "1\n2\n", "1\n"),
    "a list for lines": ("result.json", "1\n2\n", "[1, 2]"),
    "a date for a text": ("a.yaml", "a: 2020-01-01", "a: '2020-01-01'"),
    "no for 'no'": ("a.yaml", "a: no", "a: 'no'"),
    "a number as key": ("a.yaml", "1: a", "'1': a"),
    "a key of YAML twice": ("a.yaml", "a: 1\na: 2\n", "a: 2\n"),
    "a key of YAML twice beside <<": ("a.yaml", f"{MERGED}  a: 1\n  a: 2\n", f"{MERGED}  a: 2\n"),
    "a version in CSV": ("a.csv", "python,3.10\n", "python,3.1\n"),
    "a document lost": (
        "a.yaml",
        dedent("""\
            a
            ---
            b
            """),
        "a\n",
    ),
    "an integer for a float in TOML": ("a.toml", "a = 1", "a = 1.0"),
    "a text for a number in TOML": ("a.toml", "a = 1", "a = '1'"),
    "a text for a date in TOML": ("a.toml", "a = 2020-01-01", "a = '2020-01-01'"),
    "a time for a date in TOML": ("a.toml", "a = 2020-01-01", "a = 2020-01-01T00:00:00"),
    "an infinity in TOML": ("a.toml", "a = inf", "a = -inf"),
    "a key with a dot in TOML": ("a.toml", "a.b = 1", "'a.b' = 1"),
    "an empty table": ("a.toml", "a = 1\n[b]", "a = 1"),
    "a column swapped": ("a.csv", "a,b\n1,2\n", "b,a\n2,1\n"),
    "rows swapped": ("a.csv", "1\n2\n", "2\n1\n"),
    "an empty cell": ("a.csv", "a,\n", "a\n"),
    "a leading zero": ("a.csv", "007\n", "7\n"),
    "a text in CSV": ("a.csv", "a,x\n", "a,y\n"),
    "an empty text for no value": ("a.csv", 'a,b\n"",1\n', "a,b\n,1\n"),
    "a set for a list": ("a.pkl", pickle.dumps([1]), pickle.dumps({1})),
    "a frozen set": ("a.pkl", pickle.dumps({1}), pickle.dumps(frozenset({1}))),
    "an array of bytes": ("a.pkl", pickle.dumps(b"a", 5), pickle.dumps(bytearray(b"a"), 5)),
    "the order of an ordered dictionary": (
        "a.pkl",
        pickle.dumps(OrderedDict(a=1, b=2)),
        pickle.dumps(OrderedDict(b=2, a=1)),
    ),
    "the order of a dictionary": ("a.pkl", pickle.dumps({"a": 1, "b": 2}), pickle.dumps({"b": 2, "a": 1})),
    "the order of what was counted": ("a.pkl", pickle.dumps(Counter("ab")), pickle.dumps(Counter("ba"))),
    "a unit of time": ("a.pkl", *(pickle.dumps(np.array([1], f"m8[{unit}]")) for unit in ("s", "ms"))),
    "a pickle": ("a.pkl", pickle.dumps([1]), pickle.dumps([2])),
    "an unknown kind": ("a.bin2", b"1", b"2"),
}


@pytest.mark.parametrize("name", SAME)
def test_how_it_is_written_does_not_count(name: str, differing: Callable[..., list[Difference]]) -> None:
    assert differing(*SAME[name]) == []


@pytest.mark.parametrize("name", OTHER)
def test_what_it_says_does(name: str, differing: Callable[..., list[Difference]]) -> None:
    file, before, after = OTHER[name]

    for sides in ((before, after), (after, before)):
        (difference,) = differing(file, *sides)

        assert (difference.kind, difference.name) == (Kind.ARTIFACT_CONTENT, file)


def test_the_first_place_is_named(differing: Callable[..., list[Difference]]) -> None:
    (difference,) = differing("a.json", '{"a": [1, 2], "b": 3}', '{"a": [1, 5], "c": 3}')

    assert (difference.before, difference.after, difference.count, difference.of) == ("2", "5", 3, 4)
    assert "$.a[1]" in difference.hint


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(one=documents, other=documents)
def test_two_json_documents_are_equal_if_and_only_if_their_texts_are(
    one: Any, other: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    contents = []
    for document in (one, other, one):
        (folder / "a.json").write_text(json.dumps(document, indent=len(contents)))
        contents.append(read_file(folder / "a.json", "a.json")[0].content)

    assert contents[0] == contents[2] is not None
    texts = [json.dumps(document, sort_keys=True) for document in (one, other)]
    assert (contents[0] == contents[1]) == (texts[0] == texts[1])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_spelling_of_a_double_is_one_text(value: float) -> None:
    spellings = [repr(value), f"{value:.17e}", f"{value!r}0" if "e" not in repr(value) else repr(value)]
    exact = [text for text in spellings if float(text) == value]

    assert number_text(exact[0]) == repr(value)
    assert number_text(exact[-1]) == repr(value)


def png(pixels: Any, **said: str) -> bytes:
    written, stream = PngImagePlugin.PngInfo(), io.BytesIO()
    for key, text in said.items():
        written.add_text(key, text)
    Image.fromarray(np.array(pixels, dtype=np.uint8)).save(stream, "PNG", pnginfo=written)
    return stream.getvalue()


PIXELS = np.arange(48).reshape(4, 4, 3)


def test_metadata_of_an_image_does_not_count(differing: Callable[..., list[Difference]]) -> None:
    assert differing("a.png", png(PIXELS, Software="one"), png(PIXELS, Software="two", Time="now")) == []


@pytest.mark.parametrize("key", ["Creation Time", "date:create", "Software", "XML:com.adobe.xmp"])
def test_when_and_by_what_a_png_was_written_does_not_count(
    key: str, differing: Callable[..., list[Difference]]
) -> None:
    assert differing("a.png", png(PIXELS, **{key: "one"}), png(PIXELS, **{key: "two"})) == []


@pytest.mark.parametrize("key", ["parameters", "Title", "Update", "times"])
def test_other_texts_in_a_png_do(key: str, differing: Callable[..., list[Difference]]) -> None:
    assert key in str(differing("a.png", png(PIXELS, **{key: "a cat"}), png(PIXELS, **{key: "a dog"}))[0])
    assert differing("a.png", png(PIXELS, **{key: "a cat"}), png(PIXELS))


def scanned(suffix: str, **how: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS.astype(np.uint8)).save(stream, suffix, **how)
    return stream.getvalue()


@pytest.mark.parametrize("suffix", ["jpeg", "png", "tiff"])
def test_the_scale_and_the_colour_profile_of_an_image_count(
    suffix: str, differing: Callable[..., list[Difference]]
) -> None:
    def of(**how: Any) -> bytes:
        return scanned(suffix, **how)

    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    later = made[:24] + b"\x07\xe9" + made[26:]

    assert "dpi" in str(differing(f"a.{suffix}", of(dpi=(72, 72)), of(dpi=(300, 300)))[0])
    assert "colour profile" in str(differing(f"a.{suffix}", of(icc_profile=made), of(icc_profile=made[:-1] + b"x"))[0])
    assert differing(f"a.{suffix}", of(icc_profile=made), of())
    assert made != later
    assert differing(f"a.{suffix}", of(icc_profile=made, dpi=(72, 72)), of(icc_profile=later, dpi=(72, 72))) == []


@pytest.mark.parametrize("other", [np.where(PIXELS == 47, 46, PIXELS), PIXELS[:, :, 0], PIXELS[:3], PIXELS[::-1]])
def test_a_pixel_the_size_and_the_mode_do(other: Any, differing: Callable[..., list[Difference]]) -> None:
    assert differing("a.png", png(PIXELS), png(other))


def test_a_palette_counts_beside_the_pixels(differing: Callable[..., list[Difference]]) -> None:
    def written(colour: int) -> bytes:
        image, stream = Image.new("P", (2, 2)), io.BytesIO()
        image.putpalette([colour, 0, 0])
        image.save(stream, "PNG")
        return stream.getvalue()

    assert differing("a.png", written(1), written(2))


def arrays(path: Path, **named: Any) -> None:
    np.savez(path, **named) if path.suffix == ".npz" else np.save(path, *named.values())


ONE = np.array([[0.5, math.nan], [1.0, -2.0]], dtype=np.float32)
OTHER_ARRAYS = {
    "one value": np.array([[0.5, math.nan], [1.0, -2.01]], dtype=np.float32),
    "NaN for a number": np.array([[0.5, math.nan], [math.nan, -2.0]], dtype=np.float32),
    "dtype": ONE.astype(np.float64),
    "shape": ONE.ravel(),
    "order": ONE.T,
}


@pytest.mark.parametrize("suffix", ["npy", "npz"])
@pytest.mark.parametrize("what", OTHER_ARRAYS)
def test_arrays_are_compared_by_value(what: str, suffix: str, differing: Callable[..., list[Difference]]) -> None:
    def of(array: Any) -> Callable[[Path], None]:
        return lambda path: arrays(path, a=array)

    assert differing(f"a.{suffix}", of(ONE), of(np.asfortranarray(ONE))) == []
    assert differing(f"a.{suffix}", of(ONE), of(OTHER_ARRAYS[what]))


def test_a_lost_array_and_texts_and_times_count(differing: Callable[..., list[Difference]]) -> None:
    def of(**named: Any) -> Callable[[Path], None]:
        return lambda path: arrays(path, **named)

    times = np.array(["2020-01-01", "NaT"], dtype="datetime64[D]")
    assert differing("a.npz", of(a=ONE, t=times), of(a=ONE, t=times.copy())) == []
    assert differing("a.npz", of(a=ONE, t=times), of(a=ONE))
    assert differing("a.npz", of(t=times), of(t=times[::-1]))
    assert differing("a.npz", of(t=np.array(["a", "b"])), of(t=np.array(["a", "c"])))


def test_the_tolerance_of_weights_is_for_weights_and_for_no_other_array(
    differing: Callable[..., list[Difference]],
) -> None:
    tolerant = Policy(weights={"float32": Tolerance(1e-3)})

    def of(factor: float) -> Callable[[Path], None]:
        return lambda path: arrays(path, a=(ONE * factor).astype(np.float32))

    def saved(factor: float) -> Callable[[Path], None]:
        return lambda path: save_file({"a": torch.from_numpy((ONE * factor).astype(np.float32))}, path)

    assert differing("a.safetensors", saved(1), saved(1 + 1e-5), policy=tolerant) == []
    (weight,) = differing("a.safetensors", saved(1), saved(1.01), policy=tolerant)
    assert weight.rule == "beyond rtol 0.001, atol 0"
    (array,) = differing("a.npy", of(1), of(1 + 1e-5), policy=tolerant)
    assert array.rule == "must be equal"


STATE = {"0.weight": torch.tensor([[0.5, -1.0]]), "0.bias": torch.tensor([0.25], dtype=torch.bfloat16)}
OTHER_STATES: dict[str, Any] = {
    "a weight": {**STATE, "0.weight": torch.tensor([[0.5, -1.5]])},
    "dtype": {**STATE, "0.bias": torch.tensor([0.25])},
    "shape": {**STATE, "0.weight": torch.tensor([0.5, -1.0])},
    "lost": {"0.weight": STATE["0.weight"]},
    "layers in another order": dict(reversed(STATE.items())),
}


@pytest.mark.parametrize("what", OTHER_STATES)
def test_checkpoints_are_compared_tensor_by_tensor(what: str, differing: Callable[..., list[Difference]]) -> None:
    def of(state: Any) -> Callable[[Path], None]:
        return lambda path: torch.save({"epoch": 3, "model": state}, path)

    def safely(state: Any) -> Callable[[Path], None]:
        return lambda path: save_file(state, path)

    assert differing("a.pth", of(STATE), of({name: tensor.clone() for name, tensor in STATE.items()})) == []
    assert differing("a.pth", of(STATE), of(OTHER_STATES[what]))
    # safetensors puts names in an order of its own.
    assert bool(differing("a.safetensors", safely(STATE), safely(OTHER_STATES[what]))) == ("order" not in what)


@pytest.mark.parametrize("other", [STATE["0.weight"].clone().requires_grad_(), torch.nn.Parameter(STATE["0.weight"])])
def test_whether_a_tensor_of_a_checkpoint_is_trained_counts(
    other: Any, differing: Callable[..., list[Difference]]
) -> None:
    def of(tensor: Any) -> Callable[[Path], None]:
        return lambda path: torch.save({"w": tensor}, path)

    (difference,) = differing("a.pt", of(STATE["0.weight"]), of(other))
    assert "requires_grad=True" in str(difference)
    assert differing("a.pt", of(other), of(copy.deepcopy(other))) == []


@pytest.mark.parametrize("other", [{"epoch": 4}, {"epoch": 3.0}, {"epoch": "3"}, {"epoch": [3]}, [("epoch", 3)]])
def test_numbers_beside_the_tensors_count(other: Any, differing: Callable[..., list[Difference]]) -> None:
    assert differing("a.pt", lambda path: torch.save({"epoch": 3}, path), lambda path: torch.save(other, path))


class Trap:
    """What, unpickled, leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_is_executed(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    pickled = pickle.dumps(Trap(touched))
    for name in ("a.bin", "a.npy", "a.npz", "a.json", "a.png", "a.safetensors", "a.skops", "a.pdf", "a.svg"):
        (tmp_path / name).write_bytes(pickled)
    np.save(tmp_path / "b.npy", np.array([Trap(touched)], dtype=object))
    np.savez(tmp_path / "b.npz", a=np.array([Trap(touched)], dtype=object))
    (tmp_path / "b.yaml").write_text(f"!!python/object/apply:os.mknod ['{touched}']")

    for path in sorted(tmp_path.iterdir()):
        file, notes = read_file(path, path.name)

        assert file.content is None
        assert "digest" in notes[0]
    assert not touched.exists()


KNOWN = {
    "a.json": b'{"a": [1, 2]}',
    "a.yaml": b"a: [1, 2]",
    "a.csv": b'a,"b c"\n',
    "a.png": png(PIXELS),
    "a.npy": b"",
    "a.npz": b"",
    "a.pt": b"",
    "a.safetensors": b"",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    np.save(folder / "a.npy", ONE)
    np.savez(folder / "a.npz", a=ONE)
    torch.save(STATE, folder / "a.pt")
    save_file(STATE, folder / "a.safetensors")
    return {name: raw or (folder / name).read_bytes() for name, raw in KNOWN.items()}


@pytest.mark.parametrize("name", KNOWN)
def test_a_half_written_file_is_never_equal_to_the_whole(
    name: str, whole: dict[str, bytes], differing: Callable[..., list[Difference]], tmp_path: Path
) -> None:
    raw = whole[name]
    for length in {len(raw) // 2, len(raw) - 1, 1, 0} - {len(raw)}:
        half = raw[:length]
        if name == "a.csv" and half == raw.rstrip(b"\n"):
            # Nothing that it says is lost with the last line end.
            continue

        assert differing(name, raw, half)
        assert differing(name, half, raw)
        assert differing(name, half, half) == []


def test_a_broken_file_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [1')

    file, (note,) = read_file(tmp_path / "a.json", "logs/a.json")

    assert file.content is None
    assert "'logs/a.json' is compared by digest" in note


def test_an_image_of_sixteen_bits_is_compared_by_digest(tmp_path: Path) -> None:
    # Pillow would read the upper byte alone. It cannot write such an image either: the depth is set by hand.
    raw = bytearray(png(PIXELS))
    raw[24] = 16
    (tmp_path / "a.png").write_bytes(raw)

    assert read_file(tmp_path / "a.png", "a.png")[0].content is None


def test_aliases_that_would_fill_the_memory_are_not_followed(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 12)]
    (tmp_path / "a.yaml").write_text("\n".join(lines))

    assert read_file(tmp_path / "a.yaml", "a.yaml")[0].content is None


@given(document=documents)
def test_yaml_reads_what_it_wrote_in_any_style(document: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    contents = []
    for flow in (True, False):
        text = yaml.safe_dump(document, default_flow_style=flow)
        (folder / "a.yaml").write_text(text, encoding="utf-8")
        contents.append(read_file(folder / "a.yaml", "a.yaml")[0].content)

    assert contents[0] == contents[1]
