"""A migrate run as Markdown, for the description of a pull request or the summary of a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from compatkit.budget import load_json
from compatkit.errors import CompatkitError
from compatkit.migrate.report import Overview, Remark, spelled_from
from compatkit.migrate.status import load_owners
from compatkit.report.markdown_text import code, prose, table
from compatkit.report.migrate_formats import Background
from compatkit.report.migrate_text import message_of

_MOST = 50  # places that are listed


def render(overview: Overview, background: Background) -> str:
    """Return what changed by code, what is left for whom, what failed, and the verdict of a proof."""
    made = [one for one in overview.remarks if one.is_rewrite]
    left = [one for one in overview.remarks if not one.is_rewrite]
    lines = ["## compatkit migrate", "", *_verdict(background.verdict)]
    files = len(overview.report.rewritten)
    done = "changed" if overview.is_written else "would change"
    lines += [f"{_counted(len(made), 'place')} in {_counted(files, 'file')} {done}; {len(left)} left for a person.", ""]
    lines += [*table(("code", "places", "it means"), list(_by_code(made, background))), ""] if made else []
    if left:
        lines += ["### Left for a person", "", *table(("owner", "code", "places"), list(_by_owner(left))), ""]
        lines += _places(left)
    if failed := overview.report.failed:
        lines += ["### Could not be processed", "", *(f"- {code(str(one.path))}" for one in failed), ""]
    if overview.known:
        lines += [f"{overview.known} more are known: they are in the baseline.", ""]
    return "\n".join(lines).rstrip()


def _verdict(file: Path | None) -> Iterator[str]:
    """Yield what a proof came to: the JSON of `verify`, a list of scenarios, or that of `compare`, one verdict."""
    if file is None:
        return
    try:
        document = load_json(file.read_text(encoding="utf-8"))
        rows = [(_name(row), _word(row)) for row in (document if isinstance(document, list) else [document])]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "write it with: compatkit verify --output json=FILE"
        raise CompatkitError(f"The verdict cannot be read: {error!r}.", where=str(file), hint=hint) from error
    yield from (f"- Proof{f' of {code(name)}' if name else ''}: **{word}**" for name, word in rows)
    yield ""


def _name(row: dict[str, object]) -> str:
    parts = (row.get("scenario"), row.get("dataset"), row.get("preset"))
    return " ".join(part for part in parts if isinstance(part, str))


def _word(row: dict[str, object]) -> str:
    if row.get("failure"):
        return "no verdict, it failed"
    # A document without this key is no proof, and must not pass for one.
    return {True: "equivalent", False: "not equivalent"}.get(row["equivalent"], "no verdict")  # type: ignore[call-overload, no-any-return]


def _by_code(remarks: Iterable[Remark], background: Background) -> Iterator[tuple[str, ...]]:
    for name, count in sorted(Counter(one.code for one in remarks).items()):
        yield name, str(count), prose(background.codes.get(name, ""))


def _by_owner(remarks: Iterable[Remark]) -> Iterator[tuple[str, ...]]:
    owners, here = load_owners(Path.cwd()), Path.cwd()
    counts = Counter((owners.of(one.path), one.code) for one in spelled_from(remarks, here))
    for (owner, name), count in sorted(counts.items()):
        yield prose(owner), name, str(count)


def _places(remarks: list[Remark]) -> Iterator[str]:
    yield from ("<details><summary>The places</summary>", "")
    for one in remarks[:_MOST]:
        place = code(f"{one.path}:{one.line}")
        yield f"- {place} {one.code} {prose(message_of(one, is_written=False))}"
    if (more := len(remarks) - _MOST) > 0:
        yield f"- … and {more} more"
    yield from ("", "</details>", "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
