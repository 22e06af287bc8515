"""Traces and prompts of a run are compared by what was called and said, and not by ids and times."""

from __future__ import annotations

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
        return [(each.name, each.hint) for each in compare_snapshots(before, after, Policy()).deciding]

    assert before.artifacts.keys() == {TRACES, PROMPTS}
    assert found(called(4, 3)) == []
    assert found(called(3, 5)) == [(TRACES, "first at trace 2 of answer/look up.outputs")]
    assert [name for name, _ in found(called(3))] == [TRACES]
    assert found(called(3, 4, template="Goodbye {{name}}")) == [(PROMPTS, "first at greeting#1")]
