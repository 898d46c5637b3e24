"""Session manager: a sidecar's whole life in sessions, as a process on jackd that NSM_URL starts without arguments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.drivers.clients import open_client
from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.nsm.session_server import OPEN, SAVE, SessionServer
from tests.nsm.terminal_program import write_terminal
from tests.offline_sidecar import NO_ENGINES
from tests.ports import free_port
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

BAD_PROJECT, GENERAL = -9, -1


@contextmanager
def start_member(
    folder: Path, server: DummyServer | str, manager: SessionServer, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """``sideman`` as a session manager starts it: by its name alone."""
    home = folder / "config"
    home.mkdir(exist_ok=True)
    name = server if isinstance(server, str) else server.name
    settings = f'schema = 1\n[jack]\nserver = "{name}"\n[osc]\nport = {port}\n{NO_ENGINES}'
    (home / "sideman.toml").write_text(settings + "[controllers]\nmidi = false\nmcu = false\n[jobs]\nenabled = false\n")
    programs = write_terminal(folder / "bin").parent
    env = os.environ | {
        CONFIG_HOME_VARIABLE: str(home),
        "NSM_URL": manager.get_url(),
        "DISPLAY": ":none",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    program = Path(sys.executable).with_name("sideman")
    with subprocess.Popen([program], env=env, cwd=folder, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def list_clients(server: DummyServer) -> set[str]:
    with open_client("watcher", server.name) as client:
        return {port.name.partition(":")[0] for port in client.get_ports(is_audio=True)} - {"system"}


def test_a_session_is_opened_saved_switched_and_comes_back(module_server: DummyServer, tmp_path: Path) -> None:
    first, second = tmp_path / "song" / "Sideman.nABCD", tmp_path / "other" / "Sideman.nWXYZ"
    port = free_port()
    with ExitStack() as stack:
        manager = stack.enter_context(SessionServer(tmp_path / "song"))
        process = stack.enter_context(start_member(tmp_path, module_server, manager, port))
        manager.wait_for("/reply", OPEN)
        manager.wait_for("/nsm/client/gui_is_hidden")
        assert manager.was_expected
        assert list_clients(module_server) == {"Sideman.nABCD"}
        assert not first.exists()
        client = stack.enter_context(OscClient("127.0.0.1", port))

        client.send("/stems/vocals/mute", 1)
        manager.wait_for("/nsm/client/is_dirty")
        manager.send(SAVE)
        manager.wait_for("/reply", SAVE)
        manager.wait_for("/nsm/client/is_clean", count=2)
        assert "vocals.mute = true" in (first / "preset.toml").read_text()

        manager.send("/nsm/client/show_optional_gui")
        manager.wait_for("/nsm/client/gui_is_shown")
        manager.send("/nsm/client/hide_optional_gui")
        manager.wait_for("/nsm/client/gui_is_hidden", count=2)

        manager.send_open(second, "Sideman.nWXYZ", "other")
        manager.wait_for("/reply", OPEN, count=2)
        assert list_clients(module_server) == {"Sideman.nWXYZ"}
        assert client.request("/stems/vocals/mute")[0] == 0

        manager.send_open(first, "Sideman.nABCD")
        manager.wait_for("/reply", OPEN, count=3)
        assert list_clients(module_server) == {"Sideman.nABCD"}
        assert client.request("/stems/vocals/mute")[0] == 1
        assert not second.exists()

        process.send_signal(signal.SIGTERM)
        assert process.wait(HANG_S) == 0
        until("the end of its ports", lambda: list_clients(module_server) == set())
    assert manager.find("/error") == []


def test_what_cannot_be_opened_is_said_to_the_session_manager(tmp_path: Path) -> None:
    folder = tmp_path / "song" / "Sideman.nABCD"
    with SessionServer(tmp_path / "song") as manager:
        with start_member(tmp_path, "nobody-home", manager, free_port()) as process:
            assert manager.wait_for("/error", OPEN)[1] == GENERAL
            assert process.wait(HANG_S) != 0
        assert "no JACK server 'nobody-home'" in str(manager.find("/error", OPEN)[0][2])
        folder.mkdir(parents=True)
        (folder / "session.toml").write_text("schema = 7\n")
        with start_member(tmp_path, "nobody-home", manager, free_port()) as process:
            assert manager.wait_for("/error", OPEN, count=2)[1] == BAD_PROJECT
            assert process.wait(HANG_S) != 0
        assert "session.toml: schema" in str(manager.find("/error", OPEN)[1][2])
