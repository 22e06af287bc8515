"""Plain dicts that a mock hands out in place of records: they are spelled as the code that reads them now."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.options import Options
from tests.rewrite.modern import find_fields, found

OLD = "backend.ml_engine.training_orchestrator.TrainingOrchestrator"
NEW = "backend.ml_engine.training_orchestrator_v2.TrainingOrchestratorV2"
HEAD = "from unittest import mock\nfrom unittest.mock import patch\n"
PATCHED = f"with mock.patch('{NEW}') as cls:\n    "
GIVEN = "{'final_metrics': {'val_acc': 1}}\n"
SET = "cls.return_value.train_model.return_value = "


def rewritten(source: str) -> str:
    text = HEAD + source
    changes = found(find_fields, text, options=Options(modernize=True, confidence="review")).changes
    for change in sorted(changes, key=lambda edit: edit.start, reverse=True):
        text = text[: change.start] + change.text + text[change.end :]
    return text.removeprefix(HEAD)


@pytest.mark.parametrize(
    "source",
    [
        # Another target, another method, another attribute, another place in the result.
        f"with mock.patch('shop.TrainingOrchestrator') as cls:\n    {SET}{GIVEN}",
        f"{PATCHED}cls.return_value.other.return_value = {GIVEN}",
        f"{PATCHED}cls.return_value.train_model.side_effect = {GIVEN}",
        f"{PATCHED}cls.train_model.return_value.x = {GIVEN}",
        f"{PATCHED}{SET}{{'val_acc': 1, 'shown': {{'val_acc': 1}}}}\n",
        f"{PATCHED}{SET}{{name: {{'val_acc': 1}}, **{{'val_acc': 2}}}}\n",
        # Not a mock's, or not for certain.
        f"with mock.patch('{NEW}', Fake) as cls:\n    {SET}{GIVEN}",
        f"with mock.patch('{NEW}', new_callable=Fake) as cls:\n    {SET}{GIVEN}",
        f"with mock.patch(f'{NEW}') as cls:\n    {SET}{GIVEN}",
        f"with opened('{NEW}') as cls:\n    {SET}{GIVEN}",
        f"patch = other\nwith patch('{NEW}') as cls:\n    {SET}{GIVEN}",
        f"{PATCHED}cls = other()\n    {SET}{GIVEN}",
        f"{PATCHED}if x:\n        cls = other()\n    {SET}{GIVEN}",
        f"with mock.patch('{NEW}') as (cls, other):\n    {SET}{GIVEN}",
        # Which decorator fills which parameter is not known.
        f"@fill\n@mock.patch('{NEW}')\ndef test(cls):\n    {SET}{GIVEN}",
        f"@mock.patch('{NEW}')\ndef test(other, cls):\n    {SET}{GIVEN}",
    ],
)
def test_other_dicts_stay(source: str) -> None:
    assert rewritten(source) == source


@pytest.mark.parametrize("path", [OLD, NEW])
@pytest.mark.parametrize(
    "source",
    [
        "with mock.patch('PATH') as cls:\n    cls.return_value.train_model.return_value = GIVEN\n",
        "with patch('PATH') as cls, other:\n    cls.return_value.train_model.return_value = GIVEN\n",
        dedent(
            """\
            @mock.patch('PATH')
            def test(cls):
                cls.return_value.train_model.return_value = GIVEN
            """
        ),
        dedent(
            """\
            class C:
             @patch('PATH')
             def test(self, cls):
              cls.return_value.train_model.return_value = GIVEN
            """
        ),
        "with mock.patch('PATH.train_model', return_value=GIVEN):\n    pass\n",
        "with mock.patch('PATH.train_model') as train:\n    train.return_value = GIVEN\n",
        dedent(
            """\
            def test(mocker):
                one = mocker.patch('PATH').return_value
                one.train_model.return_value = GIVEN
            """
        ),
        dedent(
            """\
            patcher = 1
            cls = mocker.patch('PATH')
            cls.return_value.train_model.return_value = GIVEN
            """
        ),
    ],
)
@pytest.mark.parametrize(
    "given",
    [
        "{'final_metrics': {'KEY': 0.5}}",
        "{'run_id': 'x', 'final_metrics': {'epoch': 1, 'KEY': 0.5}, 'history': []}",
        "{'history': [{'epoch': 1, 'KEY': 0.5}, {'epoch': 2, 'KEY': 0.6}]}",
    ],
)
def test_dicts_that_stand_for_records_are_spelled_as_in_v2(path: str, source: str, given: str) -> None:
    before = source.replace("PATH", path).replace("GIVEN", given.replace("KEY", "val_acc"))

    assert rewritten(before) == before.replace("val_acc", "val_accuracy")


def test_without_review_they_are_reported() -> None:
    source = HEAD + f"{PATCHED}{SET}{GIVEN}"

    done = found(find_fields, source)

    assert not done.changes
    assert [(item.code, item.line) for item in done.findings] == [("CK202", 4)]
    assert "--confidence review" in done.findings[0].message


IMPORT = "from backend.ml_engine.training_orchestrator_v2 import TrainingOrchestratorV2\n"
FIXTURE = (
    f"@pytest.fixture\ndef a():\n    mocker.patch('{NEW}').return_value.train_model.return_value = {GIVEN}"
    "def test(a):\n    run()['val_acc']\n"
)
READ = "TrainingOrchestratorV2().train_model()['final_metrics']['val_acc']"


@pytest.mark.parametrize(
    "source",
    [
        f"with mock.patch('{NEW}.train_model', side_effect=[{{'final_metrics': {{'val_acc': 1}}}}]):\n    pass\n",
        f"{PATCHED}cls.return_value.train_model.side_effect = [{GIVEN.strip()}]\n",
        f"{PATCHED}cls.return_value.train_model.side_effect = lambda name: {GIVEN}",
        f"with mock.patch('{NEW}.train_model', lambda self, name: {GIVEN.strip()}):\n    pass\n",
        f"with mock.patch('{NEW}.train_model', new=lambda self, name: {GIVEN.strip()}):\n    pass\n",
        f"with mock.patch('{NEW}', **{{'return_value.train_model.return_value': {GIVEN.strip()}}}):\n    pass\n",
        f"{IMPORT}mock.patch.object(TrainingOrchestratorV2, 'train_model', return_value={GIVEN.strip()})\n",
        f"def test(monkeypatch):\n    monkeypatch.setattr('{NEW}.train_model', lambda self: {GIVEN.strip()})\n",
        f"{IMPORT}def fake(self):\n    return {GIVEN}m.setattr(TrainingOrchestratorV2, 'train_model', fake)\n",
        f"class Fake:\n    def train_model(self, name):\n        return {GIVEN}mock.patch('{NEW}', Fake)\n",
    ],
)
def test_every_kind_of_double_is_spelled_as_in_v2(source: str) -> None:
    assert rewritten(source) == source.replace("val_acc", "val_accuracy")


@pytest.mark.parametrize(
    "source",
    [
        # What reads the dict in this file is not certain to be a record, so that it stays, and the dict with it.
        f"{IMPORT}@mock.patch('{NEW}.train_model', return_value={GIVEN.strip()})\ndef test(m):\n    {READ}\n",
        f"{PATCHED}{SET}{GIVEN}    run()['val_acc']\n",
        f"{PATCHED}{SET}{GIVEN}def check(got):\n    got.get('val_acc')\n",
        FIXTURE,
        # A module of the project goes by another name for it, and may mean another thing.
        f"with mock.patch('app.service.TrainingOrchestratorV2') as cls:\n    {SET}{GIVEN}",
    ],
)
def test_dict_and_its_readers_stay_together(source: str) -> None:
    options = Options(modernize=True, confidence="review")

    assert rewritten(source) == source
    assert "CK202" in {item.code for item in found(find_fields, HEAD + source, options=options).findings}


def test_what_another_test_reads_is_another_dict() -> None:
    source = f"def test_a():\n    cls = mock.patch('{NEW}')\n    {SET}{GIVEN}def test_b():\n    run()['val_acc']\n"

    assert rewritten(source) == source.replace("{'val_acc'", "{'val_accuracy'")


def test_what_a_double_gives_stays_while_another_function_of_its_file_reads_it_as_it_is() -> None:
    source = dedent(
        f"""\
        from backend.ml_engine import training_orchestrator_v2
        class Fake:
            def train_model(self):
                return {{"history": [{{"train_acc": 2}}]}}
        def run():
            return training_orchestrator_v2.TrainingOrchestratorV2().train_model()["history"][0]["train_acc"]
        def test_it():
            with mock.patch("{NEW}", Fake):
                assert run() == 2
        """
    )

    assert rewritten(source) == source


@pytest.mark.parametrize(
    "given",
    [
        "lambda self: RESULT",
        "lambda self: made()",
        "lambda self: {'history': [dict(train_acc=2)]}",
        "lambda self: RESULT, raising=True",
    ],
)
def test_what_a_double_gives_is_spelled_where_it_is_written(given: str) -> None:
    source = dedent(
        f"""\
        RESULT = {{'history': [{{'train_acc': 2}}]}}
        def made():
            return {{'history': [{{'train_acc': 2}}]}}
        def test_it(monkeypatch):
            monkeypatch.setattr('{NEW}.train_model', {given})
        """
    )

    assert "train_accuracy" in rewritten(source)
