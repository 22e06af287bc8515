"""What `verify` refuses is refused before anything runs, and shards lose no scenario."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.cli import cli
from compatkit.cli._verify_options import in_shard, parse_shard
from compatkit.cli.verify import command
from compatkit.errors import CompatkitError
from tests.command_line import command_runner


@given(st.lists(st.integers(), max_size=20), st.integers(1, 9))
def test_shards_together_hold_each_once_in_its_order(items: list[int], count: int) -> None:
    shards = [list(in_shard(items, (number, count))) for number in range(1, count + 1)]

    assert sum(map(len, shards)) == len(items)
    assert [shards[at % count][at // count] for at in range(len(items))] == items


@pytest.mark.parametrize(
    "text", ["", "1", "1/", "/2", "0/2", "3/2", "-1/2", "1/2/3", " 1/2", "1.0/2", "\uff11/\uff12", "\u00b2/3"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    (shard,) = (param for param in command.params if param.name == "shard")

    with click.Context(command) as ctx, pytest.raises(click.BadParameter):
        parse_shard(ctx, shard, text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--html", "gone/page.html"], "There is no folder gone"),
        (["--timeout", "0"], "is not in the range"),
        (["--confidence", "1"], "is not in the range"),
        (["--seeds", "0"], "is not in the range"),
        (["--before-python", "gone"], "'gone' does not exist"),
        (["--scenario", "one"], "--scenario and --shard choose"),
        (["--dataset", "iris"], "--dataset is of the reference stack"),
        (["--shim"], "go with --base"),
    ],
)
def test_nothing_runs_where_an_option_is_refused(
    options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    touch = shlex.join([sys.executable, "-c", "open('ran', 'w')"])
    asked = ["verify", "--before", touch, "--after", touch, *options]

    done = command_runner().invoke(cli, asked, standalone_mode=False)

    assert isinstance(done.exception, click.UsageError | CompatkitError)
    assert said in str(done.exception)
    assert not list(tmp_path.iterdir())
