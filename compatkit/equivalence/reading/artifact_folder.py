"""A folder of artifacts as files on this disk: where they lie, or as a copy."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from compatkit.equivalence.errors import EquivalenceError

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

# A path of Windows, wherever it is read.
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
# Tags that MLflow sets when it logs a model, a table or an image among the artifacts of a run.
_LOGS_ARTIFACTS = {"mlflow.log-model.history", "mlflow.loggedArtifacts", "mlflow.loggedImages"}


@contextmanager
def artifact_folder(uri: str, tracking_uri: str) -> Iterator[Path | None]:
    """Give the folder at `uri`, or None where there is none or nothing is in it.

    A local folder is read in place. MLflow's own download takes names for URLs: of `a%20b` and `a b` it fetches one
    file for both, and nothing with a `#` in its name.
    """
    from mlflow.exceptions import MlflowException

    if (local := _folder_now(uri, tracking_uri)) is not None:
        yield local if local.is_dir() else None
        return
    try:
        repository = _repository(uri, tracking_uri)
    except MlflowException as error:
        raise EquivalenceError.unreadable_artifact("artifacts", uri, str(error).partition("\n")[0]) from error
    sizes = dict(_files(repository, ""))
    names = list(sizes)
    if twins := [name for name, count in Counter(map(unquote, names)).items() if count > 1]:
        raise EquivalenceError.unreadable_artifact(twins[0], uri, "MLflow fetches one file for two of such names")
    if not names:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="compatkit-") as temporary:
        copy = Path(repository.download_artifacts("", temporary))  # type: ignore[no-untyped-call]
        if lost := sorted(set(names) - files_in(copy).keys()):
            raise EquivalenceError.unreadable_artifact(lost[0], uri, "it is listed, but was not fetched")
        if cut := [name for name, size in sizes.items() if size is not None and (copy / name).stat().st_size != size]:
            raise EquivalenceError.unreadable_artifact(cut[0], uri, "it was fetched in another size than it is listed")
        yield copy


def _repository(uri: str, tracking_uri: str) -> ArtifactRepository:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    if "tracking_uri" in signature(get_artifact_repository).parameters:
        return get_artifact_repository(uri, tracking_uri=tracking_uri)
    # MLflow 2 looks for what these name in its global store.
    if (scheme := urlsplit(uri).scheme) in {"runs", "models"}:
        raise EquivalenceError.unreadable_artifact(uri, tracking_uri, "MLflow 2 does not find it in this store")
    if scheme == "mlflow-artifacts":
        uri = MlflowArtifactsRepository.resolve_uri(uri, tracking_uri)  # type: ignore[no-untyped-call]
    return get_artifact_repository(uri)


def local_folder(uri: str) -> Path | None:
    """Return the local path of a URI, as MLflow's local stores find it, or None where it is elsewhere."""
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    if _WINDOWS.match(uri):
        return Path(PureWindowsPath(uri).as_posix())
    if not is_local_uri(uri, is_tracking_or_registry_uri=False):  # type: ignore[no-untyped-call]
        return None
    return Path(local_file_uri_to_path(uri))  # type: ignore[no-untyped-call]


def _folder_now(uri: str, tracking_uri: str) -> Path | None:
    """Return the local folder of a URI, also where it moved with a store of files, which keeps absolute addresses."""
    folder = local_folder(uri)
    if folder is None or folder.is_dir() or urlsplit(tracking_uri).scheme not in {"", "file"}:
        return folder
    store = local_folder(tracking_uri)
    # Experiment, run, artifacts; or experiment, models, model, artifacts.
    parts = [folder.parts[-length:] for length in (3, 4)] if store and len(folder.parts) > 4 else []
    return next((store.joinpath(*names) for names in parts if store and _keeps(store, names)), folder)


def _keeps(store: Path, place: tuple[str, ...]) -> bool:
    """Tell whether a store of files has this folder, and keeps artifacts of its experiment itself.

    It makes a folder for each run also where artifacts go elsewhere: one that is empty would say that there were none.
    """
    experiment = store / place[0]
    return store.joinpath(*place).is_dir() and any(
        any(experiment.glob(pattern)) for pattern in ("*/artifacts/*", "models/*/artifacts/*")
    )


def files_in(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by their relative paths, sorted. Links are followed, as MLflow follows them.

    Raises `EquivalenceError` for whatever is listed there and cannot be read: it is not nothing.
    """
    found = {path.relative_to(folder).as_posix(): path for path in _walk(folder, frozenset())}
    return dict(sorted(found.items()))


def _walk(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:
        raise EquivalenceError.unreadable_artifact(folder.name, str(folder), "the link leads back to where it lies")
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise EquivalenceError.unreadable_artifact(folder.name, str(folder), str(error.strerror)) from error
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry, above | {real})
        elif entry.is_file():
            yield entry
        else:
            reason = "the link leads nowhere" if entry.is_symlink() else "it is neither a file nor a folder"
            raise EquivalenceError.unreadable_artifact(entry.name, str(entry), reason)


def unread_artifacts(run: Run, tracking_uri: str) -> tuple[str, str]:
    """Return why it is unknown whether a run without a folder of artifacts logged any, and a note; each may be empty.

    A database does not say whether a run logged artifacts, and nothing makes their folder before the first.
    """
    folder = _folder_now(run.info.artifact_uri, tracking_uri)
    if folder is None or folder.is_dir():
        return "", ""
    if logged := sorted(_LOGS_ARTIFACTS & run.data.tags.keys()):
        return f"its artifacts, which the tag {logged[0]} says it logged: their folder is not here", ""
    root = folder.parent.parent
    scheme = urlsplit(tracking_uri).scheme
    if scheme in {"", "file"} and folder.parent.is_dir():
        return "its artifacts: the folder that a file store makes for them is gone", ""
    if root.is_dir():
        return "", ""
    # Where MLflow itself chose it, an experiment's folder has its number for a name, and is made late.
    if root.name != run.info.experiment_id or scheme.startswith("http") or not root.parent.parent.is_dir():
        return "its artifacts, if it logged any: the folder of its experiment is not here", ""
    if root.parent.is_dir():
        return "", ""
    return "", "the run has no folder of artifacts: it logged none, or they are gone"


def _files(repository: ArtifactRepository, folder: str) -> Iterator[tuple[str, int | None]]:
    """Yield each file with its size in bytes, where the store tells it."""
    for entry in repository.list_artifacts(folder or None):
        if entry.is_dir:
            yield from _files(repository, entry.path)
        else:
            yield entry.path, entry.file_size
