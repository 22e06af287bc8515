"""What can be wrong with a record or a history."""

from __future__ import annotations

from collections.abc import Mapping

from compatkit.errors import CompatkitError


class RecordError(CompatkitError):
    """A record that contradicts itself, or a history of a shape that is not known."""

    @classmethod
    def conflict(cls, code: str, values: Mapping[str, object], *, v1_key: str, v2_key: str) -> RecordError:
        epoch = values.get("epoch", "?")
        return cls(
            f"{code} epoch {epoch} has both {v1_key!r} ({values[v1_key]}) and {v2_key!r} ({values[v2_key]}).",
            where="one record",
            hint="keep one spelling in what the trainer returns",
        )

    @classmethod
    def unknown_record(cls, record: object, index: int) -> RecordError:
        return cls(
            f"Record {index} of the history is a {type(record).__qualname__}, which is neither v1 nor v2.",
            where=f"the module {type(record).__module__}",
            hint="return a dict, a dataclass, or an object whose to_dict() returns a dict",
        )

    @classmethod
    def unknown_history(cls, history: object) -> RecordError:
        return cls(
            f"The history is a {type(history).__qualname__}, not a list of records.",
            where=f"the module {type(history).__module__}",
            hint="pass what train() returned: one dict or EpochMetrics an epoch, in a list",
        )
