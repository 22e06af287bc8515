"""What holds a callable that is wrapped: the modules around it, and taking the wrapper away again."""

from __future__ import annotations

from collections.abc import Iterator


def restore(owner: object, name: str, wrapper: object, original: object | None) -> None:
    """Put back what a wrapper took the place of; None where that was inherited, or nothing."""
    if vars(owner).get(name) is not wrapper:
        # Reloaded or patched since: what stands there is newer than what we kept.
        return
    if original is None:
        # Taking ours away shows the parent's again.
        delattr(owner, name)
    else:
        setattr(owner, name, original)


def prefixes(dotted: str) -> Iterator[str]:
    """Yield every dotted name that holds another, the innermost first."""
    while dotted := dotted.rpartition(".")[0]:
        yield dotted
