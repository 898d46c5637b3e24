"""A web server on this machine that gives the answers of a script, good or bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeAlias

Answer: TypeAlias = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives each request the next answer; the last one answers for ever."""

    server: Scripted

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer(self)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def reply(
        self, status: int, body: bytes = b"", *, length: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """``body`` under a Content-Length of its own or of ``length``; none where that is -1."""
        self.send_response(status)
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def range(self, body: bytes, tag: str) -> None:
        """The part of ``body`` that was asked for, or all of it; 416 where there is nothing beyond."""
        asked = self.headers.get("Range")
        if asked is None or (self.headers.get("If-Range") not in (None, tag)):
            self.reply(200, body, headers={"ETag": tag})
            return
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        if first >= len(body):
            self.reply(416, headers={"Content-Range": f"bytes */{len(body)}"})
            return
        content_range = f"bytes {first}-{len(body) - 1}/{len(body)}"
        self.reply(206, body[first:], headers={"Content-Range": content_range, "ETag": tag})


class Scripted(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def url(self, path: str = "/model.onnx") -> str:
        return self.address + path

    def header(self, request: int, name: str) -> str | None:
        """What request number ``request`` said under ``name``."""
        return self.asked[request][1].get(name)


@contextmanager
def serve(*answers: Answer) -> Iterator[Scripted]:
    server = Scripted(list(answers))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
