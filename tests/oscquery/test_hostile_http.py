"""Hostile HTTP: each kind is refused with its status, the memory stays bounded, and others are answered meanwhile."""

from __future__ import annotations

import base64
import errno
import json
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from websockets.exceptions import InvalidStatus

from bridge.control.bus import Bus
from bridge.errors import ConfigError
from bridge.oscquery import oscquery_server
from bridge.oscquery.http_query import HttpAnswer, HttpRequest, answer_query, check_request, is_own_host
from bridge.oscquery.namespace import Namespace
from bridge.oscquery.oscquery_server import OscQueryServer
from bridge.oscquery.query_connection import MAX_CONNECTIONS, MAX_HEAD_BYTES
from tests.oscquery.conftest import INFO, Client
from tests.waiting import until

TRAVERSALS = [
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/stems/../../etc/passwd", "/stems\\..",
    "/stems/%00", "/%ff%fe", "/%", "/stems//vocals", "//stems", "/STEMS", "/stems/vocals/gain_db/..", "/stems*", "/*",
    "/favicon.ico", "/.git/config", "/%2fstems",
]  # fmt: skip


@pytest.mark.parametrize("target", TRAVERSALS)
def test_an_unknown_path_is_not_found(client: Client, target: str) -> None:
    status, body = client.ask(target)
    assert status == 404
    assert b"root:" not in body


@pytest.mark.parametrize("query", ["VAL", "value", "VALUE&RANGE", "VALUE=1", "a" * 900, "%56ALUE", "HOST_INFO&VALUE"])
def test_a_wrong_query_is_a_bad_request(client: Client, query: str) -> None:
    status, body = client.ask(f"/stems/vocals/mute?{query}")
    assert status == 400
    assert len(body) < 300  # answers must not grow with requests


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_another_method_is_not_allowed(bus: Bus, client: Client, method: str) -> None:
    assert client.ask("/stems/vocals/mute", method)[0] == 405
    assert bus.changes == 0


def test_head_is_answered_without_a_body(client: Client) -> None:
    assert client.ask("/stems", "HEAD") == (200, b"")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:9123", "127.0.0.1.evil.example", "localhost.evil.example", "a@127.0.0.1",
     "127.0.0.1/x", "127.0.0.1:99999", "[::1", "127.0.0.1, evil.example", "0x7f.evil", " ", "%31", "a.localhost.eu"],
)  # fmt: skip
def test_another_host_is_refused(client: Client, host: str) -> None:
    """DNS rebinding: a page of another site whose name leads to this machine."""
    assert client.ask("/stems", Host=host)[0] in {400, 421}
    assert ask_upgrade(client, Host=host) in {400, 421}


def ask_upgrade(client: Client, **fields: str) -> int:
    """The status with which a WebSocket with these header fields is answered."""
    key = base64.b64encode(b"0123456789abcdef").decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
    return client.ask("/", Sec_WebSocket_Key=key, **upgrade, **fields)[0]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:9123", "localhost", "LOCALHOST:1", "[::1]:9123", "192.168.1.7"]
)
def test_this_host_is_known_by_its_names(client: Client, host: str) -> None:
    assert client.ask("/stems", Host=host)[0] == 200
    assert is_own_host(socket.gethostname())


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://evil.example:9123", "null", "file://", "http://127.0.0.1.x"]
)
def test_a_page_of_another_site_is_refused(client: Client, origin: str) -> None:
    assert client.ask("/stems", Origin=origin)[0] == 403
    assert ask_upgrade(client, Origin=origin) == 403


def test_a_page_of_another_site_is_refused_without_an_origin_too(client: Client) -> None:
    assert client.ask("/stems", Sec_Fetch_Site="cross-site")[0] == 403
    assert client.ask("/stems", Sec_Fetch_Site="none", Origin="http://localhost:9123")[0] == 200


def exchange(client: Client, request: bytes) -> bytes:
    """Send bytes, and read until the server closes."""
    with client.open_socket() as opened:
        try:
            opened.sendall(request)
            opened.shutdown(socket.SHUT_WR)
            answer = b""
            while part := opened.recv(65536):
                answer += part
        except OSError as error:
            if isinstance(error, ConnectionError) or error.errno == errno.ENOTCONN:  # it had closed already
                return b""
            raise
        return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /stems HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /stems HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /stems HTTP/1.1\r\nHost: localhost\r\n" + b"a" * 100_000,
        b"a" * 5_000_000,
        b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc", b"\r\n" * 5000,
        b"GET /stems HTTP/1.1\r\n\r\n", b"GET /stems HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /stems HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"GET http://localhost/stems HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=range(17),
)  # fmt: skip
def test_a_malformed_or_giant_request_is_refused(client: Client, request_bytes: bytes) -> None:
    answer = exchange(client, request_bytes)
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
    assert client.ask("/stems")[0] == 200


