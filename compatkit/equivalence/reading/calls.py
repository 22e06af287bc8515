"""The traces and prompts of a run, each as one file among its artifacts: what was called, with what, and what came out.

Times and ids do not count, nor does the order of traces, which may have been written by several threads.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any

from compatkit.equivalence.reading.contents.flatten_values import put
from compatkit.equivalence.reading.logged_models import NOT_KNOWN
from compatkit.equivalence.reading.store.opened import mlflow_version
from compatkit.equivalence.snapshot import Content, File

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run, Span, Trace

TRACES, PROMPTS = "traces of the run", "prompts of the run"
_LINKED = "mlflow.linkedPrompts"
_SOURCE = "mlflow.sourceRun"
_PAGE = 100
_OWN = "mlflow."
# Of MLflow's own attributes and metadata those that say what was asked and answered; the rest are ids and copies. A
# cost is what a release of MLflow makes of the model and its tokens.
_SAID = {
    *("mlflow.chat.tools", "mlflow.chat.tokenUsage", "mlflow.llm.model", "mlflow.llm.provider"),
    *("mlflow.spanDescription", "mlflow.trace.user", "mlflow.trace.session"),
}
_STACK = "exception.stacktrace"


def read_calls(client: MlflowClient, run: Run, unread: list[str]) -> dict[str, File]:
    """Return what a run called, under names that no artifact has; what cannot be had is added to `unread`."""
    found = {TRACES: _read_traces(client, run, unread), PROMPTS: _read_prompts(client, run, unread)}
    return {name: _file(values) for name, values in found.items() if values}


def _file(values: dict[str, str]) -> File:
    raw = json.dumps(values, sort_keys=True).encode()
    return File(hashlib.sha256(raw).hexdigest(), len(raw), Content("calls", values))


def _read_traces(client: MlflowClient, run: Run, unread: list[str]) -> dict[str, str]:
    from mlflow.exceptions import MlflowException

    if not hasattr(client, "search_traces"):
        # Before MLflow 2.14 there were none.
        return {}
    try:
        listed = len(list(_search(client, run, include_spans=False)))
        traces = [_described(trace) for trace in _search(client, run, include_spans=True)] if listed else []
    except MlflowException as error:
        if error.error_code in NOT_KNOWN:
            return {}
        if not client.tracking_uri.startswith("http"):
            raise
        if _has_traces_of_two(client, run):
            unread.append(f"its traces: MLflow {mlflow_version()} cannot ask this server for them")
        return {}
    if listed != len(traces):
        unread.append(f"{listed - len(traces)} of its {listed} traces: their spans are not here")
    values, numbers = dict[str, str](), Counter[str]()
    for trace in sorted(traces, key=lambda said: json.dumps(said, sort_keys=True)):
        name = next(iter(trace), "").partition("/")[0]
        numbers[name] += 1
        for place, text in trace.items():
            put(values, f"trace {numbers[name]} of {place}", text)
    return values


def _has_traces_of_two(client: MlflowClient, run: Run) -> bool:
    """Ask a server of MLflow 2 itself: the client of MLflow 3.4 asks it for "locations", which it does not know."""
    from mlflow.utils.rest_utils import http_request, verify_rest_response

    path = "/api/2.0/mlflow/traces"
    own = f"request_metadata.`{_SOURCE}` = '{run.info.run_id}'"
    asked = {"experiment_ids": [run.info.experiment_id], "filter": own, "max_results": 1}
    # The address with the credentials that MLflow itself sends; there is no public way to them.
    credentials = client._tracking_client.store.get_host_creds  # noqa: SLF001
    answer = http_request(credentials(), path, "GET", params=asked)  # type: ignore[no-untyped-call]
    return bool(verify_rest_response(answer, path).json().get("traces"))


def _search(client: MlflowClient, run: Run, *, include_spans: bool) -> Iterator[Trace]:
    known = signature(client.search_traces).parameters
    asked: dict[str, Any] = {"max_results": _PAGE}
    asked["locations" if "locations" in known else "experiment_ids"] = [run.info.experiment_id]
    if "run_id" in known:
        asked["run_id"] = run.info.run_id
    else:
        asked["filter_string"] = f"request_metadata.`{_SOURCE}` = '{run.info.run_id}'"
    if "include_spans" in known:
        asked["include_spans"] = include_spans
    while True:
        page = client.search_traces(**asked)
        yield from page
        if not page.token:
            return
        asked["page_token"] = page.token


def _described(trace: Trace) -> dict[str, str]:
    """Return all that a trace says by the path of a span, such as `answer/retrieve.inputs`."""
    said, paths, numbers = dict[str, str](), dict[str | None, str](), Counter[str]()
    for span in sorted(trace.data.spans, key=lambda span: (span.start_time_ns, span.name)):
        path = "/".join(filter(None, [paths.get(span.parent_id), span.name]))
        numbers[path] += 1
        path = f"{path}#{numbers[path]}" if numbers[path] > 1 else path
        paths[span.span_id] = path
        said |= {f"{path}.{part}": text for part, text in _parts(span)}
    said |= {f"tag {name}": text for name, text in trace.info.tags.items() if _is_compared(name)}
    metadata = getattr(trace.info, "trace_metadata", None) or trace.info.request_metadata
    said |= {f"metadata {name}": text for name, text in metadata.items() if _is_compared(name)}
    return said | _assessments(trace)


def _is_compared(name: str) -> bool:
    return name in _SAID or not name.startswith(_OWN)


def _assessments(trace: Trace) -> dict[str, str]:
    """Return what was said of a trace. Several may have one name, of several judges: they have no order."""
    given = []
    for assessment in getattr(trace.info, "assessments", None) or []:
        value = getattr(assessment, "feedback", None) or getattr(assessment, "expectation", None)
        about = {"value": getattr(value, "value", value), "why": assessment.rationale}
        given.append((assessment.name, _text({name: part for name, part in about.items() if part is not None})))
    numbers, said = Counter[str](), dict[str, str]()
    for name, text in sorted(given):
        numbers[name] += 1
        said[f"assessment {name}#{numbers[name]}" if numbers[name] > 1 else f"assessment {name}"] = text
    return said


def _parts(span: Span) -> Iterator[tuple[str, str]]:
    yield "type", str(span.span_type)
    yield "status", f"{span.status.status_code} {span.status.description}"
    yield "inputs", _text(span.inputs)
    yield "outputs", _text(span.outputs)
    for name, value in sorted(span.attributes.items()):
        if _is_compared(name):
            yield f"attribute {name}", _text(value)
    for number, event in enumerate(span.events):
        told = {name: value for name, value in event.attributes.items() if name != _STACK}
        yield f"event {number}", f"{event.name} {_text(told)}"


def _text(value: object) -> str:
    return json.dumps(value, default=repr, sort_keys=True, ensure_ascii=False)


def _read_prompts(client: MlflowClient, run: Run, unread: list[str]) -> dict[str, str]:
    """Return the prompts that the run loaded, and what they say beside the template; the registry numbers versions."""
    from mlflow.exceptions import MlflowException

    values, numbers = dict[str, str](), Counter[str]()
    for linked in json.loads(run.data.tags.get(_LINKED, "[]")):
        name, version = linked["name"], linked["version"]
        try:
            prompt = client.get_prompt_version(name, version)
        except (MlflowException, AttributeError) as error:
            unread.append(f"version {version} of its prompt {name!r}: {str(error).partition(chr(10))[0]}")
            continue
        numbers[name] += 1
        put(values, f"{name}#{numbers[name]}", _text(prompt.template))
        tags = {f"tag {tag}": text for tag, text in prompt.tags.items()}
        parts = {part: getattr(prompt, part, None) for part in ("commit_message", "response_format", "model_config")}
        for part, said in {**parts, **tags}.items():
            if said:
                put(values, f"{name}#{numbers[name]}.{part}", said if isinstance(said, str) else _text(said))
    return values
