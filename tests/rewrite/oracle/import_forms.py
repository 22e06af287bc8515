"""The forms in which a module imports a name of the library: the line, and the expression for the name."""

from __future__ import annotations

import json

from tests.rewrite.oracle.library import Name
from tests.rewrite.oracle.sketch import Module, Sketch

IMPORTS = (
    "from", "from", "from", "from as", "import", "import as", "from parent", "from parent as", "through parent",
    "from many", "from parentheses", "star", "local from", "local import", "typing", "relative", "relative parent",
    "two releases", "two releases else", "hasattr", "semicolon",
    "import_module", "getattr", "sys.modules", "resolve_name", "resolve colon", "own loader", "registry", "config json",
    "config yaml", "config toml", "config ini",
)  # fmt: skip
LOCALS = ("alias", "old", "Thing", "tools", "po", "helper", "Kept")
LOADED = frozenset(
    {"import_module", "getattr", "sys.modules", "resolve_name", "resolve colon", "own loader", "registry"}
    | {"config json", "config yaml", "config toml", "config ini"}
)
# Where the names that moved are in the second release.
NEW = {
    "Thing": ("acme.fresh", "Gadget"),
    "helper": ("acme.fresh", "helper"),
    "clean": ("acme.kit", "clean"),
    "Tool": ("acme.kit", "Tool"),
    "Client": ("newtop", "Client"),
    "squeeze": ("acme.form", "squeeze"),
}


def imported(sketch: Sketch, module: Module, name: Name, form: str) -> tuple[list[str], str, str]:
    """Return the lines of an import, the expression that is the name then, and the local name behind it."""
    home, last = name.home, name.home.rpartition(".")[2]
    parent = name.home.rpartition(".")[0]
    alias = sketch.choice(*LOCALS, f"alias{sketch.next()}")
    plain = [f"from {home} import {name.name}"], name.name, name.name
    match form:
        case "from as":
            found = [f"from {home} import {name.name} as {alias}"], alias, alias
        case "import" | "local import":
            found = [f"import {home}"], name.old, home.partition(".")[0]
        case "import as":
            found = [f"import {home} as {alias}"], f"{alias}.{name.name}", alias
        case "from parent" if parent:
            found = [f"from {parent} import {last}"], f"{last}.{name.name}", last
        case "from parent as" if parent:
            found = [f"from {parent} import {last} as {alias}"], f"{alias}.{name.name}", alias
        case "through parent" if parent:
            found = [f"import {home}", f"import {home.partition('.')[0]}"], name.old, home.partition(".")[0]
        case "from many":
            other = {"acme.old": "stays", "acme.tools": "clean", "acme": "press"}.get(home, name.name)
            names = sorted({name.name, other})
            for imported in names:
                module.bind(imported, f"{home}.{imported}")
            found = [f"from {home} import {', '.join(names)}"], name.name, name.name
        case "from parentheses":
            found = [f"from {home} import (\n    {name.name},  # why\n)"], name.name, name.name
        case "star":
            found = [f"from {home} import *"], name.name, name.name
        case "typing":
            lines = ["from typing import TYPE_CHECKING", f"if TYPE_CHECKING:\n    from {home} import {name.name}"]
            found = [*lines, f"import {home} as typed"], f"typed.{name.name}", "typed"
        case "relative" if sketch.is_inside:
            found = (
                [f"from {dots(module)}{home.removeprefix('acme').removeprefix('.')} import {name.name}"],
                name.name,
                name.name,
            )
            if not home.startswith("acme"):
                found = plain
        case "relative parent" if sketch.is_inside and home.startswith("acme.") and home.count(".") == 1:
            found = [f"from {dots(module)} import {last}"], f"{last}.{name.name}", last
        case "two releases" if name.name in NEW:
            new, other = NEW[name.name]
            new_import, old_import = f"from {new} import {other} as {name.name}", f"from {home} import {name.name}"
            text = f"try:\n    {new_import}\nexcept ImportError:\n    {old_import}"
            found = [text], name.name, name.name
        case "two releases else" if name.name in NEW:
            new, other = NEW[name.name]
            text = f"try:\n    import {new} as {alias}\nexcept ImportError:\n    import {home} as {alias}"
            found = [text], f'getattr({alias}, "{other}", None) or {alias}.{name.name}', alias
            if name.kind == "value" or other != name.name:
                found = plain
        case "hasattr" if name.name in NEW:
            new, other = NEW[name.name]
            new_import, old_import = f"from {new} import {other} as {name.name}", f"from {home} import {name.name}"
            text = f"import acme\n\nif hasattr(acme, 'form'):\n    {new_import}\nelse:\n    {old_import}"
            found = [text], name.name, name.name
            module.bind("acme", "acme")
        case "semicolon":
            found = [f"import os; from {home} import {name.name}"], name.name, name.name
        case "import_module":
            found = ["import importlib"], f'importlib.import_module("{home}").{name.name}', ""
        case "getattr":
            found = ["import importlib"], f'getattr(importlib.import_module("{home}"), "{name.name}")', ""
        case "sys.modules":
            found = ["import sys", f"import {home}"], f'sys.modules["{home}"].{name.name}', ""
        case "resolve_name":
            found = ["import pkgutil"], f'pkgutil.resolve_name("{name.old}")', ""
        case "resolve colon":
            found = ["import pkgutil"], f'pkgutil.resolve_name("{home}:{name.name}")', ""
        case "own loader":
            found = ["from loading import load"], f'load("{name.old}")', ""
        case "registry":
            module.body.append(f'REGISTRY{sketch.number} = {{"one": "{name.old}"}}')
            found = ["from loading import load"], f'load(REGISTRY{sketch.number}["one"])', ""
        case "config json" | "config yaml" | "config toml" | "config ini":
            found = config(sketch, name, form.partition(" ")[2])
        case _:
            found = plain
    lines, expression, local = found
    meaning = (
        home
        if local in (alias, last) and expression != local
        else home.partition(".")[0]
        if "." in expression
        else name.old
    )
    if expression.startswith("typed"):
        meaning = home
    if local and not form.startswith("local") and not module.bind(local, meaning):
        # The name stands for something else in this module.
        local = f"other{sketch.next()}"
        return [f"from {home} import {name.name} as {local}"], local, local
    return lines, expression, local


