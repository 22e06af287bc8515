"""Traces and prompts of a run are compared by what was called and said, and not by ids and times."""

from __future__ import annotations

from collections.abc import Callable

import mlflow
import pytest

from compatkit.equivalence import Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.equivalence.reading.calls import PROMPTS, TRACES


def called(*answers: int, template: str = "Hello {{name}}") -> Snapshot:
    """Log a trace of two spans for each answer, and load a prompt."""
    with mlflow.start_run() as run:
        for answer in answers:
            with mlflow.start_span("answer") as outer:
                outer.set_inputs({"question": 1})
                with mlflow.start_span("look up") as inner:
                    inner.set_outputs(answer)
        prompt = mlflow.genai.register_prompt(name="greeting", template=template)
        mlflow.genai.load_prompt(f"prompts:/greeting/{prompt.version}")
    return take_snapshot(run.info.run_id, tracking_uri=mlflow.get_tracking_uri())


def test_what_was_called_and_what_it_gave_counts(active_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    before = called(3, 4)

    def found(after: Snapshot) -> list[tuple[str, str]]:
        return [
            (difference.name, difference.hint) for difference in compare_snapshots(before, after, Policy()).deciding
        ]

    assert before.artifacts.keys() == {TRACES, PROMPTS}
    assert found(called(4, 3)) == []
    assert found(called(3, 5)) == [(TRACES, "first at trace 2 of answer/look up.outputs")]
    assert [name for name, _ in found(called(3))] == [TRACES]
    assert found(called(3, 4, template="Goodbye {{name}}")) == [(PROMPTS, "first at greeting#1")]


def judged(*values: float, why: str = "") -> None:
    with mlflow.start_span("answer") as span:
        span.set_outputs("yes")
    for value in values:
        mlflow.log_feedback(trace_id=span.trace_id, name="right", value=value, rationale=why or None)


def with_metadata(text: str) -> None:
    with mlflow.start_span("answer") as span:
        mlflow.update_current_trace(metadata={"route": text})
        span.set_outputs("yes")


def with_tokens(count: int) -> None:
    with mlflow.start_span("answer") as span:
        span.set_attribute("mlflow.chat.tokenUsage", {"total_tokens": count})


def with_prompt(message: str, tags: dict[str, str], temperature: float) -> None:
    given = {"commit_message": message, "tags": tags, "model_config": {"temperature": temperature}}
    prompt = mlflow.genai.register_prompt(name="asking", template="Hello", **given)  # type: ignore[arg-type]
    mlflow.genai.load_prompt(f"prompts:/asking/{prompt.version}")


PAIRS: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
    "the first of two judges": (lambda: judged(0.5, 0.9), lambda: judged(0.4, 0.9)),
    "a judge's reason": (lambda: judged(0.5, why="short"), lambda: judged(0.5, why="long")),
    "metadata": (lambda: with_metadata("a"), lambda: with_metadata("b")),
    "tokens": (lambda: with_tokens(3), lambda: with_tokens(4)),
    "a prompt's message": (lambda: with_prompt("first", {}, 0.5), lambda: with_prompt("second", {}, 0.5)),
    "a prompt's tag": (lambda: with_prompt("first", {"a": "1"}, 0.5), lambda: with_prompt("first", {"a": "2"}, 0.5)),
    "how a prompt is asked": (lambda: with_prompt("first", {}, 0.5), lambda: with_prompt("first", {}, 0.9)),
}


@pytest.mark.parametrize("what", PAIRS)
def test_what_is_said_beside_it_counts(what: str, active_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")

    def logged(call: Callable[[], None]) -> Snapshot:
        with mlflow.start_run() as run:
            mlflow.log_param("lr", 1)
            call()
        return take_snapshot(run.info.run_id, tracking_uri=mlflow.get_tracking_uri())

    before, again, after = (logged(call) for call in (PAIRS[what][0], *PAIRS[what]))

    assert compare_snapshots(before, again, Policy()).is_equivalent
    assert not compare_snapshots(before, after, Policy()).is_equivalent


def test_a_prompt_that_is_gone_is_unread_and_not_equal(active_store: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_param("lr", 0.1)
        prompt = mlflow.genai.register_prompt(name="greeting", template="Hello")
        mlflow.genai.load_prompt(f"prompts:/greeting/{prompt.version}")
    mlflow.MlflowClient().delete_prompt_version("greeting", str(prompt.version))

    found = take_snapshot(run.info.run_id, tracking_uri=active_store)

    assert [said.partition(":")[0] for said in found.unread] == [f"version {prompt.version} of its prompt 'greeting'"]
    assert not compare_snapshots(found, found, Policy()).is_equivalent
