"""Errors in a record or a history."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping

from compatkit.errors import CompatkitError


class UnreadRecordWarning(UserWarning):
    """Records stay as they are: they cannot be read as v1 dicts."""


def warn_unread_key(kind: type) -> None:
    frame = sys._getframe()  # noqa: SLF001 - as `warnings` finds the caller
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("compatkit."):
        frame = frame.f_back
    warnings.warn_explicit(
        f"{kind.__module__}.{kind.__qualname__} cannot be read as a v1 dict, and is handed on as it is; "
        "read its records by v2 names, or give it a to_dict() and read that",
        UnreadRecordWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


class RecordError(CompatkitError):
    """A record that contradicts itself, or a history of a shape that is not known."""

    @classmethod
    def unequal_columns(cls, lengths: Mapping[str, int]) -> RecordError:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        return cls(
            f"The columns of the history have different lengths, and cannot be placed for certain: {shown}.",
            where="what the trainer returned",
            hint="state the epochs of the shorter ones, as in read_history(history, validated=[2, 4]): they may be "
            "every second one, the last ones or others",
        )

    @classmethod
    def unreadable_file(cls, file: str, reason: str) -> RecordError:
        return cls(f"The history cannot be read: {reason}.", where=file, hint="check the path and what is in the file")

    @classmethod
    def of_another_kind(cls, kind: type) -> OtherHistoryError:
        return OtherHistoryError(
            f"The history is a {kind.__qualname__}, and a list of records is none.",
            where="what the trainer returned",
            hint="let the code that reads it as a list of dicts call compatkit.read_history on it",
        )

    @classmethod
    def repeated_epoch(cls, epoch: object, where: str) -> RecordError:
        return cls(
            f"Epoch {epoch} comes twice, and which of its values count cannot be told for certain.",
            where=where,
            hint="keep one row or state an epoch, and copy what it holds: an engine's own state changes as it goes on; "
            "of a log by steps, take the rows that count",
        )

    @classmethod
    def restarted(cls, epoch: object, last: object, where: str, what: str = "epoch") -> RecordError:
        return cls(
            f"After {what} {last}, {what} {epoch} comes again: a second training was appended, or one went back.",
            where=where,
            hint="split it, and read the part that counts",
        )

    @classmethod
    def uncertain_count(cls, epoch: object, where: str) -> RecordError:
        return cls(
            f"The first epoch is {epoch}, and whether it is counted from 0 or from 1 cannot be told.",
            where=where,
            hint="say so: read_history(history, counts_from=0), as Keras counts, or counts_from=1",
        )

    @classmethod
    def misstated(cls, stated: str, why: str) -> RecordError:
        return cls(
            f"The statement {stated} {why}.",
            where="read_history",
            hint="state `counts_from` as 0 or 1, and `validated` as epochs in order; leave out what the history tells",
        )

    @classmethod
    def ambiguous_name(cls, name: str, where: str) -> RecordError:
        return cls(
            f"Two columns of the history would both be called {name!r}.",
            where=where,
            hint="give the sets or the metrics names that differ",
        )


class OtherHistoryError(RecordError):
    """A history that can be read, but of which v2 code expects more than a list of records has."""
