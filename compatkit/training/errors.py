"""What can be wrong with what a caller asks of the training stack."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.errors import CompatkitError, nearest


class TrainingError(CompatkitError):
    """A data set, model or optimizer that cannot be used."""

    @classmethod
    def unknown(cls, kind: str, name: object, known: Iterable[str]) -> TrainingError:
        return cls(f"There is no {kind} {name!r}.", hint=nearest(str(name), known))

    @classmethod
    def bad_arrays(cls, problem: str) -> TrainingError:
        return cls(
            f"The arrays are no data set: {problem}.",
            hint="pass (X, y) with X of shape (samples, features) and y of shape (samples,)",
        )

    @classmethod
    def bad_split(cls, fraction: float, reason: object) -> TrainingError:
        return cls(
            f"The data cannot be split with a validation fraction of {fraction!r}: {reason}",
            hint="every class needs a sample in both parts; 0.2 suits the bundled data sets",
        )

    @classmethod
    def no_square(cls, features: int) -> TrainingError:
        return cls(
            f"A 'cnn' reads square images, and {features} features are no square.",
            hint="use the model 'mlp', or data such as 'digits' (8 x 8)",
        )
