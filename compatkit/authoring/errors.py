"""Errors in what an author asks for."""

from __future__ import annotations

from pathlib import Path

from compatkit.errors import CompatkitError


class AuthoringError(CompatkitError):
    """A migration cannot be started, or two releases cannot be compared."""

    @classmethod
    def bad_id(cls, migration_id: str) -> AuthoringError:
        hint = "take small letters, digits and single hyphens, such as acme-v2"
        return cls(f"{migration_id!r} cannot be the id of a migration.", where="ID", hint=hint)

    @classmethod
    def exists(cls, folder: Path) -> AuthoringError:
        return cls(f"{str(folder)!r} is there already.", where="--in", hint="take another id, or another folder")

    @classmethod
    def not_downloaded(cls, release: str, reason: str) -> AuthoringError:
        hint = "check the name and the version, and the network; or give the path of an unpacked release"
        return cls(f"{release} cannot be downloaded: {reason}.", where="pip download", hint=hint)

    @classmethod
    def no_release(cls, text: str) -> AuthoringError:
        hint = "give PACKAGE==VERSION, or the path of a package's folder or of an archive"
        return cls(f"{text!r} is neither a release nor a path.", where="--old, --new", hint=hint)

    @classmethod
    def no_package(cls, place: str, found: list[str]) -> AuthoringError:
        what = f"{place} holds several packages: {', '.join(found)}." if found else f"{place} holds no Python package."
        return cls(what, where="--old, --new", hint="name the one that is meant: --package NAME")

    @classmethod
    def unreadable(cls, package: str, reason: str) -> AuthoringError:
        return cls(f"The package {package} cannot be read: {reason}.", where="--old, --new", hint="check --package")

    @classmethod
    def no_module(cls, module: str, package: str) -> AuthoringError:
        what = f"The package {package} has no module {module}."
        return cls(what, where="MODULE", hint="give the new home of a module that moves, such as lightning.pytorch")