def dots(module: Module) -> str:
    """Return the dots that lead from a module up to the library's package."""
    return "." * (module.package.count(".") + 1)


def config(sketch: Sketch, name: Name, kind: str) -> tuple[list[str], str, str]:
    file = f"conf{sketch.next()}.{kind}"
    # What a mapping with such a key gives is judged with the arguments beside it.
    is_judged = name.home in ("acme", "acme.shape")
    key = "handler" if is_judged else sketch.choice("_target_", "handler", "class_path")
    head = ["from pathlib import Path", "from loading import load"]
    up = "Path(__import__('loading').__file__)"
    match kind:
        case "json":
            sketch.files[file] = json.dumps({"a": {key: name.old}}, indent=1) + "\n"
            return (
                [*head, "import json"],
                f'load(json.loads({up}.with_name("{file}").read_text())["a"]["{key}"])',
                "",
            )
        case "yaml":
            sketch.files[file] = f"a:\n  {key}: {name.old}\n"
            return (
                [*head, "import yaml"],
                f'load(yaml.safe_load({up}.with_name("{file}").read_text())["a"]["{key}"])',
                "",
            )
        case "toml":
            sketch.files[file] = f'[a]\n{key} = "{name.old}"\n'
            return (
                [*head, "import tomllib"],
                f'load(tomllib.loads({up}.with_name("{file}").read_text())["a"]["{key}"])',
                "",
            )
    sketch.files[file] = f"[a]\n{key} = {name.old}\n"
    lines = [*head, "import configparser"]
    module = f'(lambda parser: (parser.read({up}.with_name("{file}")), parser)[1])(configparser.ConfigParser())'
    return lines, f'load({module}["a"]["{key}"])', ""
