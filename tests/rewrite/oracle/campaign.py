"""Draw many projects, and print what does not hold and how often: `python -m tests.rewrite.oracle.campaign 1000`."""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.rewrite.oracle.judge import OPTIONS, Counts, Lie, Project, judge, run_before
from tests.rewrite.oracle.library import migration
from tests.rewrite.oracle.projects import projects


def main(number: int, seed: int = 0, keep: str = "", about: str = "names") -> None:
    counts = {name: Counts() for name in OPTIONS}
    lies: Counter[str] = Counter()
    kept: dict[str, tuple[str, Lie, Project]] = {}
    tried = [0, 0]
    migrations = [migration()]

    @seeded(seed)
    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(projects(about))
    def draw(project: Project) -> None:
        with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
            before = run_before(project, Path(folder))
        tried[1] += 1
        if before[0].failure:
            lies[f"(on v1: {before[0].failure.kind} {before[0].failure.message[:70]})"] += 1
            return
        tried[0] += 1
        seen = set()
        for name, options in OPTIONS.items():
            lie = judge(project, before, migrations, options, counts[name])
            if lie:
                what = lie.after.failure if lie.after else None
                said = re.sub(r" from '[^']*'|/tmp/\S*|\d+", "", what.message)[:70] if what else ""
                kind = f"{lie.kind}: {what.kind + ' ' + said if what else 'other output'}"
                if kind in seen:
                    # Already met under other options.
                    continue
                seen.add(kind)
                lies[kind] += 1
                size = sum(map(len, project.files.values()))
                if kind not in kept or size < sum(map(len, kept[kind][2].files.values())):
                    kept[kind] = (name, lie, project)

    draw()
    print(f"{tried[0]} projects ran on the first release, of {tried[1]}")
    for name, count in counts.items():
        print(
            f"{name:18} {count.runs} runs, {count.rewritten} files rewritten, {count.clean} without findings, "
            f"{count.findings} findings, {count.failing} failed where it was said"
        )
    for kind, times in lies.most_common():
        print(f"{times:5} {kind}")
    if keep:
        folder = Path(keep)
        folder.mkdir(parents=True, exist_ok=True)
        for index, (kind, (name, lie, project)) in enumerate(sorted(kept.items(), key=lambda line: -lies[line[0]])):
            parts = [f"# {lies[kind]} {name}: {kind}", " | ".join(project.drawn), str(lie)]
            parts += [
                f"=== {path}\n{text}"
                for path, text in project.files.items()
                if text != lie.files[path] or path not in ("loading.py", "mlflow.py")
            ]
            parts += [
                f"+++ {path}\n{lie.files[path]}" for path, text in project.files.items() if text != lie.files[path]
            ]
            (folder / f"{index:03}.txt").write_text("\n".join(parts))


if __name__ == "__main__":
    main(int(sys.argv[1]), int((sys.argv[2:] or ["0"])[0]), *sys.argv[3:])
