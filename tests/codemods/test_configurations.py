"""Configurations of Hydra and of LightningCLI under the bundled migrations."""

from __future__ import annotations

from textwrap import dedent

import pytest

from compatkit.authoring.examples import Example, find_examples, result_of, rewritten
from compatkit.migration import available_migrations, load_migration
from compatkit.options import Options
from compatkit.rewrite import Rewritten, Unchanged
from compatkit.rewrite.rewrite_document import rewrite_document

CLI = """\
# lightning.pytorch==1.5
seed_everything: 1
trainer:
  max_epochs: 10  # as in the paper
  checkpoint_callback: true
  gpus: 2
model:
  class_path: app.Model
"""


def applied(name: str, text: str) -> tuple[str, str]:
    migration = load_migration(available_migrations()[name])
    outcome = rewrite_document(
        text.encode(),
        suffix=".yaml",
        moves=migration.moves,
        migrations=[migration],
        options=Options(confidence="review"),
    )
    assert isinstance(outcome, Rewritten | Unchanged), outcome
    after = outcome.source.decode() if isinstance(outcome, Rewritten) else text
    return after, "\n".join(found.message for found in outcome.findings)


def test_arguments_of_the_trainer_in_a_file_of_lightnings_command_line() -> None:
    after, said = applied("lightning-2", CLI)

    # `gpus` would become two keys: the trainer is left whole, and that is said.
    assert after == CLI
    assert "devices" in said


def test_arguments_that_need_no_other_key_are_renamed_in_a_file_of_the_command_line() -> None:
    text = CLI.replace("gpus: 2", "accelerator: gpu\n  devices: 2")

    after, _ = applied("lightning-2", text)

    assert after == text.replace("checkpoint_callback", "enable_checkpointing")


def test_trainer_of_another_kind_of_file_is_left_alone() -> None:
    text = CLI.replace("max_epochs: 10", "epochs: 10")

    assert applied("lightning-2", text) == (text, "")


@pytest.mark.parametrize(
    ("before", "after"), [("model:", "net:"), ("trainer:", "trainer_params:"), ("trainer:", "lightning:\n trainer:")]
)
def test_what_a_program_may_spread_in_the_call_of_the_trainer_is_only_reported(before: str, after: str) -> None:
    text = CLI.replace(before, after)

    assert applied("lightning-2", text)[0] == text
    said = applied("lightning-2", text)[1].splitlines()
    assert len(said) == 2
    assert all("commonly spread in the call of the Trainer" in line for line in said)


def test_class_and_its_arguments_in_a_file_of_hydra() -> None:
    text = dedent("""\
        trainer:
          _target_: pytorch_lightning.Trainer
          accelerator: cpu
          checkpoint_callback: false
        """)

    after, _ = applied("lightning-2", text)

    assert after == dedent("""\
        trainer:
          _target_: lightning.pytorch.Trainer
          accelerator: cpu
          enable_checkpointing: false
        """)


def test_key_that_would_have_to_be_added_is_reported() -> None:
    text = dedent("""\
        amp:
          _target_: torch.cuda.amp.autocast
          enabled: true
        """)

    after, said = applied("torch-2", text)

    assert after == text
    assert "torch.amp.autocast; device_type='cuda' added; not rewritten" in said


DOCUMENTS = [
    pytest.param(name, example, id=f"{name}-{example.name}")
    for name, file in sorted(available_migrations().items())
    for example in find_examples(file.parent).found
    if example.suffix
]


@pytest.mark.parametrize(("name", "example"), DOCUMENTS)
def test_example_is_rewritten_as_shown_and_not_again(name: str, example: Example) -> None:
    migration = load_migration(available_migrations()[name])
    after = example.before if example.after is None else example.after

    assert result_of(rewritten(migration, example, example.before), example.before) == after
    assert result_of(rewritten(migration, example, after), after) == after


def test_of_a_key_one_finding_says_what_becomes_of_it() -> None:
    text = CLI.replace("  gpus: 2\n", "  gpus: null\n  accelerator: gpu\n  devices: 1\n  tpu_cores: null\n")

    said = applied("lightning-2", text)[1].splitlines()

    assert sum("Trainer: gpus:" in line for line in said) == 1
    assert sum("tpu_cores: leave it out: it was the default" in line for line in said) == 1
