"""The pages: their links lead somewhere, their commands exist and run, and what is generated is up to date."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import click
import pytest
from jsonschema import Draft202012Validator

from compatkit.authoring.schema import settings_lines, settings_schema
from compatkit.cli import cli
from compatkit.equivalence.commands import declared_scenarios
from compatkit.errors import WrongUse
from compatkit.migrate.settings import load_settings
from compatkit.migration import MigrationError
from tests.cli.here import compatkit
from tests.shop.moves import plant

ROOT = Path(__file__).parents[1]
ROOMS = ("authoring", "equivalence", "migrate", "record", "shim", "training")
PAGES = [
    ROOT / "README.md",
    ROOT / "codemods" / "README.md",
    ROOT / "tests" / "benchmarks" / "README.md",
    ROOT / "compatkit" / "TUTORIAL.md",
    *(ROOT / "compatkit" / room / "README.md" for room in ROOMS),
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / ".github").glob("*.md")),
]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(compatkit [^`]*|python -m tests\.[^`]*|\.ci/[^`]*)`")
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s]+)\)")


def prose_of(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def anchors_of(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def commands_of(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of each `compatkit` in a shell block of a page."""
    for kind, text in _FENCE.findall(page.read_text()):
        for line in text.splitlines() if kind == "sh" else ():
            words = shlex.split(line, comments=True)
            if words and words[0] == "compatkit":
                yield words[1 : words.index("<")] if "<" in words else words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    for link in _LINK.findall(prose_of(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def require_command(arguments: list[str], *, is_whole: bool) -> None:
    """Fail unless a command has the options that it is given; one in a sentence may leave its arguments away."""
    group: click.Command = cli
    words = [word for word in arguments if word not in ("&", ";")]
    context = click.Context(cli)
    while isinstance(group, click.Group) and (is_whole or words):
        found = group.get_command(context, words.pop(0))
        assert found is not None, arguments
        group = found
    group.make_context(group.name, words, resilient_parsing=not is_whole)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_has_the_options_that_it_is_given(page: Path) -> None:
    for arguments in commands_of(page):
        require_command(arguments, is_whole=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_sentence_is_there(page: Path) -> None:
    for text in _INLINE.findall(prose_of(page)):
        program, *words = shlex.split(text)
        if program == "compatkit":
            known = [word for word in words if word != "…" and not word.isupper()]
            require_command(known[1:] if known[0] == "help" else known, is_whole=False)
        elif program == "python":
            assert find_spec(words[1]), text
        else:
            assert (ROOT / program).is_file(), text


def test_pages_are_shipped_and_listed(tmp_path: Path) -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    topics = compatkit("docs").stdout.split()

    for room in ROOMS:
        assert "README.md" in data[f"compatkit.{room}"]
    assert "README.md" in data["compatkit.codemods"]
    assert "TUTORIAL.md" in data["compatkit"]
    assert {"authoring", "migrate", "migrations", "record", "settings", "shim", "train", "tutorial", "verify"} <= set(
        topics
    )


@pytest.mark.parametrize(
    "topic", ["authoring", "migrate", "migrations", "record", "shim", "train", "tutorial", "verify"]
)
def test_docs_shows_the_page(topic: str) -> None:
    done = compatkit("docs", topic)

    assert done.stdout.startswith("# ")
    assert done.returncode == 0


def test_a_topic_that_is_none_is_wrong_use_and_names_the_nearest() -> None:
    done = compatkit("docs", "migate")

    assert done.returncode == 64
    assert "did you mean 'migrate'?" in done.stderr


@pytest.mark.parametrize("topic", ["nothing", "?"])
def test_a_topic_that_is_like_none_is_answered_with_all_of_them(topic: str) -> None:
    done = compatkit("docs", topic)

    assert done.returncode == 64
    assert "did you mean" not in done.stderr
    assert "the pages are: authoring, migrate, migrations, " in done.stderr


def test_settings_reference_of_the_page_is_that_of_the_code() -> None:
    text = (ROOT / "compatkit" / "migrate" / "README.md").read_text()
    shown = text.partition("<!-- settings: written by `compatkit docs settings` -->")[2].partition("<!-- end")[0]

    assert shown.strip().splitlines() == list(settings_lines())


@pytest.mark.parametrize(
    "text",
    [
        "modernize = true",
        "exclude = ['a']\nper-file-ignores = { 'b/' = ['CK1'] }",
        "jobs = 0",
        "renam = true",
        "homes = { a = '' }",
        "homes = { a = 'b' }\nproducers = { 'a.f' = false }",
        "select = 'CK1'",
        "migrations = [1]",
        "presets = { fast = 1 }",
    ],
)
def test_schema_of_the_settings_takes_what_the_settings_take(tmp_path: Path, text: str) -> None:
    plant(tmp_path, {"pyproject.toml": f"[tool.compatkit]\n{text}\n"})
    try:
        load_settings(tmp_path)
        is_taken = True
    except WrongUse:
        is_taken = False

    assert Draft202012Validator(settings_schema()).is_valid(tomllib.loads(text)) == is_taken


@pytest.mark.parametrize(
    "text",
    [
        "exact = true\nseeds = 3",
        "exakt = true",
        "seeds = 0",
        "timeout = 0",
        "confidence = 0.4",
        "env = { A = 1 }",
        "scenarios = [{ name = 'a', base = 'main', command = 'python a.py' }]",
        "scenarios = [{ name = 'a', before = ['python', 'a.py'], after = 'python b.py', jobs = 2 }]",
        "scenarios = [{ base = 'main', command = 'python a.py' }]",
        "scenarios = [{ name = 'a', command = 'python a.py' }]",
        "scenarios = [{ name = 'a', base = 'main', command = [] }]",
        "scenarios = [{ name = 'a', base = 'main', command = 'a', bse = 'b' }]",
    ],
)
def test_schema_of_verify_takes_what_verify_takes(tmp_path: Path, text: str) -> None:
    plant(tmp_path, {"pyproject.toml": f"[tool.compatkit.verify]\n{text}\n"})
    try:
        declared_scenarios(tmp_path / "pyproject.toml")
        is_taken = True
    except MigrationError:
        is_taken = False

    assert Draft202012Validator(settings_schema()).is_valid({"verify": tomllib.loads(text)}) == is_taken


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 1250


def test_five_minutes_of_the_readme_run_in_a_project(tmp_path: Path) -> None:
    source = dedent("""\
        import torch


        def train():
            with torch.cuda.amp.autocast(False):
                pass
        """)
    plant(tmp_path, {"job.py": source, "scripts/train.py": "import sys\nprint('trained', *sys.argv[1:])\n"})

    statuses = {}
    for arguments in commands_of(ROOT / "README.md"):
        command = arguments[0]
        if command in ("init", "doctor", "migrate", "status", "run"):
            answer = ["--yes"] if command == "init" else []
            program = [sys.executable, "-m", "compatkit", *arguments, *answer]
            done = subprocess.run(program, cwd=tmp_path, capture_output=True, check=False)
            statuses[" ".join(arguments[:2])] = done.returncode

    assert statuses == {
        "init": 0,
        "doctor": 0,
        "migrate --diff": 1,
        "migrate": 0,
        "status": 0,
        "run scripts/train.py": 0,
    }
    assert 'torch.amp.autocast("cuda", enabled=False)' in (tmp_path / "job.py").read_text()


def test_migration_of_the_readme_is_one(tmp_path: Path) -> None:
    (text,) = (text for kind, text in _FENCE.findall((ROOT / "README.md").read_text()) if "[[moves]]" in text)
    plant(tmp_path, {"migration.toml": text})

    assert compatkit("migrations", "check", "migration.toml", cwd=tmp_path).returncode == 0
