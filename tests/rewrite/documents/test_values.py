"""Configurations: whole values are changed on request; keys, texts, comments and formatting are not."""

from __future__ import annotations

import json
import sys
import tomllib
from configparser import RawConfigParser
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Move
from compatkit.options import Options
from compatkit.rewrite import Failed, Rewritten, Unchanged
from tests.shop.documents import NEW, OLD, changed, findings, result_of, run
from tests.shop.moves import MOVES

UNTOUCHED = [
    (".json", f'{{"experiment": "{OLD}"}}'),
    (".json", f'["{OLD}"]'),
    (".toml", f'metric = "{OLD}"\n'),
    (".yaml", f"run_name: {OLD}\n"),
    (".yaml", f"loggers: {{x: {{class: {OLD}}}}}\n"),
    (".yaml", f"class: {OLD}\n"),
    (".ini", f"[logger_x]\nqualname = {OLD}\nhandlers = x\n"),
    (".ini", f"[handler_x]\nclass = StreamHandler\nname = {OLD}\n"),
    (".json", f'{{"{OLD}": 1}}'),
    (".json", f'["see {OLD}"]'),
    (".json", f'["{OLD} "]'),
    (".json", '["shop.core.old_home"]'),
    (".json", '["shop.core.old_home\\u002eOld"]'),
    (".json", f'["{OLD}", "{NEW}"]'),
    (".toml", f'"{OLD}" = 1\n'),
    (".toml", f'["{OLD}"]\nx = 1\n'),
    (".toml", f'[[a."{OLD}"]]\nx = 1\n'),
    (".toml", f'a = {{ "{OLD}" = 1 }}\n'),
    (".toml", f'# x = "{OLD}"\n'),
    (".toml", f'x = "see {OLD}"\n'),
    (".toml", f'x = """{OLD}"""\n'),
    (".toml", 'x = "shop.core.old_home"\n'),
    (".toml", f"a = '{OLD}'\nb = '{NEW}'\n"),
    (".yaml", f"{OLD}: 1\n"),
    (".yaml", f"? {OLD}\n: 1\n"),
    (".yaml", f"x: see {OLD}\n"),
    (".yaml", f"x: |\n  {OLD}\n"),
    (".yaml", f"# x: {OLD}\n"),
    (".yaml", 'x: "shop.core.old_home\\u002eOld"\ny: shop.core.old_home\n'),
    (".yaml", f"x: [{OLD}, {NEW}]\n"),
    (".yaml", f"{{{{- if .Values.x }}}}\nx: {OLD}\n{{{{- end }}}}\n"),
    (".ini", f"[a]\n{OLD} = 1\n"),
    (".ini", f"[{OLD}]\nx = 1\n"),
    (".ini", f"[a]\nx = see {OLD}\n"),
    (".ini", f"[a]\nx = {OLD}, b\n"),
    (".ini", f"[a]\nx = {OLD}  # why\n"),
    (".ini", f"# x = {OLD}\n[a]\n; {OLD}\n"),
    (".cfg", f"x = {OLD}\n"),
]


@pytest.mark.parametrize(("suffix", "source"), UNTOUCHED)
def test_is_reported_and_not_changed(suffix: str, source: str) -> None:
    assert changed(source, suffix) == source
    assert findings(source, suffix)


@pytest.mark.parametrize("suffix", [".json", ".toml", ".yaml", ".ini", ".cfg", ".ipynb", ".md", ".rst", ".other"])
@pytest.mark.parametrize("source", ["", "{{{", "myshop.core.old_home.Old", "shop.core.old_home_more [", "Old old_home"])
def test_what_names_no_old_code_is_not_even_parsed(suffix: str, source: str) -> None:
    assert run(source, suffix) == Unchanged()


