"""Decide which of its three uses `compatkit verify` was called for, and refuse options that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click


class VerifyCliOptions(TypedDict):
    """The options as click hands them over; None, or an empty tuple, is what was not given."""

    before: str | None
    after: str | None
    base: str | None
    shim: bool
    migrate: bool
    link: tuple[str, ...]
    arguments: tuple[str, ...]
    timeout: float | None
    seed: int | None
    seeds: int | None
    confidence: float | None
    margins: tuple[str, ...]
    jobs: int | None
    threads: int | None
    exact: bool
    accept_unread: bool
    before_python: str | None
    once: bool
    explain: bool
    scenarios: tuple[str, ...]
    shard: tuple[int, int] | None
    datasets: tuple[str, ...]
    presets: tuple[str, ...]
    trainers: tuple[str, ...]
    orchestrators: tuple[str, ...]
    migration: str | None
    store: Path | None
    form: str
    outputs: tuple[tuple[str, Path], ...]
    html: Path | None


# What is said of commands, here or in the pyproject.toml, and of the reference stack.
_OF_COMMANDS = (
    "link",
    "timeout",
    "seed",
    "seeds",
    "confidence",
    "margins",
    "jobs",
    "threads",
    "exact",
    "accept_unread",
    "before_python",
    "once",
    "explain",
)
_OF_STACK = ("datasets", "presets", "trainers", "orchestrators")


def parse_shard(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read `i/n`."""
    if value is None:
        return None
    number, _, of = value.partition("/")
    if not (number.isascii() and number.isdigit() and of.isascii() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise click.BadParameter(f"{value!r} is not of the form i/n, with i from 1 to n.", ctx, param)
    return int(number), int(of)


def require_one_scenario(given: VerifyCliOptions) -> None:
    """Refuse options that contradict each other."""
    commands = given["before"] is not None or given["after"] is not None
    if (given["before"] is None) != (given["after"] is None):
        raise click.UsageError("--before and --after go together")
    if commands and given["base"] is not None:
        raise click.UsageError("--base runs one command in two trees; leave out --before and --after")
    if given["base"] is not None and not given["arguments"]:
        raise click.UsageError("--base needs a command: compatkit verify --base REF -- python train.py")
    if given["base"] is None and given["arguments"]:
        raise click.UsageError(f"--base REF must stand before a command; {given['arguments'][0]!r} is none of verify's")
    if given["base"] is None and (given["shim"] or given["migrate"] or given["link"]):
        raise click.UsageError("--shim, --migrate and --link go with --base")
    is_direct = commands or given["base"] is not None
    if is_direct and (given["scenarios"] or given["shard"]):
        raise click.UsageError("--scenario and --shard choose from what pyproject.toml declares")
    if (is_direct or given["scenarios"]) and (stack := _given(given, _OF_STACK)):
        raise click.UsageError(f"{_option(stack[0])} is of the reference stack, and goes with no command")


def is_of_stack(given: VerifyCliOptions) -> bool:
    """Tell whether an option was given that only the reference stack knows."""
    return bool(_given(given, _OF_STACK))


def of_commands(given: VerifyCliOptions) -> list[str]:
    """Return the names of the options that were given and that only commands know."""
    return _given(given, _OF_COMMANDS)


def require_stack_only(given: VerifyCliOptions) -> None:
    """Refuse, for the reference stack, what is said of commands: it would silently do nothing."""
    if wrong := of_commands(given):
        raise click.UsageError(
            f"{_option(wrong[0])} needs commands: --before and --after, --base, or scenarios in pyproject.toml"
        )


def _given(given: VerifyCliOptions, names: tuple[str, ...]) -> list[str]:
    said: dict[str, Any] = {**given}
    # 0 is a seed; False and () are what was not given.
    return [name for name in names if said[name] is not None and said[name] is not False and said[name] != ()]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}" if name in _OF_COMMANDS else f"--{name.removesuffix('s')}"


T = TypeVar("T")


def in_shard(items: Sequence[T], shard: tuple[int, int] | None) -> Sequence[T]:
    """Return every n-th of `items`: all shards together hold each once. A shard may be empty, and says so."""
    if shard is None:
        return items
    number, of = shard
    chosen = items[number - 1 :: of]
    click.echo(f"Shard {number}/{of}: {len(chosen)} of {len(items)} scenarios", err=True)
    return chosen
