"""Images as they are shown: size, mode, palette, transparency, orientation, and every pixel of every frame; how many
pixels an inch has, and the colour profile; how long an animation shows a frame, and how often it repeats them; and the
texts in a PNG, such as the prompt that it was made of.

Other metadata does not count: when and by what an image was written, how its pixels are packed.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from compatkit.budget import Budget, BudgetError
from compatkit.equivalence.snapshot import Content, Tensor

# Not by whatever Pillow finds: for EPS it would start Ghostscript.
_FORMATS = ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"]
_ENDS = {b"\x89PNG": b"IEND\xaeB`\x82", b"\xff\xd8": b"\xff\xd9", b"GIF": b";"}
_ORIENTATION = 0x0112  # EXIF
# Of TIFF: bits of each channel, and whether they are a number with a sign, without one or a float.
_BITS, _SAMPLES = 258, 339
# Texts of a PNG about how it was written; the last two repeat what other formats keep beside the pixels.
_WRITTEN = re.compile(r"(?i)software|(?:.*[ :_-])?(?:date|time|timestamp)(?:[ :_-].*)?|xml:.*|raw profile type .*")

# What Pillow tells of all frames: pixels an inch, or their shape alone, and the colours that the numbers stand for.
_OF_IMAGE = ("dpi", "aspect", "gamma", "srgb", "chromaticity")
# Where a colour profile says when it was made, and its checksum.
_OCCASION = (slice(24, 36), slice(84, 100))
# What Pillow tells of a frame besides its pixels, and what is added here.
_OF_FRAME = ("transparency", "duration", "samples")
# A photograph has some ten; decoding takes as long for each as for the whole image.
_MOST_SCANS = 100
# What a frame costs besides its pixels.
_FRAME = 4096


def read_image(path: Path, budget: Budget) -> Content:
    """Return the pixels. Raises `OSError` or `ValueError` where it is cut, unknown, too large, or loses bits here."""
    from PIL import Image

    _require_whole(path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path, formats=_FORMATS) as image:
            frames = list(_frames(image, budget))
            values = {"mode": image.mode, "size": f"{image.width} x {image.height}"}
            values["orientation"] = str(image.getexif().get(_ORIENTATION, 1))
            values |= {"repeated": repr(image.info["loop"])} if "loop" in image.info else {}
            values |= {key: repr(image.info[key]) for key in _OF_IMAGE if key in image.info}
            if profile := image.info.get("icc_profile"):
                values["colour profile"] = _profile_text(profile)
            texts = getattr(image, "text", {}) if image.format == "PNG" else {}
            values |= {f"text {key}": str(text) for key, text in texts.items() if not _WRITTEN.fullmatch(key)}
    tensors = {}
    for number, (pixels, palette, info) in enumerate(frames):
        tensors[f"frame {number}"] = Tensor(pixels.dtype.name, pixels)
        values |= {f"{key} {number}": _text(info[key]) for key in _OF_FRAME if key in info}
        if palette is not None:
            tensors[f"palette {number}"] = Tensor("uint8", palette)
    return Content("image", values, tensors)


def _frames(image: Any, budget: Budget) -> Iterator[tuple[Any, Any, dict[Any, Any]]]:
    for number in count():
        # Before it is decoded: the pixels as Pillow has them, and as an array.
        budget.spend(size=_FRAME + 4 * image.width * image.height)
        budget.look_at_clock()
        try:
            image.seek(number)
        except EOFError:
            return
        pixels, palette = np.array(image), image.getpalette()
        # Pillow changes one dictionary from frame to frame.
        info = dict(image.info)
        if image.format == "TIFF":
            bits = image.tag_v2.get(_BITS, (1,))
            if len(bits) > 1 and max(bits) > 8:
                raise ValueError("an image of more than 8 bits in each of several channels, of which Pillow keeps 8")
            info["samples"] = image.tag_v2.get(_SAMPLES, (1,))
        yield pixels, None if palette is None else np.array(palette, dtype=np.uint8), info


def _profile_text(profile: bytes) -> str:
    kept = bytearray(profile)
    for part in _OCCASION:
        kept[part] = bytes(len(kept[part]))
    return f"{len(profile)} bytes, sha256 {hashlib.sha256(kept).hexdigest()}"


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)


def _require_whole(raw: bytes) -> None:
    """Refuse what Pillow would read in part.

    Of a PNG with 16 bits and more than one channel it keeps eight, in which two images may agree; and it does not miss
    the end of a file whose pixels are all there.
    """
    if raw.startswith(b"\x89PNG") and len(raw) > 25 and raw[24] == 16 and raw[25] != 0:
        raise ValueError("an image of 16 bits a channel")
    if raw.startswith(b"\xff\xd8") and raw.count(b"\xff\xda") > _MOST_SCANS:
        raise BudgetError("it is scanned too often")
    if raw.startswith(b"BM") and raw[30:31] not in (b"", b"\0", b"\3"):
        # Pillow unpacks these in Python, byte by byte.
        raise BudgetError("it is a compressed bitmap")
    for start, end in _ENDS.items():
        if raw.startswith(start) and not raw.rstrip(b"\0").endswith(end):
            raise ValueError("a file that is cut")
