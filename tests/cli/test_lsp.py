"""The language server, spoken to by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.cli.here import compatkit
from tests.shop.moves import NEW, OLD, TOML, plant

pytest.importorskip("pygls", reason="the extra lsp is not installed")

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from compatkit.cli._language_server import _actions, _hover
from compatkit.migrate.buffer import Buffer, FolderTask

SETTINGS = "[tool.compatkit]\nmigrations = ['migration.toml']\n"
Talk = Callable[["Editor"], Awaitable[None]]


class Editor(LanguageClient):
    """A client that keeps the diagnostics that were published last."""

    def __init__(self, root: Path) -> None:
        super().__init__("test-editor", "1")
        self.root = root
        self.texts: dict[str, str] = {}
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def keep(given: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(given)

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def open(self, name: str, text: str) -> list[lsp.Diagnostic]:
        document = lsp.TextDocumentItem(self.uri(name), "python", 1, text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        return list((await self.published.get()).diagnostics)

    async def change(self, name: str, text: str) -> list[lsp.Diagnostic]:
        document = lsp.VersionedTextDocumentIdentifier(2, self.uri(name))
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [whole]))
        return list((await self.published.get()).diagnostics)

    async def save(self, name: str, documents: int) -> dict[str, list[lsp.Diagnostic]]:
        """Return what is said of so many documents, by their URI."""
        self.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(self.uri(name))))
        said = [await self.published.get() for _ in range(documents)]
        return {one.uri: list(one.diagnostics) for one in said}

    async def actions(self, name: str, line: int, only: list[str] | None = None) -> dict[str, str]:
        """Return the actions on a line by title, each with the text that it makes of the document."""
        place = lsp.Range(lsp.Position(line, 0), lsp.Position(line, 1))
        given = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(self.uri(name)), place, lsp.CodeActionContext([], only=only)
        )
        found = await self.text_document_code_action_async(given) or []
        return {one.title: self._applied(one, name) for one in found if isinstance(one, lsp.CodeAction)}

    def _applied(self, action: lsp.CodeAction, name: str) -> str:
        assert action.edit is not None
        assert action.edit.changes is not None
        lines = self.texts[name].split("\n")
        for edit in sorted(action.edit.changes[self.uri(name)], key=lambda one: -one.range.start.line):
            before = lines[: edit.range.start.line]
            after = lines[edit.range.end.line :]
            lines = ("\n".join([*before, edit.new_text + "\n".join(after)])).split("\n")
        return "\n".join(lines)


def converse(root: Path, talk: Callable[[Editor], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        editor = Editor(root)
        await editor.start_io(sys.executable, "-m", "compatkit", "lsp")
        await editor.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), process_id=os.getpid()))
        editor.initialized(lsp.InitializedParams())
        try:
            await talk(editor)
        finally:
            await editor.shutdown_async(None)
            editor.exit(None)
            assert editor._server is not None
            assert await editor._server.wait() == 0
            await editor.stop()

    asyncio.run(asyncio.wait_for(whole(), 120))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path, {"migration.toml": TOML, "pyproject.toml": SETTINGS})


def test_an_editor_gets_findings_explanations_and_fixes(project: Path) -> None:
    text = OLD + "x = 'shop.core.old_home.Old'\n"

    async def talk(editor: Editor) -> None:
        editor.texts = {"a.py": text}
        found = await editor.open("a.py", text)
        assert [(one.code, one.range.start.line, one.source) for one in found] == [
            ("CK101", 0, "compatkit"),
            ("CK101", 1, "compatkit"),
        ]

        place = lsp.HoverParams(lsp.TextDocumentIdentifier(editor.uri("a.py")), lsp.Position(0, 3))
        hover = await editor.text_document_hover_async(place)
        assert hover is not None
        assert "CK101  of shop-v2: The shop moves." in str(hover.contents)

        fixes = await editor.actions("a.py", 0)
        assert fixes["compatkit: make this rewrite (CK101)"] == text.replace(OLD, NEW)
        assert fixes["compatkit: make all rewrites of this file"] == text.replace(OLD, NEW)
        assert fixes["compatkit: ignore CK101 on this line"] == text.replace(
            "Old\n", "Old  # compatkit: ignore[CK101]\n", 1
        )

        left = await editor.change("a.py", fixes["compatkit: ignore CK101 on this line"])
        assert [one.range.start.line for one in left] == [1]
        left = await editor.change("a.py", NEW)
        assert left == []

    converse(project, talk)


def test_nothing_is_written_and_what_cannot_be_read_is_reported(project: Path) -> None:
    plant(project, {"a.py": OLD})

    async def talk(editor: Editor) -> None:
        (trouble,) = await editor.open("a.py", "def broken(:\n" + OLD)
        assert trouble.severity == lsp.DiagnosticSeverity.Error
        assert trouble.code == "CK901"
        assert len(trouble.message.splitlines()) == 2

        plant(project, {"pyproject.toml": "[tool.compatkit]\nrenam = true\n"})
        (trouble,) = await editor.open("b.py", OLD)
        assert "Unknown key 'renam'" in trouble.message

        plant(project, {"pyproject.toml": SETTINGS})
        found = await editor.save("b.py", documents=2)
        assert {Path(uri).name: [one.code for one in said] for uri, said in found.items()} == {
            "a.py": ["CK901"],
            "b.py": ["CK101"],
        }

    converse(project, talk)
    assert (project / "a.py").read_text() == OLD


def test_columns_are_those_of_the_client_and_fix_all_is_a_kind(project: Path) -> None:
    # Outside of the basic plane, a character is two units of UTF-16.
    line = "x = '\U0001f600', 'shop.core.old_home.Old'\n"
    text = OLD + line

    async def talk(editor: Editor) -> None:
        editor.texts = {"a.py": text}
        found = await editor.open("a.py", text)
        assert {one.range.start.character for one in found if one.range.start.line == 1} == {line.index("'shop") + 1}

        fixes = await editor.actions("a.py", 0, only=["source.fixAll"])
        assert [*fixes] == ["compatkit: make all rewrites of this file"]
        assert "new_home" in fixes["compatkit: make all rewrites of this file"]

    converse(project, talk)


@pytest.mark.parametrize(
    "text",
    [
        dedent(
            """\
            x = '''
            from shop.core.old_home import Old
            '''
            """
        ),
        "from shop.core.old_home import Old \\\n    as Other\n",
    ],
)
def test_ignoring_is_offered_only_where_a_comment_is_one(project: Path, text: str) -> None:
    async def talk(editor: Editor) -> None:
        editor.texts = {"a.py": text}
        for line in {one.range.start.line for one in await editor.open("a.py", text)}:
            for title, after in (await editor.actions("a.py", line)).items():
                if "ignore" in title:
                    compile(after, "a.py", "exec")
                    assert after.count("\n") == text.count("\n")
                    assert "'''" not in text

    converse(project, talk)


@pytest.mark.parametrize("first", range(3))
@pytest.mark.parametrize("last", range(3))
def test_in_process_actions_are_for_the_lines_and_kinds_that_are_asked_for(
    project: Path, first: int, last: int
) -> None:
    buffer = Buffer.of(f"{OLD}x = 1\n{OLD}", project / "a.py", FolderTask.at(project))

    def titles(*only: str) -> list[str]:
        place = lsp.Range(lsp.Position(first, 0), lsp.Position(last, 1))
        given = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier("file:///a.py"), place, lsp.CodeActionContext([], only=[*only])
        )
        return [one.title for one in _actions(buffer, "file:///a.py", given)]

    touched = sum(first <= line <= last for line in (0, 2))
    assert sum("ignore" in title for title in titles("quickfix")) == touched
    assert titles("source.fixAll") == titles("source") == ["compatkit: make all rewrites of this file"]
    assert titles("quick") == titles("source.fixAll.compatkit.more") == titles("refactor") == []
    assert _hover(buffer, 2) is None
    assert _hover(None, 1) is None


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pygls'] = None; from compatkit.cli import main; main()"

    done = subprocess.run([sys.executable, "-c", hidden, "lsp"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_of_the_command_needs_no_extra() -> None:
    assert json.dumps(compatkit("lsp", "--help").stdout).count("Language Server Protocol") == 1
