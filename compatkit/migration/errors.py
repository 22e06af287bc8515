"""Errors in a migration file, each naming file, entry and the nearest known word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compatkit.errors import CompatkitError, WrongUse, nearest


class MigrationError(CompatkitError):
    """A migration that cannot be read, is invalid, or cannot be found.

    `key_path` is the key that is wrong, inside of the entry that `where` names; `line` is its line, once known.
    """

    key_path: tuple[str, ...] = ()
    line: int | None = None

    def about(self, key: str) -> MigrationError:
        """Say which key is wrong: as it stands, or as a path of several."""
        self.key_path = tuple(key.split("."))
        return self

    def at_line(self, line: int | None) -> MigrationError:
        """Say on which line it is, if that is known."""
        if line is not None and self.line is None:
            self.line = line
            self.where = f"{self.where}, line {line}"
        return self

    @classmethod
    def unreadable(cls, origin: str, reason: OSError | ValueError) -> MigrationError:
        what = "settings" if Path(origin).name == "pyproject.toml" else "migration"
        if not isinstance(reason, UnicodeDecodeError):
            return cls(f"The {what} cannot be read: {reason}.", where=origin, hint="check the path and the TOML syntax")
        line = reason.object.count(b"\n", 0, reason.start) + 1
        said = f"The {what} cannot be read: it is not encoded as UTF-8."
        return cls(said, where=origin, hint="save it as UTF-8").at_line(line)

    @classmethod
    def chain(cls, name: str, what: str, first: str, second: str, *, where: str) -> MigrationError:
        # Made in one run or in two, the second step would be taken from code that is v2's already.
        said = f"{name!r} is what {first} makes of {what}, and {second} renames it again."
        hint = "go to the last name at once; where a new name was another thing's old one, tell it with `say`"
        return cls(said, where=where, hint=hint)

    @classmethod
    def unknown_key(cls, key: str, known: Iterable[str], *, where: str) -> MigrationError:
        return cls(f"Unknown key {key!r}.", where=where, hint=nearest(key, known) or "remove it").about(key)

    @classmethod
    def missing_key(cls, key: str, *, where: str) -> MigrationError:
        return cls(f"The key {key!r} is missing.", where=where, hint=f"add `{key} = …`").about(key)

    @classmethod
    def wrong_value(cls, key: str, value: object, expected: str, *, where: str) -> MigrationError:
        hint = "compatkit migrations schema says what each key means"
        return cls(f"{key} is {value!r}, expected {expected}.", where=where, hint=hint).about(key)

    @classmethod
    def no_change(cls, *keys: str, given: bool, where: str) -> MigrationError:
        what = "It declares several changes at once." if given else "It declares no change."
        return cls(what, where=where, hint=f"give one of {', '.join(keys)}" + (", and no other" if given else ""))

    @classmethod
    def declared_twice(cls, what: str, first: str, second: str, *, where: str) -> MigrationError:
        return cls(f"{what} is declared by {first} and by {second}.", where=where, hint="keep one of the two")

    @classmethod
    def onto_itself(cls, code: str, name: str, *, where: str) -> MigrationError:
        return cls(f"{name!r} keeps its name, says {code}.", where=where, hint="give its new name, or take it out")

    @classmethod
    def not_in_folder(cls, folder: str, file: str) -> MigrationError:
        hint = f"give the folder that holds the {file}, or the id of a migration that is installed"
        return cls(f"There is no {file}.", where=folder, hint=hint)

    @classmethod
    def not_found(cls, wanted: str | Path, known: Iterable[str]) -> MigrationError:
        hint = nearest(str(wanted), known) or "give the path of a migration.toml"
        return NoSuchMigrationError(
            f"There is no migration {str(wanted)!r}.", where="the registry of migrations", hint=hint
        )


class NoSuchMigrationError(MigrationError, WrongUse):
    """An id or a path that leads to no migration."""
