"""NSM client against a session manager over UDP: each message of the API, and each way in which it can go wrong."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.errors import ConfigError, DriverError
from bridge.nsm.nsm_address import find_session_manager
from bridge.nsm.nsm_client import NsmClient, OpenRequest, SessionClosedError, find_executable
from bridge.osc.wire import encode
from tests.nsm.session_server import ANNOUNCE, OPEN, SAVE, SessionServer
from tests.waiting import HANG_S, until

GENERAL, NO_SESSION_OPEN, NOT_NOW, BAD_PROJECT = -1, -6, -8, -9


class SavedSession:
    """A session without a sidecar, which counts what it is asked for."""

    osc_port = 9123

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.saves, self.is_ended = error, 0, False

    def save(self) -> None:
        self.saves += 1
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        self.is_ended = True


def check_nothing(_: OpenRequest) -> None:
    pass


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/sideman"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SessionServer]:
    with SessionServer(tmp_path) as one:
        yield one


@contextmanager
def join_session(server: SessionServer, host: str = "a-host.invalid") -> Iterator[NsmClient]:
    """A client of ``server``, whose open is not answered yet."""
    address = find_session_manager({"NSM_URL": server.get_url(host)})
    assert address is not None
    with NsmClient(address, None, check_nothing) as client:
        yield client


@contextmanager
def open_session(server: SessionServer, session: SavedSession) -> Iterator[NsmClient]:
    """A client of ``server`` whose first session is open."""
    with join_session(server) as client:
        client.accept_open(session, client.wait_for_open(HANG_S))
        server.wait_for("/reply", OPEN)
        yield client


@pytest.mark.parametrize("host", ["a-host.invalid", "127.0.0.1", "127.0.1.1"])
def test_it_is_announced_and_asked_to_open_under_any_name_of_the_host(server: SessionServer, host: str) -> None:
    with join_session(server, host) as client:
        request = client.wait_for_open(HANG_S)
    assert request is not None
    assert (request.folder, request.client) == (server.folder and server.folder / "Sideman.nABCD", "Sideman.nABCD")
    expected = ("Sideman", ":dirty:switch:message:progress:", "sideman", 1, 1, os.getpid())
    assert server.wait_for(ANNOUNCE) == expected
    assert server.was_expected


def test_what_is_asked_for_is_answered_once_it_runs_and_not_before(server: SessionServer) -> None:
    session = SavedSession()
    with join_session(server) as client:
        request = client.wait_for_open(HANG_S)
        server.send(SAVE)
        assert server.wait_for("/error", SAVE)[1] == NOT_NOW
        client.report_start("compiling", 1, 4)
        client.report_start("starting")
        assert server.wait_for("/nsm/client/progress") == (0.25,)
        assert server.wait_for("/nsm/client/message") == (1, "starting")
        assert server.find("/reply") == []
        client.accept_open(session, request)
        server.wait_for("/reply", OPEN)
        server.send(SAVE)
        server.wait_for("/reply", SAVE)
        client.report_start("a step of a later start")
        client.report_changes(True)
        server.wait_for("/nsm/client/is_dirty")
        assert len(server.find("/nsm/client/message")) == 1
    assert session.saves == 1
    assert server.find("/error", OPEN) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("no space", "free some"), GENERAL),
        (SessionClosedError("no session is open"), NO_SESSION_OPEN),
        (ZeroDivisionError("a fault of ours"), GENERAL),
    ],
)
def test_a_save_that_fails_says_why_and_the_next_one_works(server: SessionServer, error: Exception, code: int) -> None:
    session = SavedSession(error)
    with open_session(server, session):
        server.send(SAVE)
        assert server.wait_for("/error", SAVE) == (SAVE, code, str(error))
        session.error = None
        server.send(SAVE)
        server.wait_for("/reply", SAVE)


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError("preset.toml: x", "fix it"), BAD_PROJECT), (DriverError("no JACK server"), GENERAL)],
)
def test_a_start_that_fails_is_answered_with_its_reason(server: SessionServer, error: Exception, code: int) -> None:
    with pytest.raises(type(error)), join_session(server) as client:
        client.wait_for_open(HANG_S)
        raise error
    assert server.wait_for("/error", OPEN) == (OPEN, code, str(error))


def test_a_second_open_ends_the_sidecar_for_the_next_session(server: SessionServer, tmp_path: Path) -> None:
    first, second = SavedSession(), SavedSession()
    with open_session(server, first) as client:
        server.send_open(tmp_path / "other", "Sideman.nWXYZ")
        until("the end of the first", lambda: first.is_ended)
        client.leave_session()
        server.send(SAVE)
        assert server.wait_for("/error", SAVE)[1] == NOT_NOW
        request = client.get_request()
        assert request == OpenRequest(tmp_path / "other", "song", "Sideman.nWXYZ")
        client.accept_open(second, request)
        server.wait_for("/reply", OPEN, count=2)
        server.send(SAVE)
        server.wait_for("/reply", SAVE)
    assert (first.saves, second.saves) == (0, 1)
    assert len(server.find(ANNOUNCE)) == 1


def test_a_session_that_cannot_be_opened_leaves_the_last_one_playing_and_unharmed(
    server: SessionServer, tmp_path: Path
) -> None:
    session = SavedSession()
    is_broken = [True]

    def check(_: OpenRequest) -> None:
        if is_broken[0]:
            raise ConfigError("preset.toml: line 1", "correct it")

    address = find_session_manager({"NSM_URL": server.get_url()})
    assert address is not None
    with NsmClient(address, None, check) as client:
        client.accept_open(session, client.wait_for_open(HANG_S))
        server.send_open(tmp_path / "broken", "Sideman.nWXYZ")
        assert server.wait_for("/error", OPEN) == (OPEN, BAD_PROJECT, "preset.toml: line 1; correct it")
        assert not session.is_ended
        server.send(SAVE)
        assert server.wait_for("/error", SAVE)[1] == NO_SESSION_OPEN
        assert session.saves == 0
        is_broken[0] = False
        server.send_open(tmp_path / "whole", "Sideman.nWXYZ")
        until("the end of the sidecar", lambda: session.is_ended)


def test_a_request_that_comes_twice_is_answered_once_and_another_one_is_put_off(
    server: SessionServer, tmp_path: Path
) -> None:
    with join_session(server) as client:
        request = client.wait_for_open(HANG_S)
        assert request is not None
        server.send_open(request.folder, request.client)
        server.send_open(tmp_path / "other", "Sideman.nWXYZ")
        assert server.wait_for("/error", OPEN)[1] == NOT_NOW
        client.accept_open(SavedSession(), request)
        server.send(SAVE)
        server.wait_for("/reply", SAVE)
    assert len(server.find("/reply", OPEN)) == 1


def test_without_an_open_session_it_runs_on_its_own_until_there_is_one(tmp_path: Path) -> None:
    alone = SavedSession(SessionClosedError("no session is open"))
    with SessionServer(None) as server, join_session(server) as client:
        assert client.wait_for_open(HANG_S) is None
        client.accept_open(alone, None)
        server.send(SAVE)
        assert server.wait_for("/error", SAVE)[1] == NO_SESSION_OPEN
        server.send_open(tmp_path / "late", "Sideman.nLATE")
        until("the end of the sidecar without a session", lambda: alone.is_ended)
        assert server.find("/reply", OPEN) == []


def test_an_open_that_comes_while_it_starts_without_one_is_answered_by_the_next_sidecar(tmp_path: Path) -> None:
    alone, second = SavedSession(), SavedSession()
    with SessionServer(None) as server, join_session(server) as client:
        assert client.wait_for_open(HANG_S) is None
        server.send_open(tmp_path / "late", "Sideman.nLATE")
        until("the request", lambda: client.get_request() is not None)
        client.accept_open(alone, None)
        assert alone.is_ended
        assert server.find("/reply", OPEN) == []
        client.accept_open(second, client.get_request())
        server.wait_for("/reply", OPEN)


def test_nobody_at_the_address_is_said_and_it_runs_on_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with SessionServer(tmp_path, is_silent=True) as server, join_session(server) as client:
        assert client.wait_for_open(0.01) is None
    assert "no session manager answers" in caplog.text


@pytest.mark.parametrize("args", [(), ("/a",), ("/a", "b", 3), ("/a", "b", "c", "d"), (1, 2, 3)])
def test_an_open_with_other_arguments_is_refused(server: SessionServer, args: tuple[str | int, ...]) -> None:
    session = SavedSession()
    with open_session(server, session):
        server.send(OPEN, *args)
        assert server.wait_for("/error", OPEN)[1] == GENERAL
    assert not session.is_ended


def test_what_is_no_message_of_the_server_changes_nothing(server: SessionServer) -> None:
    session = SavedSession()
    with open_session(server, session), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(encode(SAVE, ()), server.peer)
        for datagram in (b"", b"x", b"#bundle\0", b"/nsm/client/save\0\0\0"):
            server._socket.sendto(datagram, server.peer)
        for address in ("/nsm/client/session_is_loaded", "/nsm/client/unknown", "/reply", "/error", "/x"):
            server.send(address)
        server.send("/nsm/client/show_optional_gui")
        server.send("/nsm/client/hide_optional_gui")
        server.send(SAVE)
        server.wait_for("/reply", SAVE)
    assert session.saves == 1


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("/usr/bin/sideman", "sideman"),
        ("sideman", "sideman"),
        ("/x/sideman-2", "sideman-2"),
        ("/x/bridge/__main__.py", "sideman"),
        ("-c", "sideman"),
        ("", "sideman"),
    ],
)
def test_the_announced_program_is_what_a_server_can_start_again(program: str, name: str) -> None:
    assert find_executable(program) == name
