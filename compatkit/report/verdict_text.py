"""Verdicts on runs, on many runs, on matrices and on commands, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compatkit.equivalence.commands import Comparison, Result
from compatkit.equivalence.difference import Difference
from compatkit.equivalence.matrix import Cell, Matrix
from compatkit.equivalence.statistics.evidence import Decision, Evidence, SampleVerdict
from compatkit.equivalence.verdict import HOW_TO_READ, NO_VERDICT, Verdict, parted
from compatkit.migration import Allowance
from compatkit.report.explain_text import explanation_lines
from compatkit.report.migrate_text import printable


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """Yield the verdict first, then what decided it, what is allowed and why, and what was compared."""
    yield headline(verdict.word)
    yield f"  compared: {compared_words(verdict)}"
    yield from unread_lines(verdict.unread)
    yield from _deciding(verdict)
    yield from _stale(verdict.stale)
    for word, entries in zip(("allowed", "settled"), parted(verdict.allowed), strict=True):
        reasons: dict[str, list[str]] = {}
        for entry in entries:
            reasons.setdefault(entry.by.why, []).append(allowed_words(entry.difference))
        for why, names in reasons.items():
            yield printable(f"  {word}, {why}: {', '.join(names)}")
    for difference in verdict.noise:
        yield printable(f"  noise, in two runs of before: {difference}")
    for note in verdict.notes:
        yield printable(f"  note: {note}")


def allowed_words(difference: Difference) -> str:
    """Name a difference that does not decide; one that no entry of a policy allows is shown with its values."""
    named = f"{difference.kind.value} {difference.name}"
    if not difference.known:
        return named
    where = f" in child run {difference.child}" if difference.child else ""
    return f"{named}{where} ({difference.before.strip()} | {difference.after.strip()})"


def policy_line(policy: str) -> list[str]:
    """Name what decides, before the verdict that it leads to."""
    return [printable(f"policy: {policy}")] if policy else []


def headline(word: str, why: str = "") -> str:
    """Return the line of a report that says what it came to. Where there is no verdict, it does not look like one."""
    if word != NO_VERDICT:
        return f"Verdict: {word}"
    return f"No verdict: {why or 'not all that the runs logged could be read'}"


def unread_lines(unread: Sequence[str]) -> Iterator[str]:
    """Say what could not be looked at, and what to do about it."""
    yield from (printable(f"  not read: {what}") for what in unread)
    if unread:
        yield f"  hint: {HOW_TO_READ}"


def matrix_lines(matrix: Matrix) -> Iterator[str]:
    """Yield a table, rows orchestrators and columns trainers, then every cell that is not equivalent."""
    yield str(matrix.scenario)
    trainers = list(dict.fromkeys(cell.trainer for cell in matrix.cells))
    orchestrators = list(dict.fromkeys(cell.orchestrator for cell in matrix.cells))
    words = {
        (cell.orchestrator, cell.trainer): cell_word(cell, is_first=cell is matrix.cells[0]) for cell in matrix.cells
    }
    rows = [["", *trainers], *([name, *(words[name, trainer] for trainer in trainers)] for name in orchestrators)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    for cell in matrix.cells:
        yield from _details(cell)
    for reason in matrix.left_out:
        yield f"  left out, {reason}"
    yield from _stale(matrix.stale)


def matrices_lines(matrices: Sequence[Matrix]) -> Iterator[str]:
    """Yield every matrix, and the verdict over all of them last."""
    for matrix in matrices:
        yield from [*matrix_lines(matrix), ""]
    failed = sum(matrix.has_failures for matrix in matrices)
    why = f"{failed} of {len(matrices)} scenarios failed" if failed else "nothing was compared"
    yield headline(matrices_word(matrices), why)


def matrices_word(matrices: Sequence[Matrix]) -> str:
    """Say what all matrices came to. What failed, or was not run, is no difference."""
    if matrices and all(matrix.is_equivalent for matrix in matrices):
        return "equivalent"
    return "not equivalent" if any(matrix.has_differences for matrix in matrices) else NO_VERDICT


def _details(cell: Cell) -> Iterator[str]:
    title = f"{cell.trainer} on {cell.orchestrator}"
    if cell.failure:
        head, *rest = cell.failure.split("\n")
        yield f"  {title} failed: {head}"
        yield from (f"    {line}" for line in rest)
    elif cell.verdict is not None and cell.verdict.is_open:
        yield from (f"  {title}, not read: {what}" for what in cell.verdict.unread)
    elif cell.verdict is not None and not cell.verdict.is_equivalent:
        yield f"  {title} is different:"
        yield from ("  " + line for line in _deciding(cell.verdict))


def cell_word(cell: Cell, *, is_first: bool) -> str:
    """Say what became of a cell in a word; the first one of a matrix is the baseline."""
    if cell.failure:
        return "failed"
    if cell.verdict is None:
        return "baseline" if is_first else "not compared"
    return "equivalent" if cell.verdict.is_equivalent else NO_VERDICT if cell.verdict.is_open else "different"


def _deciding(verdict: Verdict) -> Iterator[str]:
    for difference in verdict.deciding:
        yield printable(f"  {difference}")


def _stale(stale: Sequence[Allowance]) -> Iterator[str]:
    for entry in stale:
        yield printable(f"  {stale_line(entry)}")


def stale_line(entry: Allowance) -> str:
    """Say which entry of the policy matches nothing, and what to do about it."""
    expiry = f", until {entry.until}" if entry.until else ""
    return (
        f"an allowance that allowed nothing: {entry.kind} {entry.name} ({entry.why}{expiry}): "
        "remove it, or mark it `optional = true`"
    )


def compared_words(verdict: Verdict) -> str:
    """Say how much was compared."""
    counts = ((count, what if count > 1 else what.removesuffix("s")) for what, count in verdict.compared.items())
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing"


def samples_lines(verdict: SampleVerdict) -> Iterator[str]:
    """Yield the verdict first, then each metric, the open and the different ones before the equivalent."""
    yield headline(samples_word(verdict))
    yield f"  compared: {len(verdict.before)} runs before with {len(verdict.after)} after"
    levels = f"equivalent where every metric is at {1 - verdict.confidence:.3g}, different at {verdict.level:.3g}"
    yield f"  confidence: {verdict.confidence:g}; {levels}"
    order = {Decision.DIFFERENT: 0, Decision.UNDECIDED: 1, Decision.EQUIVALENT: 2}
    for evidence in sorted(verdict.evidence, key=lambda one: order[one.decision]):
        yield f"  {evidence_line(evidence)}"
    for difference in verdict.deciding:
        yield f"  {difference}"
    for entry in verdict.stale:
        yield f"  {stale_line(entry)}"
    yield from unread_lines(verdict.unread)
    for note in verdict.notes:
        yield f"  note: {note}"


def samples_word(verdict: SampleVerdict) -> str:
    """Say which of the three verdicts it is, and how many seeds would decide where that is known."""
    if verdict.is_open:
        return NO_VERDICT
    word = verdict.decision.value
    if verdict.decision is Decision.UNDECIDED and verdict.seeds is not None:
        return f"{word}: {verdict.seeds} seeds a side would decide"
    return f"{word}, but the policy is stale" if verdict.is_equivalent and verdict.stale else word


def evidence_line(evidence: Evidence) -> str:
    """Say of one metric what was decided, from which numbers, and why."""
    parts = [f"{evidence.decision.value}: {evidence.value} {evidence.name}"]
    if evidence.difference is not None:
        parts.append(f"means {evidence.before.mean:.6g} and {evidence.after.mean:.6g}, {evidence.difference:+.3g}")
    if evidence.interval is not None:
        parts.append(f"interval {evidence.interval[0]:+.3g} to {evidence.interval[1]:+.3g}")
    if evidence.margin:
        parts.append(f"margin {evidence.margin}")
    return ", ".join([*parts, evidence.reason])


def results_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line a comparison, what decided it, and the verdict over all scenarios last."""
    for result in results:
        yield from _result(result)
        yield ""
    yield headline(verdict_word(results), _why_open(results))


