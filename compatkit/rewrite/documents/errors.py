"""Why a document cannot be processed."""

from __future__ import annotations

from compatkit.rewrite.outcome import RewriteError


class DocumentError(RewriteError):
    """A document that cannot be read as what its name says, or a rewrite that did not pass its own check."""

    @classmethod
    def broken(cls, kind: str, reason: str, *, line: int = 0, column: int = 0) -> DocumentError:
        hint = "correct the file, or change the old names in it by hand"
        return cls(f"This is not valid {kind}: {reason}", hint=hint, code="CK901", line=line, column=column)

    @classmethod
    def too_large(cls, kind: str, reason: str) -> DocumentError:
        hint = "change the old names in it by hand"
        return cls(f"This {kind} is not read: {reason}", hint=hint, code="CK901")

    @classmethod
    def changed_more(cls, kind: str) -> DocumentError:
        """The rewrite was made, checked, and thrown away."""
        reason = f"The rewrite did not pass its own check: something else in the {kind} changed"
        hint = "change the old names in it by hand, and please report the file as a bug"
        return cls(reason, hint=hint, code="CK902")
