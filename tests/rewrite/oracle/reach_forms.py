"""The forms in which others reach a module's names: another file by an import, or a test by a patch."""

from __future__ import annotations

from tests.rewrite.oracle.library import Name
from tests.rewrite.oracle.sketch import Module, Sketch

REACHES = (
    "", "", "from name", "from name", "module attribute", "star", "from package", "chain",
    "patch", "patch", "patch.object", "patch f-string", "patch library", "patch member", "setattr", "patch multiple",
    "patch decorator", "patch getattr", "relative", "relative module", "facade try", "facade alias", "lazy facade",
    "subclass elsewhere", "function elsewhere", "monkeypatch", "importlib", "given elsewhere", "table elsewhere",
)  # fmt: skip
# Another file takes it.
TAKEN = frozenset(
    {"from name", "module attribute", "star", "from package", "chain", "relative", "relative module", "facade try"}
    | {"facade alias", "lazy facade", "subclass elsewhere", "function elsewhere", "importlib", "given elsewhere"}
    | {"table elsewhere"}
)


def reached(sketch: Sketch, module: Module, name: Name, number: int, getter: str, expression: str, local: str) -> None:
    """Let another file reach what this module binds, by an import or by a patch of a test."""
    form = sketch.choice(*REACHES)
    sketch.drawn.append(form)
    is_bound = local in module.bound
    behind = expression[len(local) :] if is_bound and expression.startswith(local) else None
    fake = '**{"return_value.name": "fake", "made.return_value": "fake", "return_value.size": "fake"}'
    if name.kind == "function":
        fake = 'return_value="fake"'
    elif name.kind == "value":
        fake = "new=1000"
    called = f"print({module.name}.{getter}())"
    match form:
        case _ if form in TAKEN and behind is not None:
            _taken(sketch, module, name, number, form, local, behind)
        case "monkeypatch" if is_bound and behind == "":
            lines = [f'patch.setattr("{module.name}.{local}", mock.Mock(return_value="fake"))', called]
            add_test(sketch, number, module, "with pytest.MonkeyPatch.context() as patch:", *lines)
            sketch.test.head.append("import pytest") if "import pytest" not in sketch.test.head else None
        case "patch" if is_bound and behind == "":
            add_test(sketch, number, module, f'with mock.patch("{module.name}.{local}", {fake}):', called)
        case "patch" if is_bound and behind is not None:
            add_test(sketch, number, module, f'with mock.patch("{module.name}.{local}{behind}", {fake}):', called)
        case "patch.object" if is_bound and behind == "":
            add_test(sketch, number, module, f'with mock.patch.object({module.name}, "{local}", {fake}):', called)
        case "patch.object" if is_bound and behind is not None:
            of, _, last = f"{module.name}.{local}{behind}".rpartition(".")
            add_test(sketch, number, module, f'with mock.patch.object({of}, "{last}", {fake}):', called)
        case "patch f-string" if is_bound and behind is not None:
            add_test(
                sketch,
                number,
                module,
                f'with mock.patch(f"{{{module.name}.__name__}}.{local}{behind}", {fake}):',
                called,
            )
        case "patch library":
            add_test(sketch, number, module, f'with mock.patch("{name.old}", {fake}):', called)
        case "patch decorator":
            add_test(sketch, number, module, called, decorator=f'@mock.patch("{name.old}", {fake})')
        case "patch getattr":
            if "import importlib" not in sketch.test.head:
                sketch.test.head.append("import importlib")
            add_test(
                sketch,
                number,
                module,
                f'with mock.patch.object(importlib.import_module("{name.home}"), "{name.name}", {fake}):',
                called,
            )
        case "patch member" if name.kind == "class" and name.name == "Thing":
            add_test(sketch, number, module, f'with mock.patch("{name.old}.made", return_value="fake"):', called)
        case "setattr" if is_bound and behind == "":
            lines = [
                f"kept = {module.name}.{local}",
                f"{module.name}.{local} = mock.Mock({fake if 'new=' not in fake else ''})",
            ]
            add_test(
                sketch, number, module, *lines, "try:", f"    {called}", "finally:", f"    {module.name}.{local} = kept"
            )
        case "patch multiple" if is_bound and behind == "":
            add_test(
                sketch,
                number,
                module,
                f'with mock.patch.multiple("{module.name}", {local}=mock.Mock(return_value="fake")):',
                called,
            )