@pytest.mark.parametrize(
    ("suffix", "source"),
    [
        (".json", '{"class_path": ["%s"], "b" : {"_target_":"%s"}}'),
        (".json", '\ufeff{\r\n\t"_target_":\t"%s" }\r\n\r\n'),
        (".json", '{"scripts": ["%s", 1e400, -0.0, NaN, "\\u00e9é\\/"]}'),
        (
            ".toml",
            dedent(
                """\
                _target_ = "%s"  # %%s
                scripts='%s'
                [a]
                c = {_target_ = "%s", e = "f"}
                """
            ),
        ),
        (
            ".toml",
            dedent(
                """\
                scripts = [
                  "%s", # c
                  [{a = "%s"}, "%s"],
                ]
                """
            ),
        ),
        (".toml", '[project.scripts]\r\nrun = "%s"\r\n'),
        (
            ".yaml",
            dedent("""\
                _target_: %s  # c
                scripts:
                - '%s'
                - "%s"
                ---
                _target_: !tag &a %s
                ...
                """),
        ),
        (".yaml", "scripts: {_target_: %s, x: [%s], y: {z: 1}, w: %s}\n"),
        (".yaml", "é: ü\r\n_target_:   %s\r\n"),
        (
            ".yaml",
            dedent("""\
                ? _target_
                : %s
                ? [b]
                : - ? _target_
                    : %s
                """),
        ),
        (".ini", "[scripts]\nx = %s\ny: %s  \nz=%s\nl =\n    %s\n    n = %s\n\n    m=%s\n"),
        (
            ".ini",
            dedent(
                """\
                [handler_x]
                class = %s
                [formatter_y]
                class=%s
                """
            ),
        ),
        (".yaml", "handlers: {x: {class: %s}}\nfilters: {y: {(): %s}}\n"),
        (".toml", '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "%s"\n'),
        (
            ".cfg",
            dedent(
                """\
                [options.entry_points]
                console_scripts =
                  run = %s
                  # c
                  go=%s
                """
            ),
        ),
    ],
)
def test_whole_values_are_changed_and_nothing_else(suffix: str, source: str) -> None:
    before, after = source.replace("%%s", OLD).replace("%s", OLD), source.replace("%%s", OLD).replace("%s", NEW)

    assert changed(before, suffix) == after


@pytest.mark.parametrize(
    ("suffix", "source"),
    [
        (".toml", '[project.scripts]\nrun = "shop.core.%s.run"\n'),
        (
            ".toml",
            dedent(
                """\
                [project.entry-points."a.b"]
                run = "shop.core.%s"
                other = "shop.core.new_home:New"
                """
            ),
        ),
        (
            ".cfg",
            dedent(
                """\
                [options.entry_points]
                a.b =
                  run = shop.core.%s [extra]
                """
            ),
        ),
        (".yaml", "a: {_target_: shop.core.%s.make}\n"),
        (".json", '{"a": "shop.core.%s"}'),
    ],
)
def test_entry_points_are_changed_behind_the_colon(suffix: str, source: str) -> None:
    assert changed(source % "old_home:Old", suffix) == source % "new_home:New"


@pytest.mark.parametrize("suffix", [".json", ".toml", ".yaml", ".ini"])
def test_value_is_only_reported_by_default(suffix: str) -> None:
    source = {".json": '"%s"', ".toml": 'x = "%s"', ".yaml": "x: %s", ".ini": "[a]\nx = %s"}[suffix] % OLD

    assert changed(source, suffix, Options()) == source
    assert [(one.confidence, NEW in one.message) for one in findings(source, suffix, Options())] == [("review", True)]


@pytest.mark.parametrize(
    ("suffix", "source", "line"),
    [
        (".json", f'["{OLD}",\n= ]', 2),
        (".ipynb", f'{{"cells": "{OLD}"', 1),
        (".toml", f'x = "{OLD}"\ny = = 1\n', 2),
        (".yaml", f"x: [{OLD}\ny: }}\n", 2),
        (".json", "<<<<<<< HEAD\n" + f'"{OLD}"', 1),
        (".json", "[" * 100_000 + f'"{OLD}"', 0),
        (".toml", f"x = '{OLD}'\ny = " + "[" * 100_000, 0),
    ],
)
def test_broken_document_fails_with_its_place(suffix: str, source: str, line: int) -> None:
    outcome = run(source, suffix)

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.line) == ("CK901", line)


def test_yaml_is_reported_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    assert changed(f"x: {OLD}\n", ".yaml") == f"x: {OLD}\n"
    assert [(one.line, one.column) for one in findings(f"x: {OLD}\n", ".yaml")] == [(1, 4)]


def test_line_with_the_mark_is_left_alone() -> None:
    source = f'_target_ = "{OLD}"  # compatkit: ignore[CK101]\nscripts = "{OLD}"\n'

    assert changed(source, ".toml") == source[::-1].replace(OLD[::-1], NEW[::-1], 1)[::-1]
    assert findings(source, ".toml") == ()


