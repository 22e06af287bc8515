"""The forms in which a module uses a name of the library."""

from __future__ import annotations

from tests.rewrite.oracle.library import Name
from tests.rewrite.oracle.sketch import Module, Sketch

USES = (
    "plain", "plain", "constant", "default", "subclass", "holder", "isinstance", "annotation", "lambda", "f-string",
    "comprehension", "shadow", "eval", "globals", "doctest", "timeit", "attrgetter", "dict", "try", "nested", "global",
    "rebound", "with", "match", "walrus", "del", "aliases", "dataclass", "property", "generator", "context",
    "decorated", "ternary", "list", "closure", "global set", "vars", "getattr", "lambda default", "star args",
    "class method", "nested class", "exec", "submodule text",
)  # fmt: skip


def used(sketch: Sketch, module: Module, name: Name, number: int, lines: list[str], expression: str, local: str) -> str:
    asked = name.asked(f"({expression})" if " or " in expression else expression)
    form = sketch.choice(*USES)
    sketch.drawn.append(form)
    is_top = bool(local) and not lines
    plain = [*lines, f"return {asked}"]
    match form:
        case "constant" if not lines:
            module.body.append(f"VALUE{number} = {asked}")
            return module.get(number, f"return VALUE{number}")
        case "default" if not lines:
            module.body += [f"def made{number}(given={expression}):", f"    return {name.asked('given')}", ""]
            return module.get(number, f"return made{number}()")
        case "subclass" if not lines and name.kind == "class":
            module.body += [f"class Sub{number}({expression}):", "    pass", ""]
            return module.get(number, f"return {name.asked(f'Sub{number}')}")
        case "holder" if not lines:
            module.body += [
                f"class Holder{number}:",
                f"    kept = staticmethod({expression})" if name.kind == "function" else f"    kept = {expression}",
                "",
            ]
            return module.get(number, f"return {name.asked(f'Holder{number}.kept')}")
        case "isinstance" if name.kind == "class":
            return module.get(number, *lines, f"return isinstance({expression}(), {expression}), {asked}")
        case "annotation" if is_top and name.kind == "class" and " " not in expression:
            quote = sketch.choice("", '"')
            module.head.append("import typing") if "import typing" not in module.head else None
            module.body += [f"def noted{number}(given: {quote}{expression}{quote} = None):", "    return given", ""]
            return module.get(
                number, f"kind = typing.get_type_hints(noted{number})['given']", f"return {name.asked('kind')}"
            )
        case "lambda" if not lines:
            module.body.append(f"get{number} = lambda: {asked}")
            module.gets.append(f"get{number}")
            return f"get{number}"
        case "f-string" if "'" not in asked and '"' not in asked:
            return module.get(number, *lines, f'return f"<{{{asked}}}>"')
        case "comprehension":
            return module.get(number, *lines, f"return [{asked} for _ in range(2)]")
        case "shadow" if is_top:
            module.body += [f"def count{number}({local}):", f"    return len({local})", ""]
            return module.get(number, f"return {asked}, count{number}([1, 2])")
        case "eval" if is_top and '"' not in asked:
            return module.get(number, f'return eval("{asked}")')
        case "globals" if is_top and expression.startswith(local):
            return module.get(number, f"return {name.asked(f'globals()[{local!r}]' + expression[len(local) :])}")
        case "doctest" if is_top and '"' not in asked:
            shown = [f">>> {asked}", name.answer]
            return module.get(number, '"""Return what it is.', "", *shown, '"""', f"return {asked}")
        case "timeit" if is_top and '"' not in asked:
            if "import timeit" not in module.head:
                module.head.append("import timeit")
            return module.get(number, f'return timeit.timeit("{asked}", globals=globals(), number=1) >= 0, {asked}')
        case "attrgetter" if is_top and expression == f"{local}.{name.name}":
            if "import operator" not in module.head:
                module.head.append("import operator")
            return module.get(number, f"return {name.asked(f'operator.attrgetter({name.name!r})({local})')}")
        case "dict":
            return module.get(number, *lines, f'return {name.asked(f"""{{"k": {expression}}}["k"]""")}')
        case "try":
            return module.get(number, *lines, "try:", f"    return {asked}", "except ValueError:", "    return None")
        case "nested":
            return module.get(number, *lines, "def inner():", f"    return {asked}", "return inner()")
        case "global" if is_top and local == expression:
            return module.get(number, f"global {local}", f"return {asked}")
        case "rebound" if local == expression and local:
            return module.get(
                number, *(lines or [f"kept = {local}"]), f"other = {expression}", f"return {name.asked('other')}"
            )
        case "with":
            return module.get(
                number, *lines, "import contextlib", "with contextlib.suppress(ValueError):", f"    return {asked}"
            )
        case _ if (more := _more(module, name, number, lines, expression, form)) is not None:
            return more
        case "walrus":
            return module.get(number, *lines, f"return {name.asked(f'(taken := {expression})')}")
        case "match":
            return module.get(number, *lines, f"match {asked}:", "    case found:", "        return found")
        case "del" if lines and local == expression:
            return module.get(number, *lines, f"found = {asked}", f"del {local}", "return found")
    return module.get(number, *plain)


