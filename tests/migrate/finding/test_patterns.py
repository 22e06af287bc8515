"""The patterns of `.gitignore` and of globs match as git matches them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compatkit.migrate.finding.patterns import _token, is_ignored, parse_ignore, path_regex

PART = st.text(alphabet="ab*?[]!^-\\. #", min_size=1, max_size=5)
LINE = st.builds(
    lambda bang, parts, slash: bang + "/".join(parts) + slash,
    st.sampled_from(["", "", "!", "/"]),
    st.lists(PART | st.sampled_from(["**", "*", "a", "b.py"]), min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)
NAMES = ("a", "b", "ab", "b.py", "a/a", "a/b", "a/b.py", "b/a/b.py", "ab/a-b", "a/a/a/b", "]", "^", "!a", "#a", "a b")


def ask_git(folder: Path, text: str, names: tuple[str, ...]) -> set[str]:
    """Return which of the files git lists as ignored by this `.gitignore`."""
    (folder / ".gitignore").write_text(text)
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(names).encode(),
        capture_output=True,
        check=False,
    )
    return {name.decode() for name in done.stdout.split(b"\0") if name}


def ask_us(text: str, names: tuple[str, ...]) -> set[str]:
    rules = parse_ignore(text)

    def is_out(name: str) -> bool:
        parts = name.split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        # A file below a folder that is ignored cannot be let in again.
        return any(is_ignored(one, rules, is_folder=True) for one in above) or bool(
            is_ignored(name, rules, is_folder=False)
        )

    return {name for name in names if is_out(name)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for name in NAMES:
        if not any(other.startswith(f"{name}/") for other in NAMES):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, min_size=1, max_size=4))
def test_a_gitignore_is_read_as_git_reads_it(repository: Path, lines: list[str]) -> None:
    names = tuple(name for name in NAMES if (repository / name).is_file())
    text = "\n".join(lines) + "\n"

    assert ask_us(text, names) == ask_git(repository, text, names)


@pytest.mark.parametrize("line", ["# a", "", "   ", "/", "!", "[a"])
def test_line_without_a_pattern_ignores_nothing(line: str) -> None:
    assert ask_us(line, ("a", "b/a", "# a", "[a")) == set()


@pytest.mark.parametrize(
    ("pattern", "path"), [("*.py", "a/b.py"), ("src/*.py", "src/a/b.py"), ("?.py", "/.py"), ("a**b", "a/b")]
)
def test_star_does_not_cross_folders(pattern: str, path: str) -> None:
    regex = path_regex(pattern)

    assert regex is not None
    assert not regex.fullmatch(path)


@pytest.mark.parametrize("path", ["src/a.py", "src/x/a.py", "src/x/y/a.py"])
def test_double_star_crosses_folders(path: str) -> None:
    regex = path_regex("src/**/*.py")

    assert regex is not None
    assert regex.fullmatch(path)


TOKENS = st.lists(st.sampled_from(["*", "*", "**/", "/", "a", "b", "?", "[ab]", "**", "a/"]), min_size=1, max_size=9)


@given(tokens=TOKENS, path=st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=5))
def test_what_matches_is_what_trying_every_way_finds(tokens: list[str], path: list[str]) -> None:
    pattern, name = "".join(tokens), "/".join(path)

    regex = path_regex(pattern)

    assert regex is not None
    assert bool(regex.fullmatch(name)) == every_way(pattern, name)


def every_way(pattern: str, name: str) -> bool:
    """Match by the definition: a star is nothing, or one more character and the star again."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        part, at = _token(pattern, at)
        assert part is not None
        parts.append(part)
    return re.fullmatch("".join(parts), name, re.DOTALL) is not None


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 250),
        ("**/a/" * 12 + "b", "a/" * 1500 + "a"),
        ("**/*a*a*a*a/" * 4 + "b", "aaaaaaaaaaa/" * 300),
    ],
)
def test_many_stars_are_answered(pattern: str, path: str) -> None:
    regex = path_regex(pattern)

    assert regex is not None
    assert not regex.fullmatch(path)


@pytest.mark.parametrize("pattern", ["[[:nope:]]", "a[[:nope:]b]"])
def test_a_class_of_characters_that_there_is_not_matches_nothing(pattern: str) -> None:
    assert not any(is_ignored(name, parse_ignore(pattern), is_folder=False) for name in NAMES)