def add_test(sketch: Sketch, number: int, module: Module, *lines: str, decorator: str = "") -> None:
    for line in ("from unittest import mock", f"import {module.name}"):
        if line not in sketch.test.head:
            sketch.test.head.append(line)
    if lines[0].startswith("with "):
        lines = (lines[0], *(f"    {line}" for line in lines[1:]))
    sketch.test.body += [
        *([decorator] if decorator else []),
        f"def test_{number}({'*mocks' if decorator else ''}):",
        *(f"    {line}" for line in lines),
        "",
    ]
    sketch.test.gets.append(f"test_{number}")


def _up(module: Module, user: Module) -> tuple[str, str]:
    """Return the dots that lead from the user's package to the top of the program, and the path from there."""
    return "." * user.package.count(".") + ".", module.name[len(user.package) + 1 :]


def _taken(sketch: Sketch, module: Module, name: Name, number: int, form: str, local: str, behind: str) -> None:
    user = Module(f"{sketch.top}.taken{number}")
    match form:
        case "from name":
            user.head, found = [f"from {module.name} import {local}"], f"{local}{behind}"
        case "module attribute":
            user.head, found = [f"import {module.name}"], f"{module.name}.{local}{behind}"
        case "star":
            module.exported += [exported for exported in (local, *module.gets) if exported not in module.exported]
            user.head, found = [f"from {module.name} import *"], f"{local}{behind}"
        case "from package":
            of, _, last = module.name.rpartition(".")
            if not of:
                return
            user.head, found = [f"from {of} import {last} as near"], f"near.{local}{behind}"
        case "relative":
            up, last = _up(module, user)
            user.head, found = [f"from {up}{last} import {local}"], f"{local}{behind}"
        case "relative module":
            up, last = _up(module, user)
            if not last:
                return
            home, _, module_name = last.rpartition(".")
            user.head, found = [f"from {up}{home} import {module_name} as near"], f"near.{local}{behind}"
        case "facade try":
            text = f"try:\n    from {module.name} import {local}\nexcept ImportError:\n    {local} = None"
            user.head, found = [text], f"{local}{behind}"
        case "facade alias":
            facade = Module(f"{sketch.top}.facade{number}")
            facade.head = [f"import {module.name} as low", f"kept = low.{local}"]
            sketch.files[facade.path] = facade.text
            user.head, found = [f"from {facade.name} import kept as mine"], f"mine{behind}"
        case "lazy facade":
            facade = Module(f"{sketch.top}.facade{number}")
            facade.body = [
                "def __getattr__(name):",
                f"    if name == 'kept{number}':",
                f"        from {module.name} import {local}",
            ]
            facade.body += [f"        return {local}", "    raise AttributeError(name)"]
            sketch.files[facade.path] = facade.text
            user.head, found = [f"from {facade.name} import kept{number}"], f"kept{number}{behind}"
        case "subclass elsewhere":
            if name.kind != "class":
                return
            user.head, found = [f"import {module.name} as near"], f"Sub{number}"
            user.body += [f"class Sub{number}(near.{local}{behind}):", "    pass", ""]
        case "function elsewhere":
            module.body += [f"def make{number}():", f"    return {local}{behind}", ""]
            user.head, found = [f"from {module.name} import make{number}"], f"make{number}()"
        case "importlib":
            user.head, found = ["import importlib"], f"importlib.import_module({module.name!r}).{local}{behind}"
        case "given elsewhere":
            helper = Module(f"{sketch.top}.helper{number}")
            helper.body = ["def ask(given):", f"    return {name.asked('given')}", ""]
            sketch.files[helper.path] = helper.text
            user.head, found = [f"from {helper.name} import ask", f"from {module.name} import {local}"], ""
            user.body += ["def get():", f"    return ask({local}{behind})", ""]
        case "table elsewhere":
            module.body += [f"TABLE{number} = {{'k': {local}{behind}}}", ""]
            user.head, found = [f"from {module.name} import TABLE{number}"], f"TABLE{number}['k']"
        case _:
            user.head, found = [f"import {module.name} as near"], f"getattr(near, {local!r}){behind}"
    if not found:
        user.gets = ["get"]
        sketch.files[user.path] = user.text
        sketch.main.append(f"print(__import__('importlib').import_module({user.name!r}).get())")
        return
    user.body += ["def get():", f"    return {name.asked(found)}", ""]
    user.gets = ["get"]
    sketch.files[user.path] = user.text
    sketch.main.append(f"__import__('importlib').import_module({user.name!r}).get")
    sketch.main[-1] = f"print({sketch.main[-1]}())"
