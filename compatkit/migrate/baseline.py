"""Let a gradual migration only advance: known places pass, new ones fail, fixed ones are counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from compatkit.errors import CompatkitError
from compatkit.migrate.report import Overview, Remark, Report, spell

SCHEMA = 1
Key = tuple[str, str, str]  # path from the baseline's folder, code, text of the line


class BaselineError(CompatkitError):
    """A baseline that cannot be used."""

    @classmethod
    def unreadable(cls, path: Path, reason: str) -> BaselineError:
        hint = "write it with --update-baseline"
        return cls(f"The baseline cannot be read: {reason}.", where=str(path), hint=hint)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known places, and how many of each: lines can move without becoming new."""

    path: Path
    known: Counter[Key]

    @property
    def folder(self) -> Path:
        return self.path.absolute().parent

    def key(self, remark: Remark) -> Key:
        return (spell(remark.path, self.folder), remark.code, remark.text)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline. Raises `BaselineError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise BaselineError.unreadable(path, f"schema is {document['schema']!r}, expected {SCHEMA}")
        known = Counter({_key(entry): _count(entry) for entry in document["known"]})
    except OSError as error:
        raise BaselineError.unreadable(path, error.strerror or "it is not there") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BaselineError.unreadable(path, f"{type(error).__name__}: {error}") from error
    return Baseline(path, known)


def set_against(overview: Overview, baseline: Baseline) -> tuple[Overview, Counter[Key]]:
    """Return the overview without what is known, and what is known but no longer there."""
    unmet = baseline.known.copy()
    new: list[Remark] = []
    for remark in overview.remarks:
        key = baseline.key(remark)
        if unmet[key] and not (remark.is_rewrite and overview.is_written):
            unmet[key] -= 1
        else:
            new.append(remark)
    known = len(overview.remarks) - len(new)
    seen = _seen(overview.report, baseline)
    fixed = Counter({key: count for key, count in unmet.items() if count and _is_in_scope(key, seen, baseline)})
    return replace(overview, remarks=tuple(new), known=known), fixed


def updated(overview: Overview, path: Path, *, old: Baseline | None) -> bytes:
    """Return the baseline that makes this run pass; what it says of files that were not looked at stays."""
    baseline = old or Baseline(path, Counter())
    seen = _seen(overview.report, baseline)
    kept = Counter({key: count for key, count in baseline.known.items() if not _is_in_scope(key, seen, baseline)})
    known = kept + Counter(baseline.key(remark) for remark in overview.left)
    entries = [
        {"path": path, "code": code, "text": text, "count": known[path, code, text]}
        for path, code, text in sorted(known)
    ]
    return (json.dumps({"compatkit": "baseline", "schema": SCHEMA, "known": entries}, indent=1) + "\n").encode()


def _seen(report: Report, baseline: Baseline) -> set[str]:
    failed = {result.name for result in report.failed}
    return {spell(result.name, baseline.folder) for result in report.results if result.name not in failed}


def _is_in_scope(key: Key, seen: set[str], baseline: Baseline) -> bool:
    return key[0] in seen or not (baseline.folder / key[0]).exists()


def _key(entry: dict[str, str]) -> Key:
    key = (entry["path"], entry["code"], entry["text"])
    if not all(isinstance(part, str) for part in key):
        raise TypeError(f"{entry!r} is not an entry")
    return key


def _count(entry: dict[str, int]) -> int:
    count = entry["count"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise TypeError(f"count is {count!r}")
    return count


def count_fixed(fixed: Iterable[int]) -> str:
    """Say how many known places are gone."""
    number = sum(fixed)
    return (
        f"{number} known {'place is' if number == 1 else 'places are'} fixed; run with --update-baseline to forget them"
    )