def verdict_word(results: Sequence[Result]) -> str:
    """Say what a list of results came to. What failed, could not be read or was not run is no difference."""
    if results and all(result.is_equivalent for result in results):
        return "equivalent"
    return "not equivalent" if any(result.has_differences for result in results) else NO_VERDICT


def _why_open(results: Sequence[Result]) -> str:
    failed = [result.scenario for result in results if result.failure]
    if not results or len(failed) == len(results):
        return "nothing was compared"
    return f"{', '.join(failed)} failed" if failed else ""


def title(comparison: Comparison) -> str:
    """Name a comparison by its sides, and say in words what it came to."""
    return f"{comparison.before} and {comparison.after}: {comparison_word(comparison)}"


def comparison_word(comparison: Comparison) -> str:
    """Say what a comparison came to; of several seeds, it may also be that they are too few."""
    if comparison.is_equivalent:
        return "equivalent"
    words = {_word(run.verdict) for run in comparison.runs if not run.is_equivalent}
    is_whole = not (comparison.missing or comparison.extra)
    return words.pop() if is_whole and len(words) == 1 else "different"


def explanations_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield where runs part, for the forms that have no room for it; each line is ended."""
    for result in results:
        for comparison in result.comparisons:
            for run in comparison.runs:
                if run.explanation:
                    yield f"{result.scenario}, {run.run}:\n"
                    yield from (f"  {line}\n" for line in explanation_lines(run.explanation))


def _word(verdict: Verdict | SampleVerdict) -> str:
    if verdict.is_open:
        return NO_VERDICT
    return verdict.decision.value if isinstance(verdict, SampleVerdict) else "different"


def _result(result: Result) -> Iterator[str]:
    yield result.scenario
    yield from (f"  {line}" for line in policy_line(result.policy))
    if result.failure:
        head, *rest = result.failure.split("\n")
        yield f"  failed: {head}"
        yield from (f"  {line}" for line in rest)
    for comparison in result.comparisons:
        yield f"  {title(comparison)}"
        yield from (f"    {line}" for line in _comparison(comparison))
    for entry in result.stale:
        yield f"  {stale_line(entry)}"
    for note in result.notes:
        yield f"  note: {note}"


def _comparison(comparison: Comparison) -> Iterator[str]:
    for run in comparison.missing:
        yield f"run missing: {run}, which only {comparison.before} logged"
    for run in comparison.extra:
        yield f"run extra: {run}, which only {comparison.after} logged"
    for verdict in comparison.runs:
        yield verdict.run
        found = verdict.verdict
        lines = samples_lines(found) if isinstance(found, SampleVerdict) else verdict_lines(found)
        yield from (f"  {line}" for line in lines)
        if verdict.explanation:
            yield from (f"  {line}" for line in explanation_lines(verdict.explanation))
    for note in comparison.notes:
        yield f"note: {note}"
