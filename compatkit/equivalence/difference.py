"""One typed disagreement of two snapshots."""

from __future__ import annotations

import math
import struct
import sys
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kind of thing that disagrees. A policy's allowances call it by the first word of the value."""

    METRIC_MISSING = "metric missing"
    METRIC_EXTRA = "metric extra"
    METRIC_STEPS = "metric steps"
    METRIC_VALUE = "metric value"
    METRIC_SPELLINGS = "metric spellings"
    PARAM_MISSING = "param missing"
    PARAM_EXTRA = "param extra"
    PARAM_VALUE = "param value"
    PARAM_SPELLINGS = "param spellings"
    TAG_MISSING = "tag missing"
    TAG_EXTRA = "tag extra"
    TAG_VALUE = "tag value"
    ARTIFACT_MISSING = "artifact missing"
    ARTIFACT_EXTRA = "artifact extra"
    ARTIFACT_CONTENT = "artifact content"
    MODEL_MISSING = "model missing"
    MODEL_EXTRA = "model extra"
    MODEL_LAYERS = "model layers"
    MODEL_OPERATIONS = "model operations"
    MODEL_SIGNATURE = "model signature"
    MODEL_FILE = "model file"
    MODEL_DETAIL = "model detail"
    MODEL_TENSOR_MISSING = "model tensor missing"
    MODEL_TENSOR_EXTRA = "model tensor extra"
    MODEL_TENSOR_DTYPE = "model tensor dtype"
    MODEL_TENSOR_SHAPE = "model tensor shape"
    MODEL_TENSOR_VALUE = "model tensor value"
    DATASET_MISSING = "dataset missing"
    DATASET_EXTRA = "dataset extra"
    DATASET_VALUE = "dataset value"
    CHILD_MISSING = "child missing"
    CHILD_EXTRA = "child extra"
    STATUS = "status"

    @property
    def category(self) -> str:
        return self.value.split()[0]


@dataclass(frozen=True, slots=True)
class Distance:
    """The distance of two finite numbers; `ulps` counts the numbers of their type from the one to the other."""

    absolute: float
    relative: float
    ulps: int

    @classmethod
    def between(cls, before: float, after: float) -> Distance | None:
        """Return the distance, or None where one of the two is NaN or infinite."""
        if not (math.isfinite(before) and math.isfinite(after)):
            return None
        absolute = min(abs(before - after), sys.float_info.max)
        largest = max(abs(before), abs(after))
        # Halved, because the difference of two large doubles of opposite sign is none.
        relative = abs(before / 2 - after / 2) / (largest / 2) if largest / 2 else float(before != after)
        return cls(absolute, relative, cls.ulps_between(before, after))

    @staticmethod
    def ulps_between(before: float, after: float) -> int:
        """Return how many doubles lie from the one finite number to the other."""
        return abs(_ordinal(before) - _ordinal(after))

    @classmethod
    def between_integers(cls, before: int, after: int) -> Distance:
        """Return the distance of two integers, also of such as no double holds."""
        apart = abs(before - after)
        return cls(float(apart), apart / max(abs(before), abs(after), 1), apart)

    def __str__(self) -> str:
        return f"{self.absolute:.3g} absolute, {self.relative:.3g} relative, {self.ulps} ulps"


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: its kind, its name, its first place, and its distance.

    Attributes:
        name: of the metric, param, tag, file or tensor, under its v2 name.
        before, after: both sides as text; empty where a side has nothing.
        first_step: of a metric, where the two histories first part.
        count: how many points, or elements of a tensor, differ; `of` is how many were compared.
        distance: of `before` and `after`, where both are finite numbers. Of a metric these are the values at
            `first_step`, of a tensor those that lie farthest apart.
        largest: the largest distance of a metric's points, and `largest_step` where it is; None where it is infinite.
        rule: what decided that this is a difference: the tolerance, and the entry of the policy that sets it.
        hint: what it looks like.
        child: of a difference in a child run, its name; of one in a child's child, `parent / child`.
        known: why it does not decide, though no entry of the policy allows it: a framework writes it by nature, or two
            runs of the one side show it too.
        default: why it does not decide, since a library logs it though nobody set it, by an entry of the policy.
    """

    kind: Kind
    name: str
    before: str = ""
    after: str = ""
    first_step: int | None = None
    count: int = 1
    of: int = 1
    distance: Distance | None = None
    largest: Distance | None = None
    largest_step: int | None = None
    rule: str = "must be equal"
    hint: str = ""
    child: str = ""
    known: str = ""
    default: str = ""

    def __str__(self) -> str:
        parts = [f"{self.kind.value}: {self.name}"]
        if self.child:
            parts.append(f"in child run {self.child}")
        if self.first_step is not None:
            parts.append(f"from step {self.first_step}")
        if self.before or self.after:
            parts.append(f"{self.before or 'nothing'} | {self.after or 'nothing'}")
        if self.of > 1:
            parts.append(f"{self.count} of {self.of} differ")
        if self.distance is not None:
            parts.append(str(self.distance))
        if self.largest is not None and self.largest_step != self.first_step:
            parts.append(f"at most {self.largest.absolute:.3g} at step {self.largest_step}")
        parts.append(self.rule)
        return ", ".join(part for part in (*parts, self.hint) if part)


def excerpts(before: str, after: str, *, width: int = 160) -> tuple[str, str]:
    """Return both texts; of long ones only what surrounds the first place where they part."""
    if max(len(before), len(after)) <= width:
        return before, after
    place = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    start = max(0, place - width // 4)
    return _excerpt(before, start, width), _excerpt(after, start, width)


def _excerpt(text: str, start: int, width: int) -> str:
    head, tail = "…" if start and text else "", "…" if len(text) > start + width else ""
    return f"{head}{text[start : start + width]}{tail}"


def _ordinal(value: float) -> int:
    """Map doubles to integers, such that neighbours differ by one."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return int(bits) if bits >= 0 else -(int(bits) & 0x7FFF_FFFF_FFFF_FFFF)
