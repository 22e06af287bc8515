"""Get the source of a release: a folder, an archive, or `PACKAGE==VERSION`, which is downloaded and never run."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import griffe

from compatkit.authoring import AuthoringError
from compatkit.authoring.interface import load_package
from compatkit.migration.inventory import Inventory

_ARCHIVE = re.compile(r"([A-Za-z0-9._]+?)-(\d[A-Za-z0-9.!+_]*?)(?:-.*\.whl|\.tar\.[a-z0-9]+|\.tgz|\.zip)")
_IN_PROJECT = re.compile(r"""^\[project\][^\[]*?^version\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE | re.DOTALL)
_IN_METADATA = re.compile(r"^Version: (\S+)", re.MULTILINE)
_RELEASE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)")
_NO_PACKAGE = {"bin", "build", "benchmarks", "dist", "doc", "docs", "examples", "scripts", "test", "tests", "tools"}
_TIMEOUT = 600  # seconds


def locate_release(text: str, cache: Path, package: str | None) -> tuple[str, Path]:
    """Return the name of a package and the folder that holds it.

    Archives are unpacked into `cache`; what was downloaded once is taken from there. Without a `package`, it is the
    only one that there is, or the one that is called as the release. Raises `AuthoringError`.
    """
    path = Path(text)
    if path.exists():
        folder = path if path.is_dir() else _unpacked(path, cache / path.name)
        # The package itself may have been given.
        itself = path.resolve()
        if (path / "__init__.py").is_file() and package in {None, itself.name}:
            return itself.name, itself.parent
        return _package_in(folder, package, path.name)
    found = _RELEASE.fullmatch(text)
    if found is None:
        hint = "give PACKAGE==VERSION, or the path of a package's folder or of an archive"
        raise AuthoringError(f"{text!r} is neither a release nor a path.", where="--old, --new", hint=hint)
    return _package_in(_downloaded(text, cache / text), package, found[1])


def version_of(text: str) -> str:
    """Return what to call a release: its version, as far as its name or its metadata tell, or the name of the path."""
    path = Path(text).resolve()
    if found := _RELEASE.fullmatch(text) or _ARCHIVE.fullmatch(path.name):
        return found[2]
    return next(_declared_versions(path), path.name)


def _declared_versions(folder: Path) -> Iterator[str]:
    for around in (folder, folder.parent):
        # As an unpacked wheel has it, if it is the only one there.
        files = [*around.glob("*.dist-info/METADATA")]
        wheel = [(files[0], _IN_METADATA)] if len(files) == 1 else []
        for file, version in ((around / "pyproject.toml", _IN_PROJECT), (around / "PKG-INFO", _IN_METADATA), *wheel):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if found := version.search(file.read_text(encoding="utf-8")):
                    yield found[1]


def _downloaded(release: str, folder: Path) -> Path:
    unpacked = folder / "unpacked"
    if unpacked.is_dir():
        return unpacked
    # A wheel only: to ask a source distribution for its name runs its code.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    done = _run([*command, "--dest", str(folder), "--no-input", release])
    archives = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    if done is not None or not archives:
        raise AuthoringError.not_downloaded(release, done or "pip brought nothing")
    return _unpacked(archives[0], unpacked)


def _run(command: list[str]) -> str | None:
    """Return the last thing that a failing command says."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return (lines[-1] if lines else f"status {done.returncode}").rstrip(".") if done.returncode else None


def _unpacked(archive: Path, folder: Path) -> Path:
    if folder.is_dir():
        return folder
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(folder)
        else:
            with tarfile.open(archive) as tarred:
                tarred.extractall(folder, filter="data")
    except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise AuthoringError.not_downloaded(str(archive), f"it is not an archive: {error}") from error
    return folder


def _package_in(folder: Path, package: str | None, called: str) -> tuple[str, Path]:
    found = dict(_packages(folder))
    if package is not None and "." in package:
        # A part of a package, or one in a namespace, which has no file of its own.
        parts = package.split(".")
        for root in _roots(folder):
            if root.joinpath(*parts).is_dir() or root.joinpath(*parts[:-1], f"{parts[-1]}.py").is_file():
                return package, root
    if package is not None:
        if package not in found:
            raise AuthoringError.no_package(f"{called}, which should have {package},", sorted(found))
        return package, found[package]
    named = [name for name in found if _plain(name) == _plain(called)]
    if len(named) == 1 or len(found) == 1:
        name = named[0] if named else next(iter(found))
        return name, found[name]
    raise AuthoringError.no_package(called, sorted(found))


def _packages(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the packages, and the modules, at the top of a wheel, a source distribution, or a checkout."""
    for root in _roots(folder):
        for init in sorted(root.glob("*/__init__.py*")):
            if init.parent.name.isidentifier() and init.parent.name not in _NO_PACKAGE:
                yield init.parent.name, root
        for module in sorted(root.glob("*.py")):
            if module.stem not in {"setup", "conftest", "__init__"} and module.stem.isidentifier():
                yield module.stem, root


def _roots(folder: Path) -> list[Path]:
    """Return where packages may lie in what was unpacked."""
    inside = [child for child in sorted(folder.iterdir()) if child.is_dir()]
    # A source distribution has one folder, around all.
    around = [child for child in inside if (child / "PKG-INFO").is_file() or (child / "pyproject.toml").is_file()]
    return [folder, folder / "src", *around, *(child / "src" for child in around)]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "", name).lower()


def take_inventory(module: str, folder: Path) -> Inventory:
    """Return the names of `module`, which lies in `folder` below its package, and of all modules in it.

    Names that a module imports from other libraries are left out. Raises `AuthoringError` if there is no such module.
    """
    package, _, inside = module.partition(".")
    found = load_package(package, folder)
    for name in filter(None, inside.split(".")):
        if not isinstance(child := found.members.get(name), griffe.Module):
            what = f"The package {package} has no module {module}."
            hint = "give the new home of a module that moves, such as lightning.pytorch"
            raise AuthoringError(what, where="MODULE", hint=hint)
        found = child
    return Inventory(dict(_modules(found, package)))


def _modules(module: griffe.Module, package: str) -> Iterator[tuple[str, frozenset[str]]]:
    own = (name for name, member in module.members.items() if name.isidentifier() and _belongs(member, package))
    yield module.path, frozenset(own)
    for child in module.members.values():
        if isinstance(child, griffe.Module):
            yield from _modules(child, package)


def _belongs(member: griffe.Object | griffe.Alias, package: str) -> bool:
    """True for what the package defines, and for what it hands on of its own."""
    if not isinstance(member, griffe.Alias):
        return True
    try:
        target = member.final_target.path
    except griffe.AliasResolutionError as error:
        target = error.alias.target_path
    except griffe.CyclicAliasError:
        target = member.target_path
    return target.partition(".")[0] == package
