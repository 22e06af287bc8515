"""Models of a run: none takes the place of another, and what was not read is not taken for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from compatkit.equivalence import EquivalenceError
from compatkit.equivalence.reading.logged_models import Models
from compatkit.equivalence.reading.store.models_of_three import ModelsOfThree, logged_in_files
from tests.equivalence.reading.store.proxy import serving

RUN = "f" * 32


@given(st.lists(st.sampled_from(["net", "net#2", "net#3", "net#2#2"])))
def test_a_model_of_a_name_that_is_taken_replaces_none(names: list[str]) -> None:
    models = Models()

    given_ = [models.add(name, None, {"number": str(number)}) for number, name in enumerate(names)]

    assert [models.found[name].details["number"] for name in given_] == [str(number) for number in range(len(names))]


def planted(store: Path, name: str, text: str) -> Path:
    file = store / name / "meta.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return store


@pytest.mark.parametrize(
    ("name", "text", "is_its"),
    [
        ("0/models/m-1", f"source_run_id: {RUN}\n", True),
        ("0/models/m-1", f"model_id: m-1\r\nsource_run_id: '{RUN}'\r\n", True),
        ("0/models/m-1", f"source_run_id: {RUN}0\n", False),
        ("0/models/m-1", f"source_run_id: {'e' * 32}\nname: 'source_run_id: {RUN}'\n", False),
        (f"0/{RUN}/outputs/m-1", "", True),
        (f"0/{RUN}/inputs/i-1", "source_type: MODEL_INPUT\n", True),
        (f"0/{RUN}/inputs/i-1", "source_type: DATASET\n", False),
        (f"0/{'e' * 32}/outputs/m-1", "", False),
    ],
)
def test_models_in_files_are_those_of_the_run(name: str, text: str, is_its: bool, tmp_path: Path) -> None:
    assert logged_in_files(planted(tmp_path, name, text), RUN) is is_its


def test_a_model_in_files_that_cannot_be_read_is_not_none(tmp_path: Path) -> None:
    (tmp_path / "0" / "models" / "m-1" / "meta.yaml").mkdir(parents=True)

    with pytest.raises(EquivalenceError):
        logged_in_files(tmp_path, RUN)


@contextmanager
def server(version: str, pages: Mapping[str, object]) -> Iterator[str]:
    """A server that knows its version and these pages of models, by token; 404 for all else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200 if self.path == "/version" else 404, version)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            page = pages.get(asked.get("page_token", ""))
            self._say(404 if page is None else 200, json.dumps(page))

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        yield address


def page(name: str, token: str = "") -> dict[str, object]:
    return {"models": [{"info": {"model_id": name, "name": name, "artifact_uri": "/"}}], "next_page_token": token}


def test_models_on_every_page_are_found() -> None:
    with server("3.1.0", {"": page("a", "1"), "1": {"next_page_token": "2"}, "2": page("b")}) as address:
        found = [model.model_id for model in ModelsOfThree(MlflowClient(address)).made_by(RUN, ["0"])]

    assert found == ["a", "b"]


def test_a_server_of_two_has_no_models_and_one_of_three_that_knows_nothing_is_an_error() -> None:
    with server("2.22.1", {}) as address:
        assert not [*ModelsOfThree(MlflowClient(address)).made_by(RUN, ["0"])]
    with server("3.1.0", {}) as address, pytest.raises(MlflowException):
        list(ModelsOfThree(MlflowClient(address)).made_by(RUN, ["0"]))
