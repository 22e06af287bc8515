"""The files of a logged model, read without executing anything in them."""

from __future__ import annotations

from pathlib import Path

from compatkit.equivalence.reading.archive import Archive, read_archive
from compatkit.equivalence.reading.artifact_folder import files_in
from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.reading.mlmodel import describe_mlmodel
from compatkit.equivalence.reading.structure import layer_notes
from compatkit.equivalence.snapshot import File, Layer, Model, Tensor

# Beside an MLmodel, these name the environment, or are made of the input example. Elsewhere they are files like others.
_ENVIRONMENT = {"conda.yaml", "python_env.yaml", "requirements.txt", "serving_input_example.json"}
REQUIREMENTS = "requirements of model"


def read_model(folder: Path, name: str) -> tuple[Model, list[str]]:
    """Read the model that MLflow saved in `folder`; also return notes on what could not be read as tensors."""
    paths = files_in(folder)
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
    notes += _requirements(folder / "requirements.txt", name) if "MLmodel" in described else []
    return _model(described.get("MLmodel") or "", files, nested, archives), notes


def _model(signature: str, files: dict[str, File], details: dict[str, str], archives: dict[str, Archive]) -> Model:
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


def _requirements(file: Path, model: str) -> list[str]:
    """Note what the model needs to run: another release of it need not be another model, and is not compared."""
    if not file.is_file():
        return []
    lines = (line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return [f"{REQUIREMENTS} {model!r}, which are not compared: {', '.join(sorted(filter(None, lines)))}"]


def _described(path: Path) -> str:
    return describe_mlmodel(path) or ""


def _note(what: str, model: str) -> str:
    return f"{what} of model {model!r} is compared by digest: its weights cannot be read safely"
