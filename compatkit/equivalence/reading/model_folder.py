"""A model's folder: what its MLmodel says, its files and archives, and which settings of layers cannot be compared."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from compatkit.budget import Budget, load_yaml
from compatkit.equivalence.reading.archive import Archive, read_archive
from compatkit.equivalence.reading.artifact_folder import files_in
from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.snapshot import File, Layer, Model, Tensor

# These name the occasion, or repeat what is compared as a file: a path in a stack trace changes the size.
_OCCASION = {
    "artifact_path",
    "mlflow_version",
    "model_id",
    "model_size_bytes",
    "model_uuid",
    "run_id",
    "utc_time_created",
}
# Not set unless it is true.
_OFF = {"is_signature_from_type_hint", "streamable", "type_hint_from_example"}


def describe_mlmodel(file: Path) -> str | None:
    """Return the content of an MLmodel without ids, times, versions and places, or None where it cannot be read."""
    import yaml

    try:
        (document,) = load_yaml(file.read_bytes(), Budget(size=file.stat().st_size))
        kept = {key: value for key, value in document.items() if key not in _OCCASION and _is_set(key, value)}
        if isinstance(example := kept.get("saved_input_example_info"), dict):
            # Written beside the example since 2.12, and made of it.
            kept["saved_input_example_info"] = {k: v for k, v in example.items() if k != "serving_input_path"}
        if isinstance(signature := kept.get("signature"), dict):
            kept["signature"] = {key: _columns(said) for key, said in signature.items() if said is not None}
        kept["flavors"] = {name: _flavour(said) for name, said in (document.get("flavors") or {}).items()}
        return json.dumps(kept, sort_keys=True, default=repr)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _columns(said: Any) -> Any:
    """Return the columns of a signature; that one is required is said since 2.10, and was so before."""
    columns = json.loads(said) if isinstance(said, str) else said
    if not isinstance(columns, list):
        return columns
    return [
        {key: value for key, value in column.items() if (key, value) != ("required", True)}
        if isinstance(column, dict)
        else column
        for column in columns
    ]


def _is_set(key: str, value: Any) -> bool:
    """Tell whether a value differs from an absent one: older releases leave out what newer ones write as not set."""
    return value is not None and not (key in _OFF and value is False)


def _flavour(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    kept = {key: value for key, value in said.items() if not str(key).endswith("_version") and _is_set(key, value)}
    if isinstance(said.get("artifacts"), dict):
        # Where a file was copied from: the copy is compared by its content.
        kept["artifacts"] = {
            name: {key: value for key, value in file.items() if key != "uri"} if isinstance(file, dict) else file
            for name, file in said["artifacts"].items()
        }
    return kept


_NAMED = 3


def layer_notes(model: str, archive: Archive) -> list[str]:
    """Say which layers of an exported model may be set otherwise though their graph is the same."""
    notes = []
    if archive.operations and not archive.layers:
        notes.append(f"model {model!r} does not say which layers its operations belong to: classes are not compared")
    if archive.unknown:
        notes.append(
            f"model {model!r} was exported where these layers leave nothing in its graph: {_some(archive.unknown)}; "
            "how they are set is not compared"
        )
    return notes


def weights_alone_note(models: Mapping[str, Model], artifacts: Mapping[str, File]) -> list[str]:
    """Say so where a run kept weights in files, and nowhere the layers that they belong to."""
    if any(model.operations for model in models.values()):
        return []
    inside = ((f"{name}: {file}", said) for name, model in models.items() for file, said in model.files.items())
    alone = [name for name, file in chain(artifacts.items(), inside) if file.content and file.content.kind == "tensors"]
    if not alone:
        return []
    hint = "a stride or a dropout is not in them; log a model, or repr(model) as a text, to have that compared"
    return [f"weights without their layers: {_some(alone)}: {hint}"]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(sorted(names)[:_NAMED])}{more}"


# Beside an MLmodel, these name the environment, are made of the input example, or tell, since MLflow 3, that the model
# was loaded. Elsewhere they are files like others.
_ENVIRONMENT = {
    "conda.yaml",
    "python_env.yaml",
    "registered_model_meta",
    "requirements.txt",
    "serving_input_example.json",
}
REQUIREMENTS = "requirements of model"


def read_model(folder: Path, name: str) -> tuple[Model, list[str]]:
    """Read the model that MLflow saved in `folder`; also return notes on what could not be read as tensors."""
    paths = files_in(folder)
    if _is_repeated(folder):
        del paths["metadata/MLmodel"]
    described = {file: _described(path) for file, path in paths.items() if path.name == "MLmodel"}
    known = {file for file, text in described.items() if text} | {
        file for file, path in paths.items() if path.name in _ENVIRONMENT and (path.parent / "MLmodel").is_file()
    }
    rest = {file: path for file, path in paths.items() if file not in known}
    archives = {file: found for file, path in rest.items() if path.suffix == ".pt2" and (found := read_archive(path))}
    files = {}
    notes = []
    for file, path in rest.items():
        if file not in archives:
            files[file], said = read_file(path, f"{file} of model {name}")
            # A model archive of another form than the known one.
            notes += said or ([_note(file, name)] if path.suffix == ".pt2" else [])
    for file, archive in archives.items():
        notes += [_note(f"{part} in {file}", name) for part in archive.unread]
        notes += layer_notes(name, archive)
    nested = {file: text for file, text in described.items() if text and file != "MLmodel"}
    notes += _requirements(folder, name) if "MLmodel" in described else []
    return _made_model(described.get("MLmodel") or "", files, nested, archives), notes


def _is_repeated(folder: Path) -> bool:
    """Tell whether the model is described a second time in `metadata`, as MLflow 2.12 does wherever it logs to."""
    one, other = folder / "MLmodel", folder / "metadata" / "MLmodel"
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def _made_model(signature: str, files: dict[str, File], details: dict[str, str], archives: dict[str, Archive]) -> Model:
    """Put archives together; where there are several, each tensor is named with its file.

    What lies in an archive is named with a double slash, which no path of a file has.
    """
    tensors: dict[str, Tensor] = {}
    operations: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    for file, archive in archives.items():
        prefix = f"{file}: " if len(archives) > 1 else ""
        tensors |= {prefix + name: tensor for name, tensor in archive.tensors.items()}
        operations += tuple(prefix + operation for operation in archive.operations)
        layers += tuple(layer._replace(path=prefix + layer.path) for layer in archive.layers)
        files = files | {f"{file}//{name}": content for name, content in archive.files.items()}
        details = details | {f"{file}//{name}": text for name, text in archive.details.items()}
    return Model(tensors, operations, signature, files, details, layers)


def _requirements(folder: Path, model: str) -> list[str]:
    """Note what the model needs to run: another release of it need not be another model, and is not compared."""
    file = folder / "requirements.txt"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    python = _environment(folder / "python_env.yaml").get("python")
    packages = _environment(folder / "conda.yaml").get("dependencies")
    lines = {line.strip() for line in text.splitlines()} | ({f"python={python}"} if python else set())
    # The one that is none is what pip installs, which the other file lists.
    lines |= {package for package in packages if isinstance(package, str)} if isinstance(packages, list) else set()
    listed = ", ".join(sorted(filter(None, lines)))
    return [f"{REQUIREMENTS} {model!r}, which are not compared: {listed}"] if listed else []


def _environment(file: Path) -> dict[str, Any]:
    import yaml

    if not file.is_file():
        return {}
    try:
        (said,) = load_yaml(file.read_bytes(), Budget(size=file.stat().st_size))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {"python": f"(unknown: {file.name} cannot be read)"}
    return said if isinstance(said, dict) else {}


def _described(path: Path) -> str:
    return describe_mlmodel(path) or ""


def _note(what: str, model: str) -> str:
    return f"{what} of model {model!r} is compared by digest: its weights cannot be read safely"
