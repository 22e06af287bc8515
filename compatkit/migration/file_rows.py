"""Declare the rows for what is not Python: keys of configurations, options of commands; and the transform."""

from __future__ import annotations

import re

from compatkit.migration._entry import Entry
from compatkit.migration.changes import About, FlagChange, KeyChange, Transform
from compatkit.migration.column_kinds import CODE_COLUMN, PAIR, PATH, SAID, SAY, about
from compatkit.migration.columns import SYMBOL, TEXTS, Column, ColumnKind, Rule, Table, is_given
from compatkit.migration.errors import MigrationError


def _path(entry: Entry, key: str) -> str:
    return _checked_path(entry, key, entry.text(key))


def _paths(entry: Entry, key: str) -> tuple[str, ...]:
    if not (paths := entry.texts(key)):
        raise MigrationError.missing_key(key, where=entry.where)
    return tuple(_checked_path(entry, key, path) for path in paths)


def _checked_path(entry: Entry, key: str, path: str) -> str:
    parts = path.split(".")
    if not all(part and part == part.strip() for part in parts) or set(parts) == {"*"}:
        raise entry.wrong(
            key, path, "keys with dots between them, such as 'trainer.gpus'; a '*' stands for one of them"
        )
    return path


def _last_part(entry: Entry, key: str) -> str:
    if re.fullmatch(r"[\w-]+", name := entry.text(key)):
        return name
    raise entry.wrong(key, name, "a name of letters, digits, _ and -, without a path")


def _search_words(entry: Entry, key: str) -> tuple[str, ...]:
    if not (words := entry.texts(key)):
        raise MigrationError.missing_key(key, where=entry.where)
    if not all(word.strip() for word in words):
        raise entry.wrong(key, list(words), "words, one of which a file must contain to be handed to transform.py")
    return words


# As Hydra and OmegaConf take it, an option has no dashes, and a path of keys: `trainer.gpus`, `+trainer.gpus`.
_OPTION = re.compile(r"--?\w[\w.-]*|\+{0,2}\w+(?:\.[\w-]+)+")


def _flag(entry: Entry, key: str) -> str:
    return _checked_flag(entry, key, entry.text(key))


def _flags(entry: Entry, key: str) -> tuple[str, ...]:
    return tuple(_checked_flag(entry, key, flag) for flag in entry.texts(key))


def _checked_flag(entry: Entry, key: str, flag: str) -> str:
    if not _OPTION.fullmatch(flag):
        raise entry.wrong(key, flag, "an option as it is written in a command, such as --gpus")
    return flag


def _text_pairs(entry: Entry, key: str) -> tuple[tuple[str, str], ...]:
    for pair in (pairs := entry.rows(key)):
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
            raise entry.wrong(key, pair, "pairs of texts [v1, v2]")
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list))


# As with dotted names, a word in braces is filled in.
FLAG = ColumnKind(_flag, {"type": "string", "pattern": r"^((--?[\w{]|\{)[\w.{}-]*|\+{0,2}[\w{}]+(\.[\w{}-]+)+)$"})


def _check_key(key: KeyChange, entry: Entry) -> None:
    if (given := [bool(key.v2), bool(key.of), bool(key.say)]).count(True) != 1:
        raise MigrationError.no_change("`v2`", "`of`", "`say`", given=any(given), where=entry.where)
    if key.v1.endswith(".*") and not key.of:
        raise entry.wrong("v1", key.v1, "the name of a key in the end")
    if key.v2 == key.v1.rpartition(".")[2]:
        raise MigrationError.onto_itself(key.code, key.v1, where=entry.where)


def _check_flag(flag: FlagChange, entry: Entry) -> None:
    if bool(flag.v2 or flag.values) == bool(flag.say):
        raise MigrationError.no_change("`v2` or `values`", "`say`", given=bool(flag.say), where=entry.where)
    if not (flag.of or flag.beside):
        raise MigrationError.missing_key("of", where=entry.where)
    if flag.v1 == flag.v2:
        raise MigrationError.onto_itself(flag.code, flag.v1, where=entry.where)


