"""Artifacts of every known kind, mutations of them, and bombs: few bytes that claim, or unpack to, very many."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from PIL import Image

from compatkit.equivalence import Policy
from compatkit.equivalence.comparing.contents import compare_file
from compatkit.equivalence.difference import Kind
from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.reading.model_folder import describe_mlmodel, read_model

_DOCUMENT = {"a": [1, 2.5, "x", None, True], "b": {"c": {"d": [[1], [2, 3]]}}, "e": "é"}
_YAML = "a: &a [1, 2.5, x]\nb: *a\nc: {<<: {d: 1}, e: 2001-01-01}\n---\n- !!binary aGk=\n- |\n  text\n"
_MLMODEL = "artifact_path: model\nflavors:\n  sklearn: {pickled_model: model.pkl, sklearn_version: 1.4}\nrun_id: abc\n"
_PT2 = {
    "graph_module": {"graph": {"nodes": [{"target": "t", "inputs": [], "metadata": {}}]}, "signature": {}},
    "opset_version": {"aten": 10},
}
_META = {"dtype": 7, "sizes": [{"as_int": 2}], "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}


def samples() -> dict[str, bytes]:
    """Return one file of each kind by its name."""
    arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "n": np.array(["a", "bc"])}
    state = {"model": {"w": torch.arange(6.0).reshape(2, 3)}, "epoch": 3, "history": [0.5, 0.25], "k": (1, "a")}
    pixels = Image.fromarray(np.arange(48 * 3, dtype=np.uint8).reshape(6, 8, 3))
    frames = [pixels, pixels.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return {
        "a.json": json.dumps(_DOCUMENT).encode(),
        "a.jsonl": b"\n".join(json.dumps(row).encode() for row in [_DOCUMENT, 1, "x"]),
        "a.yaml": _YAML.encode(),
        "a.csv": b'epoch,loss,"a, b"\n1,0.5,x\n2,1e-3,"y ""z"""\n',
        "a.npy": _bytes(lambda out: np.save(out, arrays["w"])),
        "a.npz": _bytes(lambda out: np.savez_compressed(out, **arrays)),
        "a.safetensors": safetensors.numpy.save({"w": arrays["w"]}, {"by": "x"}),
        "a.pt": _bytes(lambda out: torch.save(state, out)),
        "old.pt": _bytes(lambda out: torch.save(state, out, _use_new_zipfile_serialization=False)),
        "a.png": _bytes(lambda out: pixels.save(out, "PNG")),
        "a.jpg": _bytes(lambda out: pixels.save(out, "JPEG", progressive=True)),
        "a.bmp": _bytes(lambda out: pixels.save(out, "BMP")),
        "a.webp": _bytes(lambda out: pixels.save(out, "WEBP", lossless=True)),
        "a.gif": _bytes(lambda out: pixels.save(out, "GIF", save_all=True, append_images=frames[1:])),
        "a.pkl": pickle.dumps(_DOCUMENT),
        "a.zip": _zipped({"a.json": b"[1]", "b.pkl": pickle.dumps([1, {"a": 2}]), "c.txt": b"x"}),
        "a.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><g id="a1"><path d="M0 0"/></g></svg>',
        "a.pdf": _pdf(b"0 0 m 1 1 l S"),
        "a.txt": b"one\ntwo\n",
        "MLmodel": _MLMODEL.encode(),
        "model.pt2": _pt2(_META),
    }