def test_a_giant_head_is_not_stored(client: Client, server: OscQueryServer) -> None:
    with client.open_socket() as opened:
        opened.sendall(b"GET / HTTP/1.1\r\n" + b"X: aaaa\r\n" * (MAX_HEAD_BYTES // 9 + 1))
        until("the refusal", lambda: server.refusal_count == 1)


def test_slow_header_fields_end_after_a_while(monkeypatch: pytest.MonkeyPatch, bus: Bus) -> None:
    monkeypatch.setattr(oscquery_server, "HANDSHAKE_S", 0.05)
    with OscQueryServer(bus, INFO.describe) as server, Client(server).open_socket() as opened:
        opened.sendall(b"GET / HTTP/1.1\r\nHost: local")
        assert opened.recv(100) == b""


def test_a_client_that_does_not_take_its_answer_is_left(monkeypatch: pytest.MonkeyPatch, bus: Bus) -> None:
    monkeypatch.setattr(oscquery_server, "HANDSHAKE_S", 0.05)
    with OscQueryServer(bus, INFO.describe) as server, Client(server).open_socket() as opened:
        opened.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until("the end", lambda: not server._connections.open and opened.fileno() >= 0)


def test_connections_beyond_the_limit_are_closed_at_once(client: Client, server: OscQueryServer) -> None:
    opened = [client.open_socket() for _ in range(MAX_CONNECTIONS)]
    try:
        until("all of them", lambda: len(server._connections.open) == MAX_CONNECTIONS)
        with client.open_socket() as other:
            until("the refusal", lambda: server.refusal_count >= 1)
            with pytest.raises(ConnectionError):
                other.sendall(b"GET / HTTP/1.1\r\n\r\n")
                if other.recv(10) == b"":
                    raise ConnectionResetError
    finally:
        for one in opened:
            one.close()
    until("the end of them", lambda: not server._connections.open)
    assert client.ask("/stems")[0] == 200


def test_requests_beyond_the_rate_are_refused_for_a_while(bus: Bus) -> None:
    now_s = [0.0]
    with OscQueryServer(bus, INFO.describe, clock=lambda: now_s[0]) as server:
        client = Client(server)
        statuses = [client.ask("/")[0] for _ in range(150)]
        assert statuses[0] == 200
        assert statuses[-1] == 429
        assert statuses == sorted(statuses)
        now_s[0] += 10.0
        assert client.ask("/")[0] == 200


@pytest.fixture
def guarded(bus: Bus) -> Iterator[Client]:
    with OscQueryServer(bus, INFO.describe, "0.0.0.0", 0, ("127.0.0.0/8",), "sesame") as server:
        yield Client(server)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"user:{password}".encode()).decode()


def test_on_the_network_the_token_is_needed(guarded: Client) -> None:
    assert guarded.ask("/stems")[0] == 401
    for wrong in ("Bearer x", basic("x"), "Basic !!!", "Basic " + base64.b64encode(b"\xff").decode(), "Digest sesame"):
        assert guarded.ask("/stems", Authorization=wrong)[0] == 401
    assert guarded.ask("/stems", Authorization="Bearer sesame")[0] == 200
    assert guarded.ask("/stems", Authorization=basic("sesame"))[0] == 200
    with guarded.open_websocket(additional_headers={"Authorization": basic("sesame")}) as websocket:
        websocket.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/stems/bass/mute"}))
        assert isinstance(websocket.recv(), bytes)
    with pytest.raises(InvalidStatus):
        guarded.open_websocket().__enter__()


def test_a_dictionary_of_tokens_is_stopped(guarded: Client) -> None:
    assert 429 in {guarded.ask("/stems", Authorization=f"Bearer {guess}")[0] for guess in range(100)}


def test_who_is_not_on_the_list_gets_no_answer(bus: Bus) -> None:
    with OscQueryServer(bus, INFO.describe, "0.0.0.0", 0, ("10.99.0.0/16",), "sesame") as server:
        assert exchange(Client(server), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        assert server.refusal_count == 1


@pytest.mark.parametrize(("allow", "token"), [((), ""), (("10.0.0.0/8",), ""), ((), "sesame")])
def test_the_network_is_not_served_without_list_and_token(bus: Bus, allow: tuple[str, ...], token: str) -> None:
    with pytest.raises(ConfigError, match=r"oscquery: 0\.0\.0\.0 can be reached"):
        OscQueryServer(bus, INFO.describe, "0.0.0.0", 0, allow, token).__enter__()


def test_the_bus_serves_others_while_strangers_attack(bus: Bus, client: Client) -> None:
    """Controls are set and readings published in another thread all the while, and nothing else is changed."""
    done = threading.Event()
    rounds = [0]

    def play() -> None:
        while not done.is_set():
            rounds[0] += 1
            bus.publish("health", "mir", f"round {rounds[0]}")

    thread = threading.Thread(target=play)
    thread.start()
    try:
        for target in TRAVERSALS:
            client.ask(target)
            began = rounds[0]
            until("another round", lambda began=began: rounds[0] > began)  # type: ignore[misc]
        exchange(client, b"X: a\r\n" * 100_000)
        began = rounds[0]
        until("another round", lambda: rounds[0] > began)
    finally:
        done.set()
        thread.join()
    assert bus.changes == 0


def test_any_request_has_an_answer(bus: Bus) -> None:
    """The reader alone, beyond what an HTTP client can be made to send."""
    namespace = Namespace(bus)
    for target in ("", "?", "/?", "?VALUE", "stems", "/" * 1000, "/\ud800", "/%C0%AF", "/a?b?c", "/" + "%" * 500):
        request = HttpRequest("GET", target, "localhost")
        answer = check_request(request) or answer_query(namespace, request, INFO.describe)
        assert isinstance(answer, HttpAnswer)
        assert answer.status in set(HTTPStatus)
