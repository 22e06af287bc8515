"""The language server: each version of an open file is looked at, and its rewrites are offered as edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from compatkit import __version__
from compatkit.authoring.explaining import explain_code
from compatkit.errors import CompatkitError
from compatkit.migrate.buffer import Buffer, FolderTask, TextEdit
from compatkit.migrate.report import Remark
from compatkit.report.migrate_text import message_of

_SOURCE = "compatkit"
_QUICK_FIX = lsp.CodeActionKind.QuickFix.value
_FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.compatkit"


class Server(LanguageServer):
    """Keeps what was found in each open document, and the settings of its folder until a file is opened or saved."""

    def __init__(self) -> None:
        super().__init__("compatkit", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.buffers: dict[str, Buffer] = {}
        self._projects: dict[Path, FolderTask] = {}

    def forget_settings(self) -> None:
        self._projects.clear()

    def look_at(self, uri: str) -> None:
        """Look at a document, and publish what is found; what cannot be looked at is said, too."""
        document = self.workspace.get_text_document(uri)
        path = Path(to_fs_path(uri) or "untitled.py")
        self.buffers.pop(uri, None)
        try:
            project = self._projects.setdefault(path.parent, FolderTask.at(path.parent))
            self.buffers[uri] = Buffer.of(document.source, path, project)
            found = list(_diagnostics(self.buffers[uri], document))
        except CompatkitError as error:
            found = [_trouble(f"{error}", 1)]
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=uri, diagnostics=found, version=document.version)
        )


def serve() -> None:
    """Serve until the client ends it."""
    make_server().start_io()


def make_server() -> Server:
    """Return the server with what it answers."""
    server = Server()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(given: lsp.DidOpenTextDocumentParams) -> None:
        server.forget_settings()
        server.look_at(given.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(given: lsp.DidChangeTextDocumentParams) -> None:
        server.look_at(given.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        server.forget_settings()
        # Also those of which nothing but trouble was said, which may be over.
        for uri in list(server.workspace.text_documents):
            server.look_at(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(given: lsp.DidCloseTextDocumentParams) -> None:
        uri = given.text_document.uri
        server.buffers.pop(uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(given: lsp.HoverParams) -> lsp.Hover | None:
        return _hover(server.buffers.get(given.text_document.uri), given.position.line + 1)

    kinds = [_QUICK_FIX, _FIX_ALL]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=kinds))
    def actions(given: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = given.text_document.uri
        buffer = server.buffers.get(uri)
        return list(_actions(buffer, uri, given)) if buffer else []

    return server


def _diagnostics(buffer: Buffer, document: TextDocument) -> Iterator[lsp.Diagnostic]:
    if failed := buffer.failure:
        yield _trouble("\n".join(filter(None, [failed.reason, failed.hint])), failed.line or 1, failed.code)
    lines = document.lines
    for remark in buffer.remarks:
        start = lsp.Position(remark.line - 1, max(remark.column - 1, 0))
        end = lsp.Position(start.line, max(len(remark.source.rstrip("\r")), start.character + 1))
        yield lsp.Diagnostic(
            range=document.position_codec.range_to_client_units(lines, lsp.Range(start, end)),
            message=message_of(remark, is_written=False),
            severity=lsp.DiagnosticSeverity.Warning if remark.is_rewrite else lsp.DiagnosticSeverity.Information,
            code=remark.code,
            source=_SOURCE,
        )


def _trouble(text: str, line: int, code: str | None = None) -> lsp.Diagnostic:
    place = lsp.Range(lsp.Position(line - 1, 0), lsp.Position(line - 1, 1))
    return lsp.Diagnostic(range=place, message=text, severity=lsp.DiagnosticSeverity.Error, code=code, source=_SOURCE)


def _hover(buffer: Buffer | None, line: int) -> lsp.Hover | None:
    """Explain the codes of a line, as `compatkit explain` does."""
    if buffer is None:
        return None
    codes = dict.fromkeys(one.code for one in buffer.remarks if one.line == line)
    declared = ((buffer.project.migration_of(code), code) for code in codes)
    texts = ["\n".join(explain_code(migration, code)) for migration, code in declared if migration]
    if not texts:
        return None
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.PlainText, "\n\n".join(texts)))


def _actions(buffer: Buffer, uri: str, given: lsp.CodeActionParams) -> Iterator[lsp.CodeAction]:
    wanted = given.context.only
    for remark in buffer.remarks:
        if not given.range.start.line <= remark.line - 1 <= given.range.end.line:
            continue
        if _is_wanted(_QUICK_FIX, wanted):
            yield from _quick_fixes(buffer, uri, remark, given.context.diagnostics)
    if edits := buffer.all_edits():
        for kind in (_QUICK_FIX, _FIX_ALL):
            if _is_wanted(kind, wanted):
                yield _action("compatkit: make all rewrites of this file", kind, uri, edits)


def _quick_fixes(
    buffer: Buffer, uri: str, remark: Remark, diagnostics: Iterable[lsp.Diagnostic]
) -> Iterator[lsp.CodeAction]:
    about = [one for one in diagnostics if (one.code, one.range.start.line) == (remark.code, remark.line - 1)]
    if remark.is_rewrite and (edits := buffer.edits_of(remark)):
        title = f"compatkit: make this rewrite ({remark.code})"
        yield _action(title, _QUICK_FIX, uri, edits, about)
    if edits := buffer.ignoring(remark):
        title = f"compatkit: ignore {remark.code} on this line"
        yield _action(title, _QUICK_FIX, uri, edits, about)


def _is_wanted(kind: str, wanted: Iterable[lsp.CodeActionKind | str] | None) -> bool:
    """Tell whether an editor asked for a kind of action: a kind stands for all below it."""
    if wanted is None:
        return True
    names = [getattr(one, "value", one) for one in wanted]
    return any(kind == name or kind.startswith(f"{name}.") or name == "" for name in names)


def _action(
    title: str,
    kind: str,
    uri: str,
    edits: Iterable[TextEdit],
    about: list[lsp.Diagnostic] | None = None,
) -> lsp.CodeAction:
    changes = [
        lsp.TextEdit(lsp.Range(lsp.Position(edit.start, 0), lsp.Position(edit.end, 0)), edit.text) for edit in edits
    ]
    return lsp.CodeAction(title, kind=kind, diagnostics=about or None, edit=lsp.WorkspaceEdit(changes={uri: changes}))
