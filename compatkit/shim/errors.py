"""Errors in a use of the shim."""

from __future__ import annotations

from pathlib import Path

from compatkit.errors import CompatkitError, nearest


class ShimError(CompatkitError):
    """An object that cannot be adapted, or an interpreter that cannot be changed."""

    @classmethod
    def bad_path(cls, returns: str) -> ShimError:
        return cls(
            f"returns is {returns!r}, which is no path.",
            where="adapt()",
            hint="""give '.history', '[1]' or '["history"]'""",
        )

    @classmethod
    def bad_switch(cls, variable: str, said: str) -> ShimError:
        return cls(
            f"{variable} is {said[:80]!r}, which is neither on nor off.",
            where="the environment",
            hint="set it to 1 (true, on, yes) or 0 (false, off, no), or unset it",
        )

    @classmethod
    def class_given(cls, kind: type) -> ShimError:
        hint = "adapt an object of it, or declare its method under [[producers]] in a migration"
        return cls(f"{kind.__qualname__} is a class.", where="adapt()", hint=hint)

    @classmethod
    def nothing_declared(cls, trainer: object, migration: str) -> ShimError:
        name = type(trainer).__qualname__
        return cls(
            f"The migration {migration!r} declares no producer of {name}.",
            where=f"the module {type(trainer).__module__}",
            hint="name the methods that return a history: adapt(trainer, 'train')",
        )

    @classmethod
    def no_method(cls, trainer: object, name: str) -> ShimError:
        public = [each for each in dir(trainer) if not each.startswith("_")]
        return cls(
            f"{type(trainer).__qualname__} has no method {name!r}.",
            where=f"the module {type(trainer).__module__}",
            hint=nearest(name, public) or "name the method that returns the history",
        )

    @classmethod
    def takes_no_attribute(cls, trainer: object, name: str) -> ShimError:
        return cls(
            f"{name!r} cannot be replaced on this {type(trainer).__qualname__}, which takes no new attribute.",
            where=f"the module {type(trainer).__module__}",
            hint="read what it returns with compatkit.read_history, or declare the method under [[producers]]",
        )

    @classmethod
    def cannot_write(cls, file: Path, error: OSError) -> ShimError:
        return cls(
            f"This environment's start-up file cannot be changed: {error.strerror or error}.",
            where=str(file),
            hint="use an environment of your own, or `import compatkit.auto` at the top of the main module",
        )
