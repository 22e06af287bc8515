"""Measure how far apart things stand in the product's source: the files of one rule, repeated names, late imports.

    python -m tests.benchmarks.house
    python -m tests.benchmarks.house --repository ../other-checkout
    python -m tests.benchmarks.house --all

The closure of a rule is every module of `compatkit/rewrite/` that its imports lead to, those inside functions and for
types included. A name that a package hands on counts as imported from the module that defines it. `--all` names each
repeated name, late import, constructor and docstring; without it only the figures are printed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from statistics import median

import click

PACKAGE = "compatkit"
REWRITE = f"{PACKAGE}.rewrite"
RULES = f"{REWRITE}.rules"
QUESTIONS = ("What", "Which", "Where", "How", "Whether")
_QUESTION = rf"({'|'.join(QUESTIONS)})\b"
# Their modules hold the options, so that the help of one imports nothing else.
COMMANDS = f"{PACKAGE}.cli."
Import = ast.Import | ast.ImportFrom
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One file of the product."""

    def __init__(self, root: Path, path: Path) -> None:
        parts = path.relative_to(root).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.lines = len(self.text.splitlines())
        self.tree = ast.parse(self.text)
        self.nodes = list(ast.walk(self.tree))

    @property
    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """Each module with a name that is imported from it, or with nothing where it is imported whole."""
        found = [(alias.name, "") for node in self.nodes if isinstance(node, ast.Import) for alias in node.names]
        froms = [node for node in self.nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
        return [*found, *((node.module or "", alias.name) for node in froms for alias in node.names)]

    @cached_property
    def late_imports(self) -> list[Import]:
        inside = {id(node) for function in self.functions for node in ast.walk(function)}
        return [node for node in self.nodes if isinstance(node, Import) and id(node) in inside]

    @property
    def unexplained_imports(self) -> list[Import]:
        """List late imports without a comment before them, but for libraries of an extra, and those of commands."""
        is_command = self.name.startswith(COMMANDS) and not self.path.name.startswith("_")
        return [] if is_command else [node for node in self.late_imports if not self._is_explained(node)]

    def _is_explained(self, node: Import) -> bool:
        top = ((node.module if isinstance(node, ast.ImportFrom) else None) or node.names[0].name).partition(".")[0]
        above = (line.strip() for line in reversed(self.text.splitlines()[: node.lineno - 1]))
        first = next(line for line in above if line and not line.startswith(("from ", "import ")))
        return first.startswith("#") or not (top == PACKAGE or top in sys.stdlib_module_names)

    @property
    def public_names(self) -> list[str]:
        defined = [node.name for node in self.tree.body if isinstance(node, Function | ast.ClassDef)]
        return [name for name in defined if not name.startswith("_")]

    @property
    def constructors(self) -> Iterator[tuple[str, str]]:
        """Yield the class methods of error classes, which make an error for one situation."""
        for owner in self.nodes:
            if isinstance(owner, ast.ClassDef) and owner.name.endswith("Error"):
                for item in owner.body:
                    if isinstance(item, Function) and any(ast.unparse(d) == "classmethod" for d in item.decorator_list):
                        yield owner.name, item.name

    @property
    def questions(self) -> list[str]:
        """Name each docstring, of the module or inside it, that begins as a question would."""
        documented = [self.tree, *(node for node in self.nodes if isinstance(node, Function | ast.ClassDef))]
        asking = [node for node in documented if re.match(_QUESTION, ast.get_docstring(node) or "")]
        return [f"{self.name}:{getattr(node, 'name', '')}".rstrip(":") for node in asking]


class House:
    """All modules of the product, and the ways between them."""

    def __init__(self, repository: Path) -> None:
        files = sorted((repository / PACKAGE).rglob("*.py"))
        self.modules = {module.name: module for module in (Module(repository, path) for path in files)}

    def closure(self, name: str) -> set[str]:
        """Return the modules of `rewrite/` that one leads to, itself included."""
        seen, waiting = {name}, [name]
        while waiting:
            for target in self._targets(waiting.pop()):
                if target.startswith(f"{REWRITE}.") and target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    def rules(self) -> dict[str, int]:
        """Return how many modules each module of `rules/` leads to."""
        named = [name for name, module in self.modules.items() if name.startswith(f"{RULES}.") and module.tree.body[1:]]
        return {name.removeprefix(f"{RULES}."): len(self.closure(name)) for name in named}

    def _targets(self, name: str) -> Iterator[str]:
        for module, imported in self.modules[name].imports:
            if (target := self._home(module, imported)) is not None:
                yield target

    def _home(self, module: str, name: str) -> str | None:
        """Return the module that defines a name, through packages that hand it on."""
        if f"{module}.{name}" in self.modules:
            return f"{module}.{name}"
        if module not in self.modules:
            return None
        given = self.modules[module]
        onward = [home for home, handed in given.imports if handed == name] if given.is_package else []
        return (self._home(onward[0], name) if onward else None) or module

    def repeated(self, names: Iterator[str]) -> dict[str, int]:
        return {name: count for name, count in sorted(Counter(names).items()) if count > 1}

    def basenames(self) -> dict[str, int]:
        own = (module.path.name for module in self.modules.values())
        return self.repeated(name for name in own if name not in ("__init__.py", "__main__.py"))

    def public_names(self) -> dict[str, int]:
        return self.repeated(name for module in self.modules.values() for name in set(module.public_names))

    def constructors(self) -> dict[str, int]:
        """Return every constructor of an error, with how often it is used."""
        reads = Counter(
            node.attr for module in self.modules.values() for node in module.nodes if isinstance(node, ast.Attribute)
        )
        made = [constructor for module in self.modules.values() for constructor in module.constructors]
        return {f"{owner}.{name}": reads[name] for owner, name in made}

    def wide_functions(self) -> list[str]:
        """Return the functions of rules that take more than three parameters, `self` apart."""
        rules = [module for name, module in self.modules.items() if name.startswith(RULES)]
        return [f"{m.name}:{f.name}" for m in rules for f in m.functions if _parameters(f) > 3]


def _parameters(function: Function) -> int:
    args = function.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def figures(house: House) -> Iterator[tuple[str, str]]:
    """Yield the rows of the table."""
    modules = list(house.modules.values())
    lines, functions = [m.lines for m in modules], [_length(f) for m in modules for f in m.functions]
    rules, made = house.rules(), house.constructors()
    late = [m for m in modules if m.late_imports]
    yield "product lines / modules", f"{sum(lines):,} / {len(modules)}"
    yield "module lines, median / max", f"{median(lines):g} / {max(lines)}"
    yield "modules under 40 lines", str(sum(line < 40 for line in lines))
    yield "function lines, median / max", f"{median(functions):g} / {max(functions)}"
    yield "files of one rule, median / max", f"{median(rules.values()):g} / {max(rules.values())}"
    yield "modules of rules with over 20 files", str(sum(count > 20 for count in rules.values()))
    yield "functions of rules with over 3 parameters", str(len(house.wide_functions()))
    yield "one basename in several folders", str(len(house.basenames()))
    yield "one public name in several modules", str(len(house.public_names()))
    yield "imports inside functions / in modules", f"{sum(len(m.late_imports) for m in late)} / {len(late)}"
    yield "of these without a word", str(sum(len(m.unexplained_imports) for m in modules))
    yield "error constructors / used once", f"{len(made)} / {sum(count <= 1 for count in made.values())}"
    yield f"docstrings that begin with {'/'.join(QUESTIONS)}", str(sum(len(m.questions) for m in modules))


def details(house: House) -> Iterator[tuple[str, list[str]]]:
    modules = house.modules.values()
    yield "basenames", [f"{name} {count}" for name, count in house.basenames().items()]
    yield "public names", [f"{name} {count}" for name, count in house.public_names().items()]
    yield "late imports", [f"{m.name} {len(m.late_imports)}" for m in modules if m.late_imports]
    yield "late imports without a word", [f"{m.name}:{n.lineno}" for m in modules for n in m.unexplained_imports]
    yield "constructors used once", [name for name, count in house.constructors().items() if count <= 1]
    yield "wide functions", house.wide_functions()
    yield "docstrings", [name for m in modules for name in m.questions]


@click.command(help=__doc__)
@click.option("--repository", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--all", "is_all", is_flag=True, help="Name everything that is counted.")
def main(*, repository: Path, is_all: bool) -> None:
    house = House(repository)
    for what, figure in figures(house):
        print(f"| {what} | {figure} |")
    print()
    for rule, count in sorted(house.rules().items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:4} {rule}")
    for title, names in details(house) if is_all else ():
        print(f"\n{title}:", *names, sep="\n  ")


if __name__ == "__main__":
    main()
