"""The package that `compatkit migrations new` starts a migration with: it installs, and its test passes at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path

from compatkit.authoring import AuthoringError
from compatkit.authoring.schema import json_schema
from compatkit.errors import WrongUse
from compatkit.migration import ENTRY_POINT_GROUP
from compatkit.migration.rows import ROOT

SCHEMA_FILE = "migration.schema.json"
ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{package_name}"
version = "0.1.0"
description = "The migration {id} for compatkit."
readme = "README.md"
requires-python = ">=3.11"

# compatkit finds the migration by this line, and runs none of the package's code.
[project.entry-points."{group}"]
{id} = "{package}"

[tool.setuptools.packages.find]
where = ["src"]
include = ["{package}"]

[tool.setuptools.package-data]
{package} = ["migration.toml", "examples/**/*"]
"""

_README = """\
# {id}

A migration for compatkit. After `pip install .`:

```sh
compatkit migrate --migration {id} src/        # rewrite
compatkit run --migration {id} your_script.py  # or keep running, unchanged
```

To work on it:

```sh
compatkit migrations check .   # what is wrong, line by line
compatkit migrations test .    # every example: rewritten as shown, and it runs alike
compatkit migrations docs .    # the page for your users
```

`NAME.before.txt` and `NAME.after.txt` are a pair, `NAME.unchanged.txt` must stay as it is; what is only reported is an
example of that, too. `examples/review`, `modernize` and `rename` hold what is made with that option. An example that
begins with `# runnable` is run on `examples/v1`, with the shim on `examples/v2`, and rewritten on `examples/v2`.
"""

_TOML = """\
#:schema {schema}
# Editors that know TOML complete and check this file by the schema above; compatkit migrations schema writes it anew.
schema = 1
id = "{id}"
summary = "Say in a sentence what moves, from where to where."
versions = {{ v1 = "1", v2 = "2" }}

# A class or function that has a new home, a new name, or both.
[[moves]]
code = "{letters}101"
old = "{library}.old_home.Thing"
new = "{library}.new_home.Thing2"
"""

# Comments of a new file, before the examples of all that a table of it can say.
_HEAD = """
# What else there is, an example of each: take the comment signs away. The schema says what every key means;
# `confidence = "review"` in a row has it made on request only, and `why`, `since`, `remove`, `link` are for your users.
# A name that the library hands on in two places is two names: list both.
"""

_BEFORE = """\
# runnable
from {library}.old_home import Thing

thing = Thing("a name")
print(thing.name)
"""

_TEST = '''\
"""The migration does to its examples what they show."""

import subprocess
import sys
from pathlib import Path


def test_examples():
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "compatkit", "migrations", "test", str(root)]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
'''

_CLASS = '''\
"""A stand-in for {version} of the library: put here what the examples need, or delete examples/v1 and examples/v2."""


class {name}:
    def __init__(self, name):
        self.name = name
'''


def write_skeleton(migration_id: str, parent: Path, library: str = "") -> list[Path]:
    """Write a new package for `migration_id` into `parent`, and return its files.

    `library` is the package that users import, by default what the id begins with. Raises `WrongUse` for an id or a
    package that cannot be one, and `AuthoringError` for a folder that is there already.
    """
    if not ID.fullmatch(migration_id):
        hint = "take small letters, digits and single hyphens, such as acme-v2"
        raise WrongUse(f"{migration_id!r} cannot be the id of a migration.", where="ID", hint=hint)
    library = library or migration_id.partition("-")[0]
    if not all(part.isidentifier() and not iskeyword(part) for part in library.split(".")):
        what = f"{library!r} is not a package that Python imports."
        raise WrongUse(what, where="--package", hint="give it as in an import: sklearn, google.cloud.storage")
    root = parent / migration_id
    if root.exists():
        hint = "take another id, or another folder"
        raise AuthoringError(f"{str(root)!r} is there already.", where="--in", hint=hint)
    written = []
    for name, text in sorted(_files(migration_id, library).items()):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def commented_rows() -> str:
    """Return an example of each kind of table, commented out; {letters} and {library} are to be filled in."""
    tables = (column.kind.inner() for column in ROOT.columns if column.kind.inner)
    return _HEAD + "".join(f"\n{_commented(table.example)}" for table in tables if table.example)


def _commented(example: str) -> str:
    """Put a comment sign before what is no comment yet."""
    lines = (line if not line or line.startswith("#") else f"# {line}" for line in example.splitlines())
    return "".join(f"{line}\n" for line in lines)


def _files(migration_id: str, library: str) -> Mapping[str, str]:
    package = f"{migration_id.replace('-', '_')}_migration"
    folder = library.replace(".", "/")
    # Without its own file, a package would be that of the library that is installed.
    parents = [folder[: found.start()] for found in re.finditer(r"/|$", folder)]
    names = {
        "id": migration_id,
        "package": package,
        "package_name": f"{migration_id}-migration",
        "group": ENTRY_POINT_GROUP,
        "library": library,
        "letters": re.sub(r"[^A-Z]", "", library.partition(".")[0].upper()).ljust(2, "X"),
        "schema": f"../../{SCHEMA_FILE}",
    }
    before = _BEFORE.format(**names)
    inside = f"src/{package}"
    return {
        "pyproject.toml": _PYPROJECT.format(**names),
        "README.md": _README.format(**names),
        SCHEMA_FILE: f"{json.dumps(json_schema(), indent=2)}\n",
        "tests/test_migration.py": _TEST,
        f"{inside}/__init__.py": f'"""The migration {migration_id}: see migration.toml. There is no code."""\n',
        f"{inside}/migration.toml": (_TOML + commented_rows()).format(**names),
        f"{inside}/examples/import.before.txt": before,
        f"{inside}/examples/import.after.txt": before.replace(
            "old_home import Thing", "new_home import Thing2 as Thing"
        ),
        f"{inside}/examples/other_name.unchanged.txt": f"from {library}.old_home import Thingy\n",
        **{f"{inside}/examples/{version}/{part}/__init__.py": "" for version in ("v1", "v2") for part in parents},
        f"{inside}/examples/v1/{folder}/old_home.py": _CLASS.format(version="v1", name="Thing"),
        f"{inside}/examples/v2/{folder}/new_home.py": _CLASS.format(version="v2", name="Thing2"),
    }