def bombs() -> Mapping[str, Callable[[], bytes]]:
    """Return what makes files that would take all memory, or years, by their names: some take a second to make."""
    ten = [f"a0: &a0 [{', '.join('x' * 10)}]"]
    ten += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    merges = ["m0: &m0 {a: 1, b: 2}"] + [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    huge = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
    endless: object = []
    for _ in range(40):
        endless = [endless, endless, endless]
    return {
        "aliases.yaml": lambda: "\n".join(ten).encode(),
        "merges.yaml": lambda: "\n".join(merges).encode(),
        "itself.yaml": lambda: b"&a [*a]",
        "nested.yaml": lambda: b"[" * 20_000,
        "blocks.yaml": lambda: b"- " * 20_000,
        "sixty.yaml": lambda: b"a: 1" + b":59" * 300_000,
        "directives.yaml": lambda: b"".join(b"%%TAG !a%d! x\n" % n for n in range(80_000)) + b"--- 1",
        "colliding.yaml": lambda: b"".join(b"%d: 1\n" % (n * (2**61 - 1)) for n in range(15_000)),
        "MLmodel": lambda: "\n".join([*ten, "flavors: {}"]).encode(),
        "nested.json": lambda: b"[" * 1_000_000,
        "wide.json": lambda: b"[" + b"0," * 5_000_000 + b"0]",
        "long_places.json": lambda: b'{"' + b"k" * 4_000_000 + b'": [' + b"0," * 400_000 + b"0]}",
        "deep_places.json": lambda: b'{"' + b"k" * 4_000_000 + b'": ' + b'{"": ' * 190 + b"0" + b"}" * 191,
        "digits.json": lambda: b"[1." + b"7" * 8_000_000 + b"]",
        "lines.jsonl": lambda: b"0\n" * 1_500_000,
        "cells.csv": lambda: b"," * 8_000_000,
        "rows.csv": lambda: b"\n" * 1_500_000,
        "claims.npy": lambda: _npy(huge) + bytes(16),
        "claims_nothing.npy": lambda: _npy({**huge, "descr": "<U0"}),
        "claims.npz": lambda: _zipped({"a.npy": _npy(huge) + bytes(16)}),
        "zeros.npz": lambda: _zipped({"a.npy": _npy({**huge, "shape": (17_500_000,)}) + bytes(140_000_000)}),
        "members.npz": lambda: _zipped({f"{n}.npy": b"" for n in range(30_000)}),
        "wide.png": lambda: _png(60_000, 60_000),
        "large.png": lambda: _png(9_000, 9_000),
        "frames.gif": _many_frames,
        "zeros.pt": lambda: _zipped({"a/data.pkl": bytes(140_000_000)}),
        "opcodes.pt": lambda: _zipped({"a/data.pkl": b"\x80\x02" + b"]" * 4_000_000 + b"."}),
        "endless.pt": lambda: _bytes(lambda out: torch.save(endless, out)),
        "keys.pt": lambda: _zipped({"a/data.pkl": _tuples()}),
        "deep_keys.pt": lambda: _zipped({"a/data.pkl": b"\x80\x02}K\x01" + b"\x85" * 200_000 + b"K\x02s."}),
        "colliding.pt": lambda: _zipped({"a/data.pkl": pickle.dumps({n * (2**61 - 1): 1 for n in range(15_000)}, 2)}),
        "expanded.pt": lambda: _bytes(lambda out: torch.save(torch.zeros(1).expand(10**9), out)),
        "old_opcodes.bin": lambda: pickle.dumps(119547037146038801333356) + b"\x80\x02" + b"]" * 2_000_000,
        "model.pt2": lambda: _pt2({**_META, "sizes": [{"as_int": 10**12}], "strides": [{"as_int": 0}]}),
        "opcodes.pkl": lambda: b"\x80\x02" + b"]" * 200_000 + b".",
        "endless.pkl": lambda: pickle.dumps(endless),
        "tuples.pkl": _tuples,
        "zeros.zip": lambda: _zipped({"a.json": bytes(140_000_000)}),
        "zip_of_bombs.zip": lambda: _zipped({f"{n}.pkl": b"\x80\x02" + b"]" * 300_000 + b"." for n in range(6)}),
        "entities.svg": _entities,
        "nested.svg": lambda: b"<svg>" + b"<g>" * 300_000,
        "zeros.pdf": lambda: _pdf(bytes(140_000_000)),
        "lines.txt": lambda: b"\n" * 15_000_000,
        "header.safetensors": lambda: struct.pack("<Q", 2**40) + b"{}",
    }


def mutated(data: bytes, source: random.Random) -> bytes:
    """Change, cut, double or splice some bytes."""
    found = bytearray(data)
    for _ in range(source.choice((1, 1, 2, 4, 16))):
        at = source.randrange(len(found) + 1)
        match source.randrange(7):
            case 0 if found:
                found[at % len(found)] = source.choice((0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)))
            case 1:
                del found[at : at + source.choice((1, 4, 64))]
            case 2:
                found[at:at] = bytes(source.randrange(256) for _ in range(source.choice((1, 2, 8))))
            case 3:
                found[at:at] = found[at : at + source.choice((4, 32, 256))] * source.choice((1, 2, 50))
            case 4:
                found[at : at + 4] = source.choice((0, 1, 2**31 - 1, 2**32 - 1)).to_bytes(4, "little")
            case 5:
                found[at : at + 8] = source.choice((2**63 - 1, 2**64 - 1, 2**40)).to_bytes(
                    8, source.choice(("little", "big"))
                )
            case 6:
                found[at:at] = source.choice((b"[" * 300, b"9" * 30, b"*a", b"{", b'"', b"&a ", b"\n", b"!!", b"- "))
    return bytes(found)


