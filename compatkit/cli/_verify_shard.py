"""The part of a list that one of several CI jobs takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import click

T = TypeVar("T")


def in_shard(items: Sequence[T], shard: tuple[int, int] | None) -> Sequence[T]:
    """Return every n-th of `items`: all shards together hold each once. A shard may be empty, and says so."""
    if shard is None:
        return items
    number, of = shard
    chosen = items[number - 1 :: of]
    click.echo(f"Shard {number}/{of}: {len(chosen)} of {len(items)} scenarios", err=True)
    return chosen
