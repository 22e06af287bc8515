"""Files that start programs also name code: they are read as text, and old names in them are reported."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from compatkit.migrate import plan_tree
from compatkit.migration import parse_migration
from compatkit.options import Options
from tests.shop import HEAD
from tests.shop.moves import plant

MOVED = parse_migration(
    HEAD
    + """
[[moves]]
code = "TT101"
old = "pkg.old"
new = "pkg.new"
kind = "module"

[[moves]]
code = "TT102"
old = "oldtop"
new = "newtop"
kind = "module"
"""
)
NAMING = {
    ".env": "TARGET=pkg.old\n",
    ".env.local": "TARGET=pkg.old\n",
    ".github/workflows/ci.yml": "jobs: {a: {steps: [{run: python -m pkg.old}]}}\n",
    ".gitlab/run.sh": "python -m oldtop\n",
    "Dockerfile": 'CMD ["python", "-m", "oldtop"]\n',
    "docker/Dockerfile.gpu": 'CMD ["python", "-m", "pkg.old"]\n',
    "gpu.dockerfile": "RUN python -m oldtop.setup\n",
    "Makefile": "run:\n\tpython -m pkg.old\n",
    "Procfile": "web: gunicorn pkg.old:app\n",
    "deploy/supervisord.conf": "[program:x]\ncommand=python -m pkg.old\n",
    "fast.pyx": "from pkg.old import thing\n",
    "bin/train": "#!/bin/sh\nexec python -m pkg.old\n",
    "slurm/train.sbatch": "srun python -m pkg.old\n",
    "configs/net.gin": "import pkg.old\n",
    "run.sh": "exec python -m pkg.old --all\n",
    "templates/job.yaml.j2": "command: [python, -m, pkg.old]\n",
    "unit.service": "ExecStart=/usr/bin/python3 -m pkg.old\n",
}
OTHERS = {
    "run.sh": dedent("""\
        python -m pkg.older
        python -m mypkg.old
        echo the oldtop
        """),
    "Makefile": "oldtop:\n\techo old\n",
    ".cache/run.sh": "python -m pkg.old\n",
    ".mypy_cache/a.json": '["pkg.old"]',
    "mlruns/0/abc/params/module": "pkg.old",
    "mlruns/0/abc/meta.yaml": "run_name: pkg.old\n",
    "mlartifacts/1/a.json": '{"_target_": "pkg.old"}',
    "notes.txt": "pkg.old is where things were, and pkg.old.\n",
    "data/labels.txt": "pkg.old\n",
    "tables/README.md": "Tables.\n",
    "tables/names.csv": "name,pkg.old\n",
    "NOTES": "pkg.old\n",
    "Dockerfile.d/notes": "python -m pkg.old\n",
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plugins.txt", "pkg.old.thing\n"),
        ("models.csv", "name,cls\na,pkg.old:Thing\n"),
        ("models.tsv", "a\tpkg.old\n"),
        ("quoted.CSV", '"a"; "pkg.old"\r\n'),
        ("commented.txt", "pkg.old  # the old one\n"),
        ("named.txt", "thing pkg.old.Thing\n"),
        ("rows.jsonl", '{"cls": "pkg.old.Thing"}\n'),
        ("conf.xml", '<model class="pkg.old.Thing"/>\n'),
        ("app.properties", "module=pkg.old\n"),
    ],
)
def test_a_line_or_field_of_a_list_beside_code_is_reported(name: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, {name: text, "main.py": ""})

    report = plan_tree([tmp_path], [MOVED], Options(confidence="review"), jobs=1)

    assert (report.rewritten, report.failed) == ((), ())
    assert [path.name for path, _ in report.findings] == [name]


@pytest.mark.parametrize("name", NAMING)
@pytest.mark.parametrize("options", [Options(), Options(confidence="review")])
def test_is_reported_and_never_rewritten(name: str, options: Options, tmp_path: Path) -> None:
    plant(tmp_path, {name: NAMING[name]})

    report = plan_tree([tmp_path], [MOVED], options, jobs=1)

    assert report.rewritten == ()
    assert report.failed == ()
    assert [path.relative_to(tmp_path).as_posix() for path, _ in report.findings] == [name]


def test_what_names_nothing_or_is_data_is_passed_over(tmp_path: Path) -> None:
    plant(tmp_path, dict(OTHERS))

    report = plan_tree([tmp_path], [MOVED], Options(confidence="review"), jobs=1)

    assert (report.rewritten, report.findings, report.failed) == ((), (), ())
