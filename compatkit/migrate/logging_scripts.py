"""Find the scripts of a project that log to MLflow, by themselves or by a configuration that they are started with."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.finding.find import FoundFile
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.file.tree import parse
from compatkit.rewrite.outcome import RewriteError

# The loggers of Lightning, Ray and transformers, and what switches the last one on.
_LOGGERS = rb"\b(?:MLFlowLogger|MLflowLoggerCallback|MLflowCallback|setup_mlflow)\(|\breport_to\s*=\s*\[?[\"']mlflow\b"
_LOGS = re.compile(rb"^\s*(?:import|from)\s+mlflow\b|" + _LOGGERS, re.MULTILINE)
_WRITES = re.compile(rb"\b(?:autolog|start_run|log_\w+)\(|" + _LOGGERS)
_ASIDE = frozenset({"benchmarks", "demo", "demos", "doc", "docs", "example", "examples", "samples", "tutorials"})
_TESTS = frozenset({"test", "tests", "testing"})
# Under its guard, or as soon as it is imported, which nobody does with what logs then.
_IS_SCRIPT = re.compile(
    rb"""^if\s+__name__\s*==\s*["']__main__["']|^(?:with\s+|\w+\s*=\s*)?mlflow\.(?:start_run|log_\w+)\(""", re.MULTILINE
)
# A logger that a configuration names: for Hydra, for LightningCLI, and for the arguments of transformers.
_NAMED = rb"[\"']?\s*:\s*[\"']?[\w.]*\b(?:MLFlowLogger|MLflowLoggerCallback|MLflowCallback)\b"
_OF_HYDRA = re.compile(rb"\b_target_" + _NAMED)
_OF_CLI = re.compile(rb"\bclass_path" + _NAMED)
_OF_ARGUMENTS = re.compile(rb"\breport_to[\"']?\s*(?::\s*(?:\[\s*|-\s*)?|[= ]\s*)[\"']?mlflow\b")
_HYDRA = re.compile(rb"\bhydra\.main\b|^from hydra import main\b", re.MULTILINE)
_CLI = re.compile(rb"\bLightningCLI\(")
_ARGUMENTS = re.compile(rb"\bparse_(?:json|yaml)_file\(")
_GUARDED = re.compile(rb"""^if\s+__name__\s*==\s*["']__main__["']""", re.MULTILINE)
_CONFIGURATIONS = frozenset({".json", ".toml", ".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Script:
    """A script that logs to MLflow, by its path in the project, and the first argument that it cannot do without.

    `arguments` are those with which it logs, and `by` is the configuration that says so.
    """

    path: str
    needs: str = ""
    arguments: tuple[str, ...] = ()
    by: str = ""


def find_scripts(files: Sequence[FoundFile], root: Path) -> list[Script]:
    """Return the scripts that log to MLflow, those first that run as they are and are no examples; tests are none."""
    ranked = []
    configured = list(_configured(files, root))
    for relative, source in _sources(files, root):
        is_aside = any(part.lower() in _ASIDE for part in relative.parts[:-1])
        if _LOGS.search(source) and _IS_SCRIPT.search(source):
            script = Script(str(relative), _needed_argument(source))
            is_silent = _WRITES.search(source) is None
            ranked.append((is_aside, is_silent, bool(script.needs), "train" not in relative.stem, script))
        elif configured and _GUARDED.search(source) and (found := _started_with(relative, source, configured, root)):
            ranked.append((is_aside, True, bool(found.needs), "train" not in relative.stem, found))
    return [script for *_, script in sorted(ranked, key=lambda placed: (*placed[:-1], placed[-1].path))]


def files_that_log(files: Iterable[FoundFile], root: Path) -> Iterator[str]:
    """Yield the files that say that MLflow is logged to, whatever starts them."""
    for file in files:
        path = Path(file.name)
        relative = path.relative_to(root)
        if _TESTS.intersection(part.lower() for part in relative.parts[:-1]) or path.suffix in (
            ".ipynb",
            ".md",
            ".rst",
        ):
            continue
        source = read_quietly(path)
        says = (_OF_HYDRA, _OF_CLI, _OF_ARGUMENTS)
        is_code = path.suffix == ".py" and _LOGS.search(source) and _WRITES.search(source)
        if is_code or (path.suffix != ".py" and any(pattern.search(source) for pattern in says)):
            yield str(relative)


def _sources(files: Iterable[FoundFile], root: Path) -> Iterator[tuple[Path, bytes]]:
    for file in files:
        path = Path(file.name)
        relative = path.relative_to(root)
        is_test = path.stem.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
        if path.suffix == ".py" and not is_test and _TESTS.isdisjoint(part.lower() for part in relative.parts[:-1]):
            yield relative, read_quietly(path)


def _configured(files: Iterable[FoundFile], root: Path) -> Iterator[tuple[Path, re.Pattern[bytes]]]:
    """Yield the configurations that name a logger, each with what starts a script with such."""
    for file in files:
        path = Path(file.name)
        if path.suffix in _CONFIGURATIONS:
            source = read_quietly(path)
            for says, starts in ((_OF_HYDRA, _HYDRA), (_OF_CLI, _CLI), (_OF_ARGUMENTS, _ARGUMENTS)):
                if says.search(source):
                    yield path.relative_to(root), starts


def _started_with(
    script: Path, source: bytes, configured: Sequence[tuple[Path, re.Pattern[bytes]]], root: Path
) -> Script | None:
    """Return how a script is started with one of the configurations, if it can be told."""
    for config, starts in configured:
        if not starts.search(source):
            continue
        if starts is _HYDRA:
            arguments = _of_hydra(script, source, config, root)
        elif starts is _CLI:
            arguments = (*([] if b"run=False" in source else ["fit"]), "--config", config.as_posix())
        else:
            return Script(str(script), "", (config.as_posix(),), config.as_posix())
        if arguments is not None:
            return Script(str(script), _needed_argument(source), arguments, config.as_posix())
    return None


def _of_hydra(script: Path, source: bytes, config: Path, root: Path) -> tuple[str, ...] | None:
    """Return the override by which Hydra takes a configuration, or None where it is in no folder of the script."""
    given = _hydra_main(source)
    if not isinstance(given.get("config_path"), str):
        return None
    folder = Path(os.path.normpath(script.parent / given["config_path"]))
    if folder not in config.parents:
        return None
    group, option = config.parent.relative_to(folder).as_posix(), config.stem
    primary = str(given.get("config_name") or "").removesuffix(".yaml")
    if group == ".":
        return () if option == primary else (f"--config-name={option}",)
    default = re.compile(rf"(?m)^\s*-\s*(?:override\s+|optional\s+)?/?{re.escape(group)}(?:@[\w.]+)?\s*:\s*([^\s#]*)")
    found = default.search(read_quietly(root / folder / f"{primary}.yaml").decode("utf-8", "replace"))
    if found and found[1].strip("\"'").removesuffix(".yaml") == option:
        return ()
    return (f"{'' if found else '+'}{group}={option}",)


def _hydra_main(source: bytes) -> dict[str, str]:
    """Return what `hydra.main` is given as texts."""
    try:
        tree = parse(read_source(source).text)
    except RewriteError:
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("hydra.main", "main") and node.keywords:
            values = {word.arg: word.value for word in node.keywords if word.arg}
            return {
                name: value.value
                for name, value in values.items()
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            }
    return {}


def _needed_argument(source: bytes) -> str:
    """Return the first argument without which a script ends at once, as argparse, click or `sys.argv` say."""
    try:
        tree = parse(read_source(source).text)
    except RewriteError:
        return ""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    for call in calls:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        name, kind = call.args[0], call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if kind not in ("add_argument", "argument", "option") or not isinstance(name, ast.Constant):
            continue
        if _is_needed(str(name.value), given):
            return str(name.value)
    is_counted = b"len(sys.argv)" in source
    return "" if is_counted or b"sys.argv[1]" not in source else "sys.argv[1]"


def _is_needed(name: str, given: Mapping[str | None, ast.expr]) -> bool:
    said = {key: value.value for key, value in given.items() if isinstance(value, ast.Constant)}
    if name.startswith("-"):
        return said.get("required") is True and "default" not in given
    return "default" not in given and said.get("nargs") not in ("?", "*", -1) and said.get("required") is not False
