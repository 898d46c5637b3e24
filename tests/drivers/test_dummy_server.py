"""The private jackd: it starts, restarts, dies and leaves nothing behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.drivers import dummy_server
from bridge.drivers.dummy_server import PREFIX, SHM, DummyServer
from bridge.drivers.jack_registry import list_server_names
from bridge.errors import DriverError
from tests.conftest import StartServer
from tests.waiting import HANG_S

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and /dev/shm")


def leftovers(server: DummyServer) -> list[str]:
    return [path.name for path in SHM.glob("jack*") if server.name in path.name]


def segments() -> set[int]:
    """The inodes of all JACK segments in shared memory; their names are numbers that are used again."""
    found = set()
    for path in SHM.glob("jack-[0-9]*"):
        with suppress(FileNotFoundError):  # another server's, gone meanwhile
            found.add(path.stat().st_ino)
    return found


def segments_of(server: DummyServer) -> set[int]:
    """The inodes of those that ``server`` has mapped."""
    lines = Path(f"/proc/{server.process.pid}/maps").read_text().splitlines()
    return {int(line.split()[4]) for line in lines if f"{SHM}/jack-" in line and "registry" not in line}


def ask(server: DummyServer, tool: str) -> str:
    """What one of JACK's own tools says about ``server``."""
    return subprocess.run([tool], env=server.env, capture_output=True, text=True, timeout=HANG_S, check=True).stdout


@pytest.mark.live
def test_server_runs_at_the_rate_and_period_asked_for(jack_server: StartServer) -> None:
    server = jack_server(rate=48000, period=64)
    assert "48000" in ask(server, "jack_samplerate")
    assert "64" in ask(server, "jack_bufsize").split()


@pytest.mark.live
def test_servers_have_names_of_their_own_and_run_side_by_side(jack_server: StartServer) -> None:
    one, two = jack_server(period=64), jack_server(period=256)
    assert one.name != two.name
    assert one.running and two.running


@pytest.mark.live
def test_restart_keeps_the_name_and_takes_the_new_period(jack_server: StartServer) -> None:
    server = jack_server(period=128)
    name, pid = server.name, server.process.pid
    server.restart(period=512)
    assert (server.name, server.period) == (name, 512)
    assert server.process.pid != pid
    assert "512" in ask(server, "jack_bufsize").split()


@pytest.mark.live
def test_a_killed_server_can_be_restarted(jack_server: StartServer) -> None:
    server = jack_server()
    server.kill()
    assert not server.running
    server.restart()
    assert server.running


@pytest.mark.live
@needs_proc
def test_a_killed_server_leaves_no_shared_memory(jack_server: StartServer) -> None:
    other, server = jack_server(), jack_server()
    mine = segments_of(server)
    server.kill()
    assert leftovers(server)
    assert mine and mine <= segments()
    server.stop()
    assert not leftovers(server)
    assert not mine & segments()
    assert other.running and leftovers(other)
    assert "44100" in ask(other, "jack_samplerate")


@pytest.mark.live
@needs_proc
def test_dead_servers_do_not_fill_the_list_for_ever() -> None:
    """JACK lists eight servers, and one that died stays; a machine on which eight were killed started none again."""
    killed = []
    for _ in range(8):
        server = DummyServer()
        try:
            server._start()
        except dummy_server.ServerListFullError:
            break
        server.kill()
        server._sweep()
        killed.append(server.name)
    with DummyServer() as server:
        assert ask(server, "jack_samplerate").strip() == "48000"
        assert not set(killed) & set(list_server_names(PREFIX))


@pytest.mark.live
@needs_proc
def test_a_segment_that_another_server_took_over_is_left_alone(jack_server: StartServer) -> None:
    dead = jack_server()
    os.kill(dead.process.pid, signal.SIGKILL)
    dead.process.wait()
    heir = jack_server()  # jackd clears dead segments when it starts, and uses their numbers again
    dead.stop()
    assert segments_of(heir) <= segments()
    assert "44100" in ask(heir, "jack_samplerate")


@pytest.mark.live
def test_more_killed_servers_than_jack_has_room_for_block_nothing(jack_server: StartServer) -> None:
    for _ in range(9):
        with DummyServer() as server:
            server.kill()
    assert jack_server().running


@pytest.mark.live
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_server_goes_when_its_owner_is_killed(jack_server: StartServer) -> None:
    code = (
        "import sys, time\n"
        "from bridge.drivers.dummy_server import DummyServer\n"
        "with DummyServer() as server:\n"
        "    sys.stdout.write(f'{server.process.pid}\\n'); sys.stdout.flush(); time.sleep(3600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        fd = os.pidfd_open(pid)
        owner.kill()
    try:
        assert select.select([fd], [], [], HANG_S)[0], "jackd outlived its owner"
    finally:
        os.close(fd)


@pytest.mark.live
def test_a_name_that_is_taken_is_an_error_that_says_so(
    jack_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = jack_server()
    monkeypatch.setattr(dummy_server, "SHM_BYTES", 0)  # jackd refuses before it takes any
    with pytest.raises(DriverError, match="taken"), DummyServer(name=server.name):
        pass
    assert "44100" in ask(server, "jack_samplerate")


@pytest.mark.parametrize(
    "server",
    [DummyServer(rate=12_345_678), DummyServer(period=16384), DummyServer(name="a_b"), DummyServer(name="")],
    ids=["rate", "period", "underscore", "empty"],
)
def test_values_that_jackd_mistreats_are_refused(server: DummyServer) -> None:
    with pytest.raises(DriverError, match="use"), server:
        pass


def test_without_jackd_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DriverError, match=r"jackd is not installed; .*apt-get install jackd2"), DummyServer():
        pass


def test_too_little_shared_memory_is_an_error_before_jackd_dies_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dummy_server, "SHM_BYTES", 10**18)
    with pytest.raises(DriverError, match="MB free for a JACK server"), DummyServer():
        pass


def test_a_server_never_started_has_no_process() -> None:
    with pytest.raises(DriverError, match="was not started"):
        _ = DummyServer().process


@pytest.mark.live
def test_children_get_the_server_name_and_start_no_server_of_their_own(jack_server: StartServer) -> None:
    server = jack_server()
    assert server.env["JACK_DEFAULT_SERVER"] == server.name
    assert server.env["JACK_NO_START_SERVER"] == "1"
