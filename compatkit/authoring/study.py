"""What the loader asks of a table, found out by letting it read: the JSON Schema cannot drift from what is read here.

A `Described` takes the place of each `Entry`. It answers every question with something that fits, and notes the
question. Where an answer decides what is asked next (a choice, whether a key is there), all answers are tried in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from compatkit.authoring.alternative import Alternative, Path, is_there
from compatkit.authoring.described import Questions
from compatkit.migration import MigrationError
from compatkit.migration._entry import Entry

# Why a key is there that need not be.
_NAMED, _GUESSED = 1, 2


@dataclass(slots=True)
class _Subject:
    """A table under study: the answers of the present run, those that are still to be tried, and what was found."""

    answers: dict[str, int] = field(default_factory=dict)
    pending: list[dict[str, int]] = field(default_factory=lambda: [{}])
    first_accepted: dict[str, int] | None = None
    accepted: list[Alternative] = field(default_factory=list)
    now: Alternative = field(default_factory=Alternative)
    asked: list[tuple[str, int]] = field(default_factory=list)
    optional: set[str] = field(default_factory=set)
    was_met: bool = False
    around: dict[Path, dict[str, int]] = field(default_factory=dict)


class Study:
    """Runs a reader over questions until every table was read in every way in which it can be."""

    def __init__(self, read: Callable[[Entry], object]) -> None:
        self._read = read
        self._subjects: dict[Path, _Subject] = {}
        self._given = 0

    def run(self) -> Mapping[Path, Sequence[Alternative]]:
        """Return the alternatives of each table, by its path."""
        self.subject(())
        # The table that was met last is inside of the others, which cannot be read before it is.
        while waiting := [path for path, subject in self._subjects.items() if subject.pending]:
            self._try(waiting[-1])
        return {path: subject.accepted for path, subject in self._subjects.items()}

    def subject(self, path: Path) -> _Subject:
        return self._subjects.setdefault(path, _Subject())

    def new_number(self) -> int:
        """Return a number that no other entry has."""
        self._given += 1
        return self._given

    def new_name(self) -> str:
        """Return a dotted name that no other entry has."""
        number = self.new_number()
        return f"module{number}.name{number}"

    def decide(self, path: Path, question: str, answers: int) -> int:
        """Return which of the `answers` to a question is tried now."""
        subject = self._subjects[path]
        if question not in {asked for asked, _ in subject.asked}:
            subject.asked.append((question, answers))
        return subject.answers.setdefault(question, 0)

    def _try(self, path: Path) -> None:
        target = self._subjects[path]
        given = target.pending.pop()
        for other, subject in self._subjects.items():
            # What lies around the table is read as it was when the table was met.
            is_around = path[: len(other)] == other
            subject.answers = dict(target.around.get(other, {}) if is_around else subject.first_accepted or {})
        target.answers, target.was_met = dict(given), False
        known = set(self._subjects)
        blamed, error = self._run()
        around = {each: dict(subject.answers) for each, subject in self._subjects.items()}
        for each in self._subjects.keys() - known:
            self._subjects[each].around = around
        is_inside = blamed != path and blamed[: len(path)] == path
        if error is not None and (is_inside or not target.was_met):
            # Another table was in the way: it is studied first.
            assert self._subjects[blamed].pending, error
            target.pending.append(given)
            return
        if error is not None and blamed == path:
            self._require_key(target, given, error)
        else:
            target.first_accepted = target.first_accepted or dict(target.answers)
            target.accepted.append(target.now)
        self._branch(target, given)

    def _require_key(self, target: _Subject, given: dict[str, int], error: MigrationError) -> None:
        """Where the loader misses a key that need not be there in general, try again with it."""
        named = target.optional.intersection(error.key_path[:1])
        # Where the error does not say which key it is: each by itself, and one only.
        has_guessed = _GUESSED in (given.get(is_there(key)) for key in target.optional)
        guesses = [] if named or has_guessed else target.optional
        for keys, answer in ((named, _NAMED), (guesses, _GUESSED)):
            for key in sorted(keys):
                if not given.get(is_there(key)):
                    target.pending.append({**given, is_there(key): answer})

    def _run(self) -> tuple[Path, MigrationError | None]:
        """Read once; return the table that was refused, and why."""
        try:
            self._read(Entry(Questions(self, ()), ""))
        except MigrationError as error:
            return self._blamed(error), error
        return (), None

    def _blamed(self, error: MigrationError) -> Path:
        """Return the table that an error is about: the one that it names, or what hangs on the key that it names."""
        place, *inside = error.where.split(", ")
        path = tuple(place.split("/")[1:])
        key = inside[0].split(".")[0] if inside else next(iter(error.key_path), "")
        return (*path, key) if (*path, key) in self._subjects else path

    def _branch(self, target: _Subject, given: dict[str, int]) -> None:
        """Put what was not asked for before, with each other answer, on the list."""
        tried = dict(given)
        for question, answers in target.asked:
            if question not in given:
                target.pending += [{**tried, question: other} for other in range(1, answers)]
                tried[question] = 0
