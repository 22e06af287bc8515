"""A real HTTP server between a client and another server, which does as it is told with what passes."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass(slots=True)
class Answer:
    """What the server behind said; `length` is what the client is told, None for nothing at all."""

    status: int
    kind: str
    body: bytes
    length: int | None


# What becomes of an answer, by the path and query that was asked for.
Fault = Callable[[str, Answer], Answer]


class Proxy:
    """The address, and the fault that answers go through from now on."""

    def __init__(self) -> None:
        self.address = ""
        self.fault: Fault = lambda _, answer: answer
        self.asked: list[str] = []


@contextmanager
def proxied(behind: str) -> Iterator[Proxy]:
    """Give a proxy before the server at the address `behind`."""
    proxy = Proxy()
    there = urlsplit(behind)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.asked.append(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                answer = proxy.fault(self.path, self._asked(sent))
            except (OSError, http.client.HTTPException):
                # As a server that is gone: no answer at all.
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            if answer.length is not None:
                self.send_header("Content-Length", str(answer.length))
            if answer.length != len(answer.body):
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.body)

        def _asked(self, sent: bytes) -> Answer:
            kept = {name: text for name, text in self.headers.items() if name.lower() != "accept-encoding"}
            connection = http.client.HTTPConnection(there.hostname or "", there.port)
            with contextlib.closing(connection):
                connection.request(self.command, self.path, sent, {**kept, "Host": there.netloc})
                said = connection.getresponse()
                body = said.read()
            return Answer(said.status, said.headers.get("Content-Type", ""), body, len(body))

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        proxy.address = address
        yield proxy


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Give the address of a server of this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
