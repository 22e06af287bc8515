"""What can be wrong with the `transform.py` of a migration, once it is used."""

from __future__ import annotations

import traceback
from dataclasses import replace

from compatkit.rewrite.outcome import Failed, RewriteError

_CODE = "CK907"


class TransformError(RewriteError):
    """A file that could not be processed, because the code of a migration failed."""

    details: str = ""

    def as_outcome(self) -> Failed:
        return replace(super().as_outcome(), details=self.details)

    @classmethod
    def not_loaded(cls, migration: str, file: str, error: BaseException) -> TransformError:
        what = f"{file} of the migration {migration} cannot be loaded: {type(error).__name__}: {error}"
        return cls._of(what, migration, error)

    @classmethod
    def no_function(cls, migration: str, file: str) -> TransformError:
        return cls._of(f"{file} of the migration {migration} has no function `transform`", migration)

    @classmethod
    def raised(cls, migration: str, error: BaseException) -> TransformError:
        what = f"The transform.py of the migration {migration} failed: {type(error).__name__}: {error}"
        return cls._of(what, migration, error)

    @classmethod
    def wrong_result(cls, migration: str, result: object) -> TransformError:
        what = f"The transform.py of the migration {migration} returned a {type(result).__name__}, and no libcst.Module"
        return cls._of(what, migration)

    @classmethod
    def broken(cls, migration: str, reason: str) -> TransformError:
        return cls._of(f"What the transform.py of the migration {migration} made {reason}", migration)

    @classmethod
    def _of(cls, what: str, migration: str, error: BaseException | None = None) -> TransformError:
        hint = f"report it to whoever wrote {migration}, or go on without it: --ignore and the code of its [transform]"
        made = cls(what, hint=hint, code=_CODE)
        made.details = "".join(traceback.format_exception(error)) if error else ""
        return made
