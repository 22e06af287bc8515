"""Help for the authors of migrations: write, check, try, draft and audit them, and print their pages."""

from __future__ import annotations

from compatkit.errors import CompatkitError


class AuthoringError(CompatkitError):
    """A migration cannot be started, or two releases cannot be compared."""

    @classmethod
    def not_downloaded(cls, release: str, reason: str) -> AuthoringError:
        hint = "check the name and the version, and the network; or give the path of an unpacked release"
        return cls(f"{release} cannot be downloaded: {reason}.", where="pip download", hint=hint)

    @classmethod
    def no_package(cls, place: str, found: list[str]) -> AuthoringError:
        what = f"{place} holds several packages: {', '.join(found)}." if found else f"{place} holds no Python package."
        return cls(what, where="--old, --new", hint="name the one that is meant: --package NAME")

    @classmethod
    def unreadable(cls, package: str, reason: str) -> AuthoringError:
        return cls(f"The package {package} cannot be read: {reason}.", where="--old, --new", hint="check --package")
