"""Closing a client: a server that does not answer is given up, and the process says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bridge.drivers import clients
from bridge.drivers.clients import HungServerError, close_client, open_client
from bridge.drivers.libjack import library_name

if library_name() is None:
    pytest.skip("libjack is not installed", allow_module_level=True)


class HangingClient:
    """A client whose ``deactivate`` waits for ever, as libjack of PipeWire 0.3.65 does when it holds its own lock."""

    name = "stuck"

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def deactivate(self, ignore_errors: bool) -> None:
        self.may_go_on.wait()

    def close(self, ignore_errors: bool) -> None:
        pass


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingClient]:
    monkeypatch.setattr(clients, "CLOSE_S", 0.05)
    monkeypatch.setattr(clients, "_hung", [])
    client = HangingClient()
    yield client
    client.may_go_on.set()


def test_a_client_that_does_not_close_is_given_up_with_a_sentence(hanging: HangingClient) -> None:
    with pytest.raises(HungServerError, match="did not let the client 'stuck' go") as refused:
        close_client(hanging)
    assert "restart the server" in refused.value.hint
    assert not refused.value.is_bad_input


def test_after_that_no_client_is_opened_in_this_process(hanging: HangingClient) -> None:
    with pytest.raises(HungServerError):
        close_client(hanging)
    with pytest.raises(HungServerError, match="stuck"):
        open_client("other", "sideman-no-such-server")


def test_a_client_that_closes_leaves_nothing_behind(hanging: HangingClient) -> None:
    hanging.may_go_on.set()
    close_client(hanging)
    assert clients._hung == []