def _more(module: Module, name: Name, number: int, lines: list[str], expression: str, form: str) -> str | None:
    """Return the getter of a use that takes the name on its way through something else."""
    match form:
        case "aliases":
            return module.get(
                number, *lines, f"one = {expression}", "two = one", "three = two", f"return {name.asked('three')}"
            )
        case "dataclass" if not lines:
            for line in ("import dataclasses",):
                module.head.append(line) if line not in module.head else None
            field = f"dataclasses.field(default_factory=lambda: {expression})"
            module.body += ["@dataclasses.dataclass", f"class Data{number}:", f"    kept: object = {field}", ""]
            return module.get(number, f"return {name.asked(f'Data{number}().kept')}")
        case "property" if not lines:
            module.body += [
                f"class Owner{number}:",
                "    @property",
                "    def kept(self):",
                f"        return {expression}",
                "",
            ]
            return module.get(number, f"return {name.asked(f'Owner{number}().kept')}")
        case "generator":
            return module.get(
                number, *lines, "def each():", f"    yield {expression}", f"return [{name.asked('x')} for x in each()]"
            )
        case "context":
            made = ["@contextlib.contextmanager", "def opened():", f"    yield {expression}"]
            return module.get(
                number,
                *lines,
                "import contextlib",
                *made,
                "with opened() as found:",
                f"    return {name.asked('found')}",
            )
        case "decorated":
            wrapped = [
                "def deco(function):",
                "    @functools.wraps(function)",
                "    def inner():",
                "        return function()",
            ]
            return module.get(
                number, *lines, "import functools", *wrapped, "    return inner", "@deco", "def made():",
                f"    return {expression}", f"return {name.asked('made()')}",
            )  # fmt: skip
        case "ternary":
            return module.get(
                number, *lines, f"chosen = {expression} if {number} else None", f"return {name.asked('chosen')}"
            )
        case "list":
            return module.get(
                number, *lines, f"many = [{expression}, {expression}]", f"return {name.asked('many[-1]')}"
            )
        case "closure":
            return module.get(
                number, *lines, "def outer(kept):", "    def inner():", f"        return {name.asked('kept')}",
                "    return inner", f"return outer({expression})()",
            )  # fmt: skip
        case "global set" if not lines:
            module.body += [
                f"SET{number} = None",
                "",
                f"def set{number}():",
                f"    global SET{number}",
                f"    SET{number} = {expression}",
                "",
            ]
            return module.get(number, f"set{number}()", f"return {name.asked(f'SET{number}')}")
        case "vars" if (
            "." in expression
            and expression.rpartition(".")[2] == name.name
            and expression.replace(".", "").isidentifier()
        ):
            return module.get(
                number, *lines, f"return {name.asked(f'vars({expression.rpartition(chr(46))[0]})[{name.name!r}]')}"
            )
        case "getattr" if (
            "." in expression
            and expression.rpartition(".")[2] == name.name
            and expression.replace(".", "").isidentifier()
        ):
            return module.get(
                number, *lines, f"return {name.asked(f'getattr({expression.rpartition(chr(46))[0]}, {name.name!r})')}"
            )
        case "lambda default":
            return module.get(number, *lines, f"return (lambda kept={expression}: {name.asked('kept')})()")
        case "star args":
            return module.get(
                number,
                *lines,
                "def run(*given):",
                f"    return {name.asked('given[0]')}",
                f"return run(*[{expression}])",
            )
        case "class method" if not lines:
            kept = f"staticmethod({expression})" if name.kind == "function" else expression
            body = ["@classmethod", "def make(cls):", f"    return {name.asked('cls.kept')}"]
            module.body += [f"class Maker{number}:", f"    kept = {kept}", *(f"    {line}" for line in body), ""]
            return module.get(number, f"return Maker{number}.make()")
        case "nested class" if not lines:
            kept = f"staticmethod({expression})" if name.kind == "function" else expression
            module.body += [f"class Out{number}:", "    class In:", f"        kept = {kept}", ""]
            return module.get(number, f"return {name.asked(f'Out{number}.In.kept')}")
        case "exec" if not lines and '"' not in expression:
            return module.get(
                number,
                "names = dict(globals())",
                f'exec("found = {name.asked(expression)}", names)',
                "return names['found']",
            )
        case "submodule text" if name.home.count("."):
            return module.get(
                number,
                "import importlib",
                f'return {name.asked(f"""importlib.import_module("{name.home}").{name.name}""")}',
            )
    return None