def compared(folder: Path, name: str, before: bytes, after: bytes) -> list[str]:
    """Read two artifacts of one name as `compare` does, and compare them; return the notes.

    A content that is that of both is read once: reading a bomb takes seconds.
    """
    notes: list[str] = []
    files = []
    for content in dict.fromkeys((before, after)):
        (folder / name).write_bytes(content)
        if name in ("MLmodel", "model.pt2"):
            notes += read_model(folder, "m")[1]
            if name == "MLmodel":
                describe_mlmodel(folder / name)
        else:
            file, said = read_file(folder / name, name)
            files.append(file)
            notes += said
        (folder / name).unlink()
    if files:
        list(compare_file(name, files[0], files[-1], Kind.ARTIFACT_CONTENT, Policy.exact()))
    return notes


def _bytes(write: object) -> bytes:
    out = io.BytesIO()
    assert callable(write)
    write(out)
    return out.getvalue()


def _npy(header: Mapping[str, object]) -> bytes:
    text = repr(dict(header)).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _pt2(meta: Mapping[str, object]) -> bytes:
    entry = {"path_name": "w", "use_pickle": False, "tensor_meta": dict(meta)}
    return _zipped(
        {
            "m/models/model.json": json.dumps(_PT2).encode(),
            "m/data/weights/model_weights_config.json": json.dumps({"config": {"w": entry}}).encode(),
            "m/data/weights/w": np.zeros(2, np.float32).tobytes(),
        }
    )


def _tuples() -> bytes:
    """Return a pickle of a dict whose key is a tuple of tuples of one tuple: to hash it takes years."""
    key: object = ()
    for _ in range(60):
        key = (key, key)
    return pickle.dumps([key])[:-1].replace(b"]", b"}", 1)[:-1] + b"Ns."


def _many_frames() -> bytes:
    first, *others = (Image.new("P", (2000, 2000), n % 5) for n in range(60))
    return _bytes(lambda out: first.save(out, "GIF", save_all=True, append_images=others))


def _entities() -> bytes:
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 10}">' for n in range(12))
    return f'<?xml version="1.0"?><!DOCTYPE svg [{names}]><svg>&e11;</svg>'.encode()


def _pdf(drawn: bytes) -> bytes:
    packed = zlib.compress(drawn)
    head = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n"
    body = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream\nendobj\n"
    return head + body + b"trailer\n<< /Root 1 0 R /Size 3 >>\nstartxref\n0\n%%EOF\n"


def _png(width: int, height: int) -> bytes:
    """Return the beginning of an image of one colour: its size is claimed before."""
    packer = zlib.compressobj(1)
    rows = bytes(1 + width * 4)
    content = b"".join(packer.compress(rows) for _ in range(50)) + packer.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)), (b"IDAT", content), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
