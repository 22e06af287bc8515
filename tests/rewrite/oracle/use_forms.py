"""What a module does with a name of the library."""

from __future__ import annotations

from tests.rewrite.oracle.library import Name
from tests.rewrite.oracle.sketch import Module, Sketch

USES = (
    "plain", "plain", "constant", "default", "subclass", "holder", "isinstance", "annotation", "lambda", "f-string",
    "comprehension", "shadow", "eval", "globals", "doctest", "timeit", "attrgetter", "dict", "try", "nested", "global",
    "rebound", "with", "decorator", "match", "walrus", "del",
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
        case "walrus":
            return module.get(number, *lines, f"return {name.asked(f'(taken := {expression})')}")
        case "match":
            return module.get(number, *lines, f"match {asked}:", "    case found:", "        return found")
        case "del" if lines and local == expression:
            return module.get(number, *lines, f"found = {asked}", f"del {local}", "return found")
    return module.get(number, *plain)
