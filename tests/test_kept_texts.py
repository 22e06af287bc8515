"""Any text comes back as it was from each format that compatkit writes and reads, or is refused aloud."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from configparser import Error as IniError
from configparser import RawConfigParser
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from urllib.parse import unquote_to_bytes
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
import tomli_w
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient

from compatkit.cli._outputs import write_text
from compatkit.cli.init import _append, settings_text
from compatkit.equivalence import Snapshot, load_snapshot, save_snapshot, take_snapshot
from compatkit.errors import CompatkitError
from compatkit.migrate import FileResult, Job, Report
from compatkit.migrate.baseline import Baseline, read_baseline, updated
from compatkit.migrate.census import read_censuses
from compatkit.migrate.proposal import Proposal, Script
from compatkit.migrate.report import Overview
from compatkit.migrate.status import StatusRun, history_text, read_status_history
from compatkit.migration import Move
from compatkit.record import read_history
from compatkit.report.migrate_formats import Background, render
from compatkit.rewrite import Finding, Unchanged
from compatkit.safe_text import is_encodable, toml_text
from compatkit.shim.census import Census, write_census
from compatkit.shim.pth import _text_of
from compatkit.trace.record import Trace
from compatkit.training import ConfigError, OrchestratorConfig
from compatkit.training.errors import TrackingError
from compatkit.training.spool import Spool, read_spool
from compatkit.training.tracked_run import tracked_run
from tests.hard_texts import HARD, TEXTS
from tests.shop.documents import NEW, OLD, changed


def kept_in_settings(ending: str) -> Callable[[str, Path], str | None]:
    def kept(text: str, folder: Path) -> str | None:
        config = OrchestratorConfig().with_overrides({"tracking.run_name": text})
        config.to_file(folder / f"settings{ending}")
        return OrchestratorConfig.from_file(folder / f"settings{ending}").tracking.run_name

    return kept


def kept_in_a_spool(text: str, folder: Path) -> str:
    spool = Spool(folder, "run", text)
    spool.close(is_empty=False)
    return read_spool(spool.path).tracking_uri


def kept_in_a_census(text: str, folder: Path) -> str:
    log = folder / "uses"
    log.touch()
    census = Census(log)
    census._use(Move("CK101", "shop.old", "shop.new"), f"<{text}", 1)
    write_census(log, folder / "census.json")
    (use,) = read_censuses([folder / "census.json"])
    return use.file.removeprefix("<")


def kept_in_a_baseline(text: str, folder: Path) -> str:
    file = folder / "baseline.json"
    old = Baseline(file, Counter({("absent.py/../..", "CK101", text): 1}))
    seen = Overview.of(Report.of([]), is_written=False)
    (folder / "absent.py").mkdir()
    file.write_bytes(updated(seen, file, old=old))
    ((_, _, line),) = read_baseline(file).known
    return line


def kept_in_a_snapshot(text: str, folder: Path) -> str:
    texts = {text: text}
    save_snapshot(Snapshot("a", params=texts, tags=texts, notes=(text,), trace=f"a{text}"), folder / "run.json")
    back = load_snapshot(folder / "run.json")
    assert back.params == back.tags == texts
    assert back.trace == f"a{text}"
    return back.notes[0]


def kept_in_a_draft(text: str, folder: Path) -> str:
    write_text(folder / "migration.toml", f"x = {toml_text(text)}")
    return str(tomllib.loads((folder / "migration.toml").read_text(encoding="utf-8"))["x"])


def kept_in_proposed_settings(text: str, folder: Path) -> str:
    file = folder / "pyproject.toml"
    file.write_bytes(b"[project]\r\n")
    _append(file, settings_text(Proposal(1, scripts=(Script(f"{text}.py"), Script("other.py")), base="main")))
    assert file.read_bytes().startswith(b"[project]\r\n\r\n[tool.compatkit]\r\n")
    (scenario,) = tomllib.loads(file.read_bytes().decode("utf-8"))["tool"]["compatkit"]["verify"]["scenarios"]
    _, script = shlex.split(scenario["command"])
    # A name that is no text is passed over.
    assert is_encodable(text) or script == "other.py"
    return script.removesuffix(".py") if is_encodable(text) else text


def kept_in_a_trace(text: str, folder: Path) -> str:
    (folder / "trace.json").write_text(Trace(text, {text: text}, ()).to_json(), encoding="utf-8")
    trace = Trace.from_json((folder / "trace.json").read_text(encoding="utf-8"))
    assert trace.initial == {text: text}
    return trace.module


def kept_in_the_history_of_status(text: str, folder: Path) -> str:
    entries = (StatusRun("2026-01-01", text, 1, 2), StatusRun("2026-01-02", text, 1, 2))
    (folder / "status.jsonl").write_text(history_text(entries), encoding="utf-8")
    assert read_status_history(folder / "status.jsonl") == entries
    return read_status_history(folder / "status.jsonl")[1].revision


def kept_in_a_pth(text: str, folder: Path) -> str:
    line = ast.parse(_text_of(text)).body[-1]
    inner = ast.parse(ast.literal_eval(line.value.args[0]))  # type: ignore[attr-defined]  # exec("…")
    (call,) = [node for node in ast.walk(inner) if isinstance(node, ast.Call) and "wait" in ast.unparse(node.func)]
    return str(ast.literal_eval(call.args[0]))


def kept_in_json_lines(text: str, folder: Path) -> str:
    (folder / "history.jsonl").write_text(json.dumps({"epoch": 1, "note": text}) + "\n", encoding="utf-8")
    return str(read_history(folder / "history.jsonl")[0]["note"])


def kept_in_csv(text: str, folder: Path) -> str:
    with (folder / "history.csv").open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([["epoch", "note"], ["1", f"text {text}"]])
    return str(read_history(folder / "history.csv")[0]["note"]).removeprefix("text ")


def kept_in_sarif(text: str, folder: Path) -> str:
    document = json.loads(render(left_to_do(text), "sarif", Background({})))
    (result,) = document["runs"][0]["results"]
    address = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert os.fsdecode(unquote_to_bytes(address)) == "a/b.py"
    return str(result["message"]["text"])


def kept_in_junit(text: str, folder: Path) -> str:
    (failure,) = ET.fromstring(render(left_to_do(text), "junit", Background({}))).iter("failure")
    shown = str(failure.text).removeprefix("1:1 CK101 ")
    # What XML cannot hold at all is marked, and only that.
    marked = {at for at, character in enumerate(shown) if character == "\ufffd"}
    allowed = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert all(text[at] == "\ufffd" or not allowed.match(text[at]) for at in marked)
    return "".join(text[at] if at in marked else character for at, character in enumerate(shown))


def left_to_do(text: str) -> Overview:
    result = FileResult("a/b.py", Unchanged((Finding("CK101", 1, 1, text, confidence="manual"),)), Job(b"import a\n"))
    return Overview.of(Report.of([result]), is_written=False)


KEPT: Mapping[str, Callable[[str, Path], str | None]] = MappingProxyType(
    {
        **{f"settings{ending}": kept_in_settings(ending) for ending in (".toml", ".yaml", ".yml", ".json")},
        "spool": kept_in_a_spool,
        "census": kept_in_a_census,
        "baseline": kept_in_a_baseline,
        "snapshot": kept_in_a_snapshot,
        "draft": kept_in_a_draft,
        "settings of init": kept_in_proposed_settings,
        "trace": kept_in_a_trace,
        "history of status": kept_in_the_history_of_status,
        "pth": kept_in_a_pth,
        "JSON lines": kept_in_json_lines,
        "CSV": kept_in_csv,
        "SARIF": kept_in_sarif,
        "JUnit": kept_in_junit,
    }
)


def back_or_refused(name: str, text: str, folder: Path) -> str | None:
    """Return what came back, or the text itself where it was refused in the words of compatkit."""
    try:
        return KEPT[name](text, Path(mkdtemp(dir=folder)))
    except CompatkitError as error:
        return text if error.where else None


@pytest.mark.parametrize("name", KEPT)
def test_every_hard_text_comes_back_or_is_refused(name: str, tmp_path: Path) -> None:
    changed = {text: back for text in HARD if (back := back_or_refused(name, text, tmp_path)) != text}

    assert changed == {}


@pytest.mark.parametrize("name", KEPT)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=TEXTS)
def test_any_text_comes_back_or_is_refused(name: str, text: str, tmp_path: Path) -> None:
    assert back_or_refused(name, text, tmp_path) == text


def document(ending: str, text: str) -> str | None:
    """Return a document that says `text`, and an old name behind it, or None where the format cannot say that."""
    values = {"before": text, "class_path": OLD, "after": text}
    match ending:
        case ".json":
            return json.dumps(values, ensure_ascii=False)
        case ".toml":
            return tomli_w.dumps(values)
        case ".yaml":
            return str(yaml.safe_dump(values, sort_keys=False))
    source = f"[a]\nbefore = {text}\nclass_path = {OLD}\nafter = {text}\n"
    try:
        return source if dict(ini_values(source)) == values else None
    except IniError:
        return None


def ini_values(source: str) -> Mapping[str, str]:
    parser = RawConfigParser()
    parser.read_string(source)
    return parser["a"]


READERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {".json": json.loads, ".toml": tomllib.loads, ".yaml": yaml.safe_load, ".ini": lambda text: dict(ini_values(text))}
)


@pytest.mark.parametrize("ending", READERS)
@settings(max_examples=40)
@given(text=TEXTS.filter(is_encodable))
def test_a_text_beside_a_rewritten_value_stays_as_it_is(ending: str, text: str) -> None:
    before = document(ending, text)
    if before is None:
        return
    values = READERS[ending](before)
    assert isinstance(values, dict)

    after = changed(before, ending)

    assert READERS[ending](after) == {**values, "class_path": NEW}


def refused_by_mlflow(texts: Iterable[str], tracking_uri: str) -> list[str]:
    """Log each text as a parameter and as a tag; what is not refused comes back."""
    kept, refused = {}, []
    with tracked_run(f"texts {uuid4()}", tracking_uri=tracking_uri) as run:
        for number, text in enumerate(texts):
            try:
                run.log_params({f"text {number}": text})
                run.set_tags({f"text {number}": text})
                kept[f"text {number}"] = text
            except TrackingError:
                refused.append(text)
    back = take_snapshot(run.run_id, tracking_uri=tracking_uri)
    assert {name: back.params[name] for name in kept} == kept
    assert {name: back.tags[name] for name in kept} == kept
    return refused


def test_mlflow_keeps_params_and_tags_or_they_are_refused(tracking_uri: str) -> None:
    refused = refused_by_mlflow((*HARD, "a" * 6001, "b" * 8001), tracking_uri)

    assert refused == ["\ud800", "\udcff", "a" * 6001, "b" * 8001]


@settings(max_examples=10)
@given(texts=st.lists(TEXTS, min_size=1))
def test_mlflow_keeps_any_param_and_tag_that_is_text(texts: list[str], tracking_uri: str) -> None:
    refused = refused_by_mlflow(texts, tracking_uri)

    assert refused == [text for text in texts if not is_encodable(text)]


def test_a_run_that_fails_over_a_name_that_is_no_text_ends_and_says_so(tracking_uri: str) -> None:
    with pytest.raises(OSError, match="absent"), tracked_run("texts", tracking_uri=tracking_uri) as run:
        open("absent-\udcff")  # noqa: PTH123, SIM115

    ended = MlflowClient(tracking_uri).get_run(run.run_id)

    assert ended.info.status == "FAILED"
    assert r"absent-\udcff" in ended.data.tags["stack.failure"]


def test_settings_that_cannot_be_written_leave_the_file_alone(tmp_path: Path) -> None:
    for ending in (".toml", ".yaml", ".json"):
        file = tmp_path / f"settings{ending}"
        OrchestratorConfig().to_file(file)
        before = file.read_bytes()

        with pytest.raises(ConfigError, match=r"tracking\.run_name is .*not text"):
            OrchestratorConfig().with_overrides({"tracking.run_name": "a\udcff"}).to_file(file)
        assert file.read_bytes() == before


def test_settings_may_begin_with_the_mark_that_some_editors_write(tmp_path: Path) -> None:
    for ending in (".toml", ".yaml", ".json"):
        file = tmp_path / f"settings{ending}"
        OrchestratorConfig().with_overrides({"epochs": 7}).to_file(file)
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

        assert OrchestratorConfig.from_file(file).epochs == 7