def test_code_that_is_not_selected_is_neither_changed_nor_reported() -> None:
    options = Options(confidence="review", ignore=frozenset({"CK101"}))

    assert run(f"x: {OLD}\ny: shop.core.old_home\n", ".yaml", options, MOVES[:1]) == Unchanged()


def test_edit_names_its_place() -> None:
    outcome = run(f"é: 1\nx: ü\n_target_: '{OLD}'\n", ".yaml")

    assert isinstance(outcome, Rewritten)
    assert [(one.code, one.line, one.column, one.added_lines) for one in outcome.edits] == [("CK101", 3, 12, 0)]


def test_manual_move_is_only_reported() -> None:
    moves = (Move("CK101", "a.b.C", "a.c.C", "manual", "ask first"),)
    outcome = run("x: a.b.C\n", ".yaml", moves=moves)

    assert isinstance(outcome, Unchanged)
    assert "ask first" in outcome.findings[0].message


def test_bytes_that_are_no_utf8_are_kept() -> None:
    source = f"; J\xf6rg\r\n[scripts]\r\nx = {OLD}\r\ny = \xe9\r\n".encode("latin-1")

    assert result_of(source, ".ini") == source.replace(OLD.encode(), NEW.encode())


TEXTS = st.sampled_from([OLD, NEW, "shop.core.old_home", f"{OLD}.x", f"see {OLD}", "é", "", "a:b", "# x", "1", "null"])
# Below the second, values are loaded.
KEYS = st.sampled_from(["a", "_target_", OLD, NEW, "é", ""])
TREES = st.recursive(
    TEXTS | st.integers(-9, 9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
TABLES = st.dictionaries(KEYS.filter(bool), TREES, max_size=4)


def moved(value: object, is_loaded: bool = False) -> object:
    """Return a document with the whole values moved that are loaded."""
    match value:
        case dict():
            return {key: moved(item, is_loaded or key == "_target_") for key, item in value.items()}
        case list():
            return [moved(item, is_loaded) for item in value]
        case str() if is_loaded and (value == OLD or value == f"{OLD}.x"):
            return NEW + value[len(OLD) :]
    return value


def strings(value: object) -> list[str]:
    match value:
        case dict():
            return [text for key, item in value.items() for text in [key, *strings(item)]]
        case list():
            return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@given(TREES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_loads_as_the_same_with_the_values_moved(tree: object, indent: int | str | None, ascii_only: bool) -> None:
    source = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)

    result = json.loads(changed(source, ".json"))
    assert result == moved(tree)
    assert [*strings(result)] == [
        new if NEW in (new, new.removesuffix(".x")) else old
        for old, new in zip(strings(tree), strings(result), strict=True)
    ]


@given(TREES, st.booleans(), st.sampled_from([None, "'", '"']))
def test_yaml_loads_as_the_same_with_the_values_moved(tree: object, flow: bool, style: str | None) -> None:
    source = yaml.safe_dump(tree, default_flow_style=flow, default_style=style, allow_unicode=True, width=1000)

    result = yaml.safe_load(changed(source, ".yaml"))
    assert result == moved(tree)
    assert len(strings(result)) == len(strings(tree))


def toml_of(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {toml_of(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + " , ".join(toml_of(item) for item in value) + "]"
    return json.dumps(value)


@given(TABLES, st.sampled_from(["", "[t]\n", "[[t.'a.b']] # '\n"]))
def test_toml_loads_as_the_same_with_the_values_moved(table: dict[str, object], head: str) -> None:
    source = head + "".join(f"{json.dumps(key)} = {toml_of(item)} # '\"\n" for key, item in table.items())

    result, before = tomllib.loads(changed(source, ".toml")), tomllib.loads(source)
    assert result == moved(before)
    assert len(strings(result)) == len(strings(before))


@given(st.lists(TEXTS.filter(bool), max_size=4))
def test_ini_loads_as_the_same_with_the_values_moved(values: list[str]) -> None:
    source = "[scripts]\n" + "".join(f"k{number} = {value}\n" for number, value in enumerate(values))
    before, after = RawConfigParser(), RawConfigParser()
    before.read_string(source)
    after.read_string(changed(source, ".ini"))

    assert dict(after["scripts"]) == moved(dict(before["scripts"]), is_loaded=True)
