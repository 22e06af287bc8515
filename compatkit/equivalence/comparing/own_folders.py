"""Equate the folders in which `verify` itself put each side: its checkout and its store.

A script that logs them (`os.getcwd()`, `mlflow.get_tracking_uri()`) is not the cause of the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compatkit.equivalence.difference import Difference, Kind, excerpts
from compatkit.equivalence.snapshot import File, Snapshot

_WHY = "a folder in which compatkit ran or kept it"


def with_folders_of(
    before: Snapshot, after: Snapshot, moved: Sequence[tuple[str, str]]
) -> tuple[Snapshot, list[Difference]]:
    """Return `after` with the folders of `before` in place of its own, and each text that is the same but for these.

    `moved` are the folders of both sides, in pairs. A text in which `before` does not name its own folder stays: there
    the path is one that was chosen.
    """
    folders = _Folders(tuple((old, new) for old, new in moved if old != new), [])
    return (folders.run(before, after) if folders.moved else after), folders.found


@dataclass(frozen=True, slots=True)
class _Folders:
    moved: tuple[tuple[str, str], ...]
    found: list[Difference]
    child: str = ""

    def run(self, before: Snapshot, after: Snapshot) -> Snapshot:
        models = {
            name: replace(
                model,
                details=self.texts(Kind.MODEL_DETAIL, before.models[name].details, model.details, f"{name}: "),
                files=self.files(Kind.MODEL_FILE, before.models[name].files, model.files, f"{name}: "),
            )
            for name, model in after.models.items()
            if name in before.models
        }
        children = {}
        for name in before.children.keys() & after.children.keys():
            below = replace(self, child=f"{self.child} / {name}" if self.child else name)
            children[name] = below.run(before.children[name], after.children[name])
        return replace(
            after,
            params=self.texts(Kind.PARAM_VALUE, before.params, after.params),
            tags=self.texts(Kind.TAG_VALUE, before.tags, after.tags),
            artifacts=self.files(Kind.ARTIFACT_CONTENT, before.artifacts, after.artifacts),
            models={**after.models, **models},
            children={**after.children, **children},
        )

    def texts(self, kind: Kind, left: Mapping[str, str], right: Mapping[str, str], of: str = "") -> dict[str, str]:
        changed = dict(right)
        for name, text in self.changed(left, right):
            changed[name] = text
            self.note(kind, f"{of}{name}", left[name], right[name], text)
        return changed

    def files(self, kind: Kind, left: Mapping[str, File], right: Mapping[str, File], of: str = "") -> dict[str, File]:
        changed = dict(right)
        for name in left.keys() & right.keys():
            one, other = left[name].content, right[name].content
            if one and other and (texts := dict(self.changed(one.values, other.values))):
                # Another digest, lest the file be taken for one that was not read.
                content = replace(other, values={**other.values, **texts})
                changed[name] = replace(right[name], digest="", content=content)
                at, text = next(iter(texts.items()))
                self.note(kind, f"{of}{name}", one.values[at], other.values[at], text, hint=f"first at {at}")
        return changed

    def changed(self, left: Mapping[str, str], right: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name in sorted(left.keys() & right.keys()):
            text = right[name]
            for old, new in self.moved:
                if text != left[name] and new in text and old in left[name]:
                    text = text.replace(new, old)
            if text != right[name]:
                yield name, text

    def note(self, kind: Kind, name: str, left: str, right: str, now: str, hint: str = "") -> None:
        if now == left:
            texts = excerpts(left, right)
            self.found.append(Difference(kind, name, *texts, rule="", hint=hint, child=self.child, known=_WHY))
