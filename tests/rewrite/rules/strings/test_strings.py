"""Strings that name code: what is certain is changed on request, all else is reported, and nothing else is touched."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.migration import Move
from compatkit.options import Options
from compatkit.rewrite.documents.docstrings import find_in_docstrings
from compatkit.rewrite.edit.edit import Found
from compatkit.rewrite.engine import rewrite_by_tables
from compatkit.rewrite.file.file import File
from compatkit.rewrite.file.imports import FileModule
from compatkit.rewrite.file.text import read_source
from compatkit.rewrite.rules.strings.strings import find_strings
from compatkit.rewrite.run_plan import RunPlan
from tests.shop.moves import MOVES

OLD, NEW = "shop.core.old_home.Old", "shop.core.new_home.New"
MODULE = "shop.core.old_home"
REVIEW = Options(confidence="review")


def find(text: str, options: Options = REVIEW, moves: tuple[Move, ...] = MOVES, module: str = "shop.app") -> Found:
    file = File.of(text.encode(), FileModule(module, False))
    run = RunPlan(moves, options=options, engine=rewrite_by_tables)
    strings, docstrings = find_strings(file, run), find_in_docstrings(file, run)
    return Found([*strings.changes, *docstrings.changes], [*strings.findings, *docstrings.findings])


def changed(text: str, moves: tuple[Move, ...] = MOVES) -> str:
    found = find(text, moves=moves)
    for change in sorted(found.changes, key=lambda change: -change.start):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def reasons(text: str) -> list[str]:
    return [found.message for found in find(text).findings]


@pytest.mark.parametrize(
    "source",
    [
        "x = 'myshop.core.old_home.Old'\n",
        "x = 'shop.core.old_home_more.Old'\n",
        "x = 'shop.core.new_home.New'\n",
        "x = 'Old'\ny = 'old_home'\n",
        "x = b'shop.core.old_home.Old'\n",
        '"""See shop.core.old_home.Old."""\n',
        "def f():\n    '''shop.core.old_home.Old'''\n",
        'def f():\n    """From shop.core.old_home.Old.\n\n    >>> f()\n    """\n',
        'def f():\n    """From shop.core.old_home.\n\n    >>> print(1)\n    shop.core.old_home.Old\n    """\n',
    ],
)
def test_is_neither_changed_nor_reported(source: str) -> None:
    assert find(source) == Found()


@pytest.mark.parametrize(
    "source",
    [
        f"x = '{OLD}'\n",
        f"x = ['{OLD}']\n",
        f"PATH = '{OLD}'\nmock.patch(PATH)\nprint(PATH)\n",
        f"PATH = '{OLD}'\nmock.patch(PATH)\nx = PATH\n",
        f"PATH = '{OLD}'\nmock.patch(PATH)\nPATH = 1\n",
        f"PATH = '{OLD}'\nmake(PATH)\n",
        f"from {MODULE} import Old\nPATH = '{OLD}'\n@mock.patch(PATH)\ndef f(m): Old()\n",
        f"x = {{'class': '{OLD}'}}\n",
        f"x = {{'{OLD}': 1}}\n",
        f"f('{OLD}')\n",
        f"json.dumps({{'_target_': '{OLD}'}})\n",
        f"mlflow.log_metric('{OLD}', 1.0)\n",
        f"mlflow.log_param('class', '{OLD}')\n",
        f"mlflow.set_tags({{'_target_': '{OLD}'}})\n",
        f"mlflow.start_run(run_name='{OLD}')\n",
        f"mlflow.set_experiment('{OLD}')\n",
        f"statsd.incr('{OLD}')\n",
        f"LOG = {{'version': 1, 'loggers': {{'{OLD}': {{'level': 'DEBUG'}}}}}}\n",
        f"LOG = {{'handlers': {{'x': {{'class': 'a.H', 'name': '{OLD}'}}}}}}\n",
        f"KNOWN = {{'{OLD}': 1}}\ndef load(name): return import_string(name)\n",
        f"KNOWN = ['{OLD}']\ndef load(): return import_string('a.b')\n",
        f"x = 'see {OLD}'\n",
        f"x = '{OLD} '\n",
        f"x = '{OLD}()'\n",
        f"x = '{OLD}-1'\n",
        f"x = 'python -m {MODULE}'\n",
        f"x = f'{OLD}'\n",
        f"x = f'{MODULE}.{{name}}'\n",
        f"x = f'{{load(\"{OLD}\")}}'\n",
        f"x = '{MODULE}' '.Old'\n",
        "x = ('shop.core.old_home'\n     '.Old')\n",
        "x = 'shop.core.old_home\\x2eOld'\n",
        f"x = '{MODULE}'\n",
        f"import_module('{MODULE}')\n",
        f"m = import_module('{MODULE}')\nm.Old\n",
        f"def f():\n    m = import_module('{MODULE}')\n    return m.Kept, m.Old\n",
        f"def f():\n    m = import_module('{MODULE}')\n    m = m.Old\n    return m\n",
        f"def f():\n    m = import_module('{MODULE}')\n    return m, m.Old\n",
        f"def f():\n    m = import_module('{MODULE}')\n    return m.Old, m.Second\n",
        f"import_module('{MODULE}').Kept\n",
        f"getattr(import_module('{MODULE}'), name)\n",
        f"import_module('{MODULE}', 'shop').Old\n",
        "import_module('.old_home', 'shop.core').Old\n",
        f"__import__('{MODULE}')\n",
        f"__import__('{OLD}')\n",
        f"sys.modules['{MODULE}'] = fake\n",
        f"mock.patch.multiple('{MODULE}', Old=1)\n",
        f"logging.getLogger('{OLD}')\n",
        f"print('{OLD}')\n",
        f"assert x, '{OLD}'\n",
        f"raise E('{OLD}')\n",
        f"x = '{OLD}' + suffix\n",
        f"x = '{OLD}' % ()\n",
        f"'{OLD}'.split('.')\n",
        f"if x == '{OLD}': pass\n",
        f"if x in ('{OLD}', 'b'): pass\n",
        f"match x:\n    case '{OLD}': pass\n",
        f"RENAMED = {{'{OLD}': '{NEW}'}}\n",
        f"RENAMED['{OLD}'] = '{NEW}'\n",
        f"A = '{OLD}'\nB = '{NEW}'\n",
        f"assert load('{OLD}') is load('{NEW}')\n",
        f"try:\n    x = import_string('{NEW}')\nexcept ImportError:\n    x = import_string('{OLD}')\n",
        f"if v2:\n    from shop.core.new_home import New\nelse:\n    import_string('{OLD}')\n",
        f"with pytest.warns(DeprecationWarning):\n    import_string('{OLD}')\n",
        f"with pytest.raises(ImportError):\n    import_string('{OLD}')\n",
        f"def f(x: '{OLD}') -> '{OLD}': pass\n",
        f"x: '{OLD}'\n",
        f"x = List['{OLD}']\n",
        f"x = cast('{OLD}', y)\n",
        f"from {MODULE} import Old\nwith mock.patch('{OLD}'):\n    Old()\n",
        f"from {MODULE} import Old\n@mock.patch('{OLD}')\ndef f(m): Old()\n",
    ],
)
def test_is_reported_and_not_changed(source: str) -> None:
    assert changed(source) == source
    assert reasons(source)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        (f"locate('{OLD}')\n", f"locate('{NEW}')\n"),
        (f'locate(r"{OLD}")\n', f'locate(r"{NEW}")\n'),
        (f'locate(U"""{OLD}""")\n', f'locate(U"""{NEW}""")\n'),
        (f"é = 'é', locate('{OLD}'), 1  # {OLD}\n", f"é = 'é', locate('{NEW}'), 1  # {OLD}\n"),
        ("x = 'shop.core.old_home:Old'\n", "x = 'shop.core.new_home:New'\n"),
        ("x = 'shop.core.old_home:Old.run'\n", "x = 'shop.core.new_home:New.run'\n"),
        ("x = 'shop.core.old_home:Second [extra]'\n", "x = 'shop.parts.second:Second [extra]'\n"),
        (f"locate('{OLD}.run.more')\n", f"locate('{NEW}.run.more')\n"),
        (f"mock.patch('{OLD}')\n", f"mock.patch('{NEW}')\n"),
        (
            f"@patch('{OLD}.run', autospec=True)\ndef f(m): pass\n",
            f"@patch('{NEW}.run', autospec=True)\ndef f(m): pass\n",
        ),
        (f"monkeypatch.setattr('{OLD}', 1)\n", f"monkeypatch.setattr('{NEW}', 1)\n"),
        (f"CELERY_ROUTES = {{'{OLD}': {{'queue': 'q'}}}}\n", f"CELERY_ROUTES = {{'{NEW}': {{'queue': 'q'}}}}\n"),
        (f"MIDDLEWARE = [\n    'a.b',\n    '{OLD}',\n]\n", f"MIDDLEWARE = [\n    'a.b',\n    '{NEW}',\n]\n"),
        (f"x = {{'_target_': '{OLD}'}}\n", f"x = {{'_target_': '{NEW}'}}\n"),
        (f"make(dict(a=1, _target_='{OLD}'))\n", f"make(dict(a=1, _target_='{NEW}'))\n"),
        (f"save({{'model': {{'class_path': '{OLD}'}}}})\n", f"save({{'model': {{'class_path': '{NEW}'}}}})\n"),
        (
            f"LOG = {{'handlers': {{'x': {{'class': '{OLD}', '()': '{OLD}'}}}}}}\n",
            f"LOG = {{'handlers': {{'x': {{'class': '{NEW}', '()': '{NEW}'}}}}}}\n",
        ),
        (
            f"KNOWN = {{'a': '{OLD}'}}\ndef load(name): return import_string(KNOWN[name])\n",
            f"KNOWN = {{'a': '{NEW}'}}\ndef load(name): return import_string(KNOWN[name])\n",
        ),
        (
            f"PATH = '{OLD}'\n@mock.patch(PATH)\ndef f(m): make(PATH)\n",
            f"PATH = '{NEW}'\n@mock.patch(PATH)\ndef f(m): make(PATH)\n",
        ),
        (f"pkgutil.resolve_name('{OLD}')\n", f"pkgutil.resolve_name('{NEW}')\n"),
        (f"import_module('{MODULE}').Old(1)\n", "import_module('shop.core.new_home').New(1)\n"),
        (
            f"import_module(\n '{MODULE}'\n) . Second\n",
            dedent(
                """\
                import_module(
                 'shop.parts.second'
                ) . Second
                """
            ),
        ),
        (f"getattr(import_module('{MODULE}'), \"Old\")\n", "getattr(import_module('shop.core.new_home'), \"New\")\n"),
        (
            f"patch.object(import_module('{MODULE}'), 'Old')\n",
            "patch.object(import_module('shop.core.new_home'), 'New')\n",
        ),
        (
            f"def f():\n    m = import_module('{MODULE}')\n    return m.Old(m.Old)\n",
            dedent(
                """\
                def f():
                    m = import_module('shop.core.new_home')
                    return m.New(m.New)
                """
            ),
        ),
        (f"A = '{NEW}'\nmock.patch('{OLD}')\n", f"A = '{NEW}'\nmock.patch('{NEW}')\n"),
        (
            f"from {MODULE} import Old\n@mock.patch('{OLD}')\ndef f(m): run()\ndef g(): Old()\n",
            f"from {MODULE} import Old\n@mock.patch('{NEW}')\ndef f(m): run()\ndef g(): Old()\n",
        ),
        # A member is patched in the class itself, whoever imported that.
        (
            f"from {MODULE} import Old\n@mock.patch('{OLD}.run')\ndef f(m): Old()\n",
            f"from {MODULE} import Old\n@mock.patch('{NEW}.run')\ndef f(m): Old()\n",
        ),
    ],
)
def test_is_changed_on_request(source: str, result: str) -> None:
    assert changed(source) == result


def test_is_only_reported_by_default() -> None:
    found = find(f"mock.patch('{OLD}')\n", Options())

    assert found.changes == []
    assert [(one.line, one.column, one.confidence) for one in found.findings] == [(1, 12, "review")]
    assert f"write {NEW}" in found.findings[0].message


def test_text_that_contains_a_name_is_left_to_a_person() -> None:
    assert [one.confidence for one in find(f"x = 'see {OLD}'\n").findings] == ["manual"]


@pytest.mark.parametrize("address", [f"https://shop.io/api/{OLD}.html", f"http://shop.io/api.html#{OLD}"])
def test_address_of_a_page_is_about_the_release_that_it_names(address: str) -> None:
    assert find(f"x = 'see {address}'\n") == Found()
    assert reasons(f"x = '{address} and {OLD}'\n") == [f"a string names {OLD}; {OLD} is {NEW} now"]


def test_address_of_code_is_no_page() -> None:
    assert reasons(f"x = load('run python://{OLD}?x=1')\n") == [f"a string names {OLD}; {OLD} is {NEW} now"]


def test_move_of_a_module_is_followed() -> None:
    moves = (Move("CK101", "shop.old_home", "store.new_home"),)

    assert changed("import_module('shop.old_home')\n", moves) == "import_module('store.new_home')\n"
    assert changed("sys.modules['shop.old_home'] = x\n", moves) == "sys.modules['store.new_home'] = x\n"
    assert changed("x = 'shop.old_home.thing:f'\n", moves) == "x = 'store.new_home.thing:f'\n"


def test_longest_old_name_decides() -> None:
    moves = (Move("CK101", "a.b", "x.y"), Move("CK102", "a.b.C", "z.D"))

    assert changed("locate('a.b.C.m'), locate('a.b.E')\n", moves) == "locate('z.D.m'), locate('x.y.E')\n"


def test_name_with_two_new_homes_is_only_reported() -> None:
    moves = (Move("CK101", "a.b.C", "x.y.C"), Move("CK102", "a.b.C", "z.D"))

    assert changed("f('a.b.C')\n", moves) == "f('a.b.C')\n"
    assert changed("import_module('a.b').C\n", moves) == "import_module('a.b').C\n"


def test_move_that_is_left_to_a_person_is_only_reported() -> None:
    moves = (Move("CK101", "a.b.C", "x.y.C", "manual"),)

    assert changed("f('a.b.C')\n", moves) == "f('a.b.C')\n"


def test_new_home_that_names_the_old_one_is_only_reported() -> None:
    found = find(f"x = '{OLD}'\n", module="shop.core.new_home")

    assert found.changes == []
    assert "the new home itself" in found.findings[0].message


def test_single_word_is_not_taken_for_a_module() -> None:
    moves = (Move("CK101", "shop.Old", "store.Old"),)

    assert find("x = 'shop'\ny = 'a shop'\n", moves=moves) == Found()
    assert [one.line for one in find("import_module('shop')\n", moves=moves).findings] == [1]


def test_what_a_migration_declares_to_load_is_changed() -> None:
    text = f"x = plug('{OLD}')\ny = {{'plug': '{OLD}', 'other': '{OLD}'}}\n"
    file = File.of(text.encode(), FileModule("shop.app", False))

    found = find_strings(file, RunPlan(MOVES, options=REVIEW, loads=frozenset({"plug"})))

    assert [file.source.place(one.at) for one in found.changes] == [(1, 10), (2, 14)]
    assert [(one.line, one.column) for one in found.findings] == [(2, 49)]


def test_name_of_a_logger_is_no_code_even_where_its_module_moves() -> None:
    moves = (Move("CK101", "jobs.nightly", "jobs.daily", kind="module"),)
    table = "KNOWN = ['jobs.nightly']\ndef load(name): return import_module(name)\n"

    assert changed("log_metric('jobs.nightly.seconds', 1)\n", moves) == "log_metric('jobs.nightly.seconds', 1)\n"
    assert changed(table, moves) == table
    assert changed("import_module('jobs.nightly')\n", moves) == "import_module('jobs.daily')\n"


@pytest.mark.parametrize("role", [":class:`~{}`", ":py:func:`{}.run`", ":py:class:`the old one <{}>`", ":attr:`!{}.x`"])
def test_role_of_a_docstring_is_reported_as_one_of_a_text_is(role: str) -> None:
    source = f'def f():\n    """Do it.\n\n    é {role.format(OLD)}\n    """\n'

    done = find(source)

    assert done.changes == []
    assert [(one.line, one.confidence) for one in done.findings] == [(4, "manual")]
    assert source.split("\n")[3][done.findings[0].column - 1 :].startswith(OLD)


@pytest.mark.parametrize("text", ["`{}`", "``{}``", "{}", ":class:`shop.other.Old`", ":class:`Old`"])
def test_prose_of_a_docstring_is_left_alone(text: str) -> None:
    assert find(f'def f():\n    """See {text.format(OLD)}."""\n') == Found()


DOCSTRING = '''\
def f():
    """Say Old.

    >>> from shop.core.old_home import Old, Kept
    >>> def g():
    ...     from shop.core.old_home import Old
    ...     return Old
    >>> g()
    shop.core.old_home.Old
    """
'''


def test_doctest_is_only_reported_by_default() -> None:
    found = find(DOCSTRING, Options())

    assert found.changes == []
    assert [(one.line, one.confidence) for one in found.findings] == [(4, "review"), (6, "review")]


def test_doctest_is_changed_on_request_with_its_prompts() -> None:
    assert changed(DOCSTRING) == DOCSTRING.replace(
        "import Old, Kept\n", "import Kept\n    >>> from shop.core.new_home import New as Old\n"
    ).replace("from shop.core.old_home import Old\n", "from shop.core.new_home import New as Old\n")


def test_doctest_keeps_windows_newlines() -> None:
    source = DOCSTRING.replace("\n", "\r\n")

    assert changed(source) == changed(DOCSTRING).replace("\n", "\r\n")


def test_doctest_with_backslashes_in_a_plain_docstring_is_only_reported() -> None:
    source = DOCSTRING.replace("import Old, Kept", "import \\\n    ...    Old")

    assert find(source).changes == []


STRINGS = st.sampled_from([OLD, MODULE, NEW, f"{OLD}.m", f"{MODULE}:Old", f"see {OLD}", "é", "shop", ""])
FORMS = st.sampled_from(
    [
        "x = '{}'\n",
        "patch('{}')\n",
        'x = """{}"""\n',
        "d = {{'é': ['{}', 1]}}\n",
        "x = f'{}'\n",
        "x = '{}' 'y'\n",
        "# {}\n",
        "'''{}'''\n",
        "def f(a: '{}' = 1): pass\n",
        "import_module('{}').Old\n",
        dedent(
            """\
            def g():
                '''
                >>> x = '{}'
                '''
            """
        ),
    ]
)


@st.composite
def sources(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.builds(str.format, FORMS, STRINGS), min_size=1, max_size=5))
    return "".join(lines).replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@given(sources())
def test_second_run_changes_nothing(source: str) -> None:
    once = changed(source)

    assert changed(once) == once


@given(sources())
def test_only_constants_and_attributes_change(source: str) -> None:
    def outline(text: str) -> list[str]:
        return [type(node).__name__ for node in ast.walk(ast.parse(text))]

    assert outline(changed(source)) == outline(source)


@given(sources())
def test_what_is_changed_by_review_is_reported_by_default(source: str) -> None:
    text = read_source(source.encode())
    changes = {text.place(change.at) for change in find(source).changes}

    assert changes <= {(found.line, found.column) for found in find(source, Options()).findings}


@pytest.mark.parametrize(
    "text", ['KINDS = [".cif", ".old_home", ".pdb"]\n', 'def is_dump(ext):\n    return ext == ".old_home"\n']
)
def test_suffix_of_files_names_no_module(text: str) -> None:
    assert find(text, module="app").findings == []


@pytest.mark.parametrize(
    "text",
    [
        'import importlib\nKINDS = [".old_home"]\n',
        'PACKAGE = "shop.core"\nKINDS = [".old_home"]\n',
        'load(".old_home")\nimport_module\n',
    ],
)
def test_word_behind_a_dot_may_be_a_module_where_modules_are_named(text: str) -> None:
    if "import_module" not in text:
        text = text.replace("import importlib", "from importlib import import_module")

    assert len(find(text, module="app").findings) == 1