KEYS = Table(
    KeyChange,
    CODE_COLUMN,
    Column(
        "v1",
        ColumnKind(_path, PATH),
        "The path of the key from the top of the file, with dots: trainer.gpus. A * stands for one part.",
    ),
    Column(
        "beside",
        ColumnKind(_paths, {"type": "array", "items": PATH, "minItems": 1}),
        "Paths, from the top as well, that a file must have too to be one of those that are meant.",
    ),
    Column(
        "v2",
        ColumnKind(_last_part, {"type": "string", "pattern": r"^[\w{}-]+$"}),
        "The key's new name, without a path; it stays where it is. Give one of `v2`, `of` and `say`.",
        "",
    ),
    Column("of", SYMBOL, "A callable: what lies under the key are its arguments, and changes as [[calls]] says.", ""),
    SAY,
    # What reads a configuration cannot be seen in it.
    about=about("review", ("review", "manual"), '"review", if left out: what reads a file cannot be seen in it.'),
    make_about=About,
    rules=(Rule(_check_key, {"oneOf": is_given({"v2": {}, "of": {}, "say": SAID})}),),
    repeats=True,
    example="""\
# A key of YAML, TOML and JSON files; paths count from the top of the file. `beside` tells your files from others.
[[keys]]
code = "{letters}501"
v1 = "{library}.queue_size"
v2 = "capacity"
beside = ["{library}.station"]
""",
)


FLAGS = Table(
    FlagChange,
    CODE_COLUMN,
    Column("v1", FLAG, "The option as it is written in a command: --gpus."),
    Column(
        "of",
        TEXTS,
        "Patterns of programs, scripts or modules, such as run_*.py, one of which the command must start. Give this,"
        " `beside`, or both.",
        (),
    ),
    Column(
        "beside",
        ColumnKind(_flags, {"type": "array", "items": FLAG.schema}),
        "Options that the command must have too.",
        (),
    ),
    Column("v2", FLAG, "Its new name. Give this or `values`, or both; or `say`.", ""),
    Column(
        "values",
        ColumnKind(_text_pairs, {"type": "array", "items": {**PAIR, "items": {"type": "string"}}}),
        'Pairs of what was given in v1 and what says the same: [["no", "never"]].',
        (),
    ),
    SAY,
    # Whose option it is cannot be seen in a command.
    about=about("review", ("review", "manual"), '"review", if left out: whose option it is cannot be seen for sure.'),
    make_about=About,
    rules=(
        Rule(
            _check_flag,
            {
                "oneOf": [{"anyOf": is_given({"v2": {}, "values": {"minItems": 1}})}, *is_given({"say": SAID})],
                "anyOf": is_given({"of": {"minItems": 1}, "beside": {"minItems": 1}}),
            },
        ),
    ),
    repeats=True,
    example="""\
# An option of command lines, in scripts, workflows, Dockerfiles and notebooks. `of` are programs or scripts, `beside`
# other options of theirs: one of both tells these commands from others.
[[flags]]
code = "{letters}551"
v1 = "--queue_size"
v2 = "--capacity"
of = ["{library}-station", "run_*.py"]
beside = ["--station"]
""",
)


TRANSFORM = Table(
    Transform,
    CODE_COLUMN,
    Column(
        "words",
        ColumnKind(_search_words, {"type": "array", "items": PATH, "minItems": 1}),
        "transform.py is given the files that contain one of these words, and no others.",
    ),
    # What is left to a person needs no code.
    about=about(
        "review",
        ("safe", "review"),
        '"review", if left out: made with --confidence review, else reported. "safe": by default.',
    ),
    make_about=About,
    example="""\
# What no table can say, transform.py beside this file does; see `pydoc compatkit.transform`.
[transform]
code = "{letters}701"
words = ["configure"]
confidence = "safe"
""",
)
