"""Read a file by its kind: JSON, YAML, CSV, images, arrays, tensors. Nothing in a file is executed."""

from __future__ import annotations

from compatkit.equivalence.reading.contents.files import read_file

__all__ = ["read_file"]
