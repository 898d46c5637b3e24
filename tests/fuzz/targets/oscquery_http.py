"""Fuzz target: HTTP requests to OSCQuery, through the parser of websockets to the answer."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

from websockets.http11 import Request
from websockets.server import ServerProtocol

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.errors import ControlError
from bridge.oscquery.http_query import HostInfo, answer_query, check_request
from bridge.oscquery.namespace import ATTRIBUTES, Namespace
from bridge.oscquery.query_connection import MAX_HEAD_BYTES
from bridge.oscquery.request_head import find_token, read_head
from tests.fuzz.target import Target
from tests.osc.conftest import STYLE

INFO = HostInfo("sideman", "127.0.0.1", 9123, "127.0.0.1", 9123)
LONGEST_REFUSAL = 300
"""Characters: what is refused must not be sent back."""


@functools.cache
def make_namespace() -> tuple[Bus, Namespace, int]:
    """One for all inputs, and the length of its whole tree, which no answer exceeds."""
    bus = Bus(make_sidecar_registry({"comp": [STYLE]}))
    bus.publish("latency", "drums", 1536, -1, 0, *[0] * 7)
    namespace = Namespace(bus)
    return bus, namespace, len(json.dumps(namespace.describe("/")))


def read(data: bytes, folder: Path) -> None:
    """Every answer has a status and, where it is 200, JSON of a bounded length; nothing is changed."""
    bus, namespace, longest = make_namespace()
    protocol = ServerProtocol()
    protocol.receive_data(data[:MAX_HEAD_BYTES])
    protocol.receive_eof()
    requests = [one for one in protocol.events_received() if isinstance(one, Request)]
    if not requests:
        raise ControlError("this is no request", "")
    asked, token = read_head(requests[0]), find_token(requests[0].headers)
    assert token is None or isinstance(token, str)
    answer = check_request(asked) or answer_query(namespace, asked, INFO.describe)
    assert answer.status in {200, 204, 400, 403, 404, 405, 414, 421}, answer
    if answer.status == 200:
        json.loads(answer.body)
        assert len(answer.body) <= longest
    else:
        assert len(answer.body) < LONGEST_REFUSAL
    assert bus.changes == 0


def make_seeds() -> Iterator[bytes]:
    """A request of each kind."""
    for target in ("/", "/stems/vocals/gain_db", "/latency", "/transport/panic", "/?HOST_INFO"):
        yield make_request(target)
    yield from (make_request(f"/stems/vocals/gain_db?{attribute}") for attribute in ATTRIBUTES)
    yield make_request("/%73tems//..%2f", "Host: [::1]:9123", "Origin: http://localhost:9123")
    yield make_request("/", "Host: localhost", "Authorization: Basic dTp0b2tlbg==", "Sec-Fetch-Site: cross-site")
    yield make_request("/", "Host: 127.0.0.1:9123", "Authorization: Bearer token")
    yield make_request(
        "/", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    )  # fmt: skip


def make_request(target: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", *(fields or ("Host: localhost",)), "", ""]).encode()


TARGET = Target(
    name="oscquery_http",
    read=read,
    seeds=make_seeds,
    tokens=(
        b"GET ", b"HEAD ", b"POST ", b" HTTP/1.1\r\n", b"\r\n\r\n", b"Host: ", b"Origin: ", b"Sec-Fetch-Site: ",
        b"Authorization: Basic ", b"Bearer ", b"?VALUE", b"?HOST_INFO", b"?RANGE", b"%2f", b"%00", b"..", b"//", b"@",
        b"[::1]", b"localhost", b"127.0.0.1", b":9123", b"null", b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked",
    ),
    modules=(
        "bridge.oscquery.http_query", "bridge.oscquery.request_head", "bridge.oscquery.namespace",
        "bridge.osc.own_address", "websockets.http11",
    ),
    max_bytes=MAX_HEAD_BYTES,
    mutations=1500,
)  # fmt: skip
