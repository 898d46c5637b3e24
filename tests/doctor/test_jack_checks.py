"""JACK checks: library, server, rates, and the list of servers."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.doctor import (
    jack_checks,
    probe,
)
from bridge.doctor.probe import ServerFigures, ask_server
from tests.conftest import StartServer

FIGURES = ServerFigures(rate=44100, period=128, realtime=True, cpu_load=3.0)


def test_jackd_may_be_absent_where_another_server_answers(no_system: None) -> None:
    assert jack_checks.check_jackd(server_runs=True).state == "warn"
    assert jack_checks.check_jackd(server_runs=False).state == "missing"


def test_a_client_named_like_the_server_is_refused_before_the_server_is_asked() -> None:
    def ask(server: str, _: str) -> ServerFigures | None:
        raise AssertionError("asking joins the server, which is what must not happen")

    finding, figures = jack_checks.check_server("studio", "studio", ask)
    assert (finding.state, figures) == ("missing", None)
    assert "sideman.toml" in finding.fix


def test_the_servers_name_comes_from_the_environment_where_the_settings_have_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "studio")
    asked: list[str] = []

    def ask(server: str, _: str) -> ServerFigures | None:
        asked.append(server)
        return FIGURES

    finding, figures = jack_checks.check_server("", "sideman", ask)
    assert asked == ["studio"]
    assert (finding.state, figures) == ("ok", FIGURES)


def test_a_server_without_realtime_is_a_warning() -> None:
    figures = ServerFigures(44100, 128, realtime=False, cpu_load=0.0)
    assert jack_checks.check_server("x", "sideman", lambda *_: figures)[0].state == "warn"


def test_asking_for_a_server_that_does_not_run_starts_none() -> None:
    assert ask_server("sideman-no-such-server") is None


@pytest.mark.live
def test_a_hung_server_does_not_hang_the_doctor(jack_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_ANSWER_S", 1.0)
    server = jack_server()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        finding, figures = jack_checks.check_server(server.name, "sideman")
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert (finding.state, figures) == ("missing", None)
    assert "does not answer" in finding.detail


def test_the_probe_says_no_server_where_libjack_is_absent(no_system: None) -> None:
    done = subprocess.run(probe.COMMAND, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_rates_that_agree_are_fine_and_engines_without_one_take_any() -> None:
    assert jack_checks.check_rates(48000, {"a": (44100, 48000), "b": ()}, 48000).state == "ok"


def test_an_engine_at_another_rate_is_named_with_the_rate_to_use() -> None:
    finding = jack_checks.check_rates(48000, {"a": (44100,), "b": ()})
    assert finding.state == "warn"
    assert "a runs at 44100" in finding.detail
    assert "44100" in finding.fix


def test_a_song_at_another_rate_is_named_with_the_rate_to_use() -> None:
    finding = jack_checks.check_rates(48000, {"a": (44100, 48000)}, 44100)
    assert "the song is at 44100" in finding.detail
    assert "44100" in finding.fix


def test_engines_that_share_no_rate_are_reported() -> None:
    assert "choose engines" in jack_checks.check_rates(48000, {"a": (44100,), "b": (48000,)}).fix


def registry(*servers: tuple[int, str]) -> bytes:
    """Bytes laid out as jackd's list of servers: a pid, then the name padded with zeros."""
    slots = b"".join(struct.pack("=i", pid) + f"jack-0:{name}:".encode().ljust(257, b"\0") for pid, name in servers)
    return b"KCAJ" + bytes(20) + slots


def test_dead_names_in_jacks_list_of_servers_are_found() -> None:
    taken, dead = jack_checks.find_dead_servers(registry((10, "a"), (11, "b"), (12, "c")), alive=lambda pid: pid == 11)
    assert (taken, dead) == (3, ["a", "c"])


@pytest.mark.live
@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="this system keeps shared memory elsewhere")
def test_a_running_server_is_read_from_the_list_that_jackd_really_writes(jack_server: StartServer) -> None:
    server = jack_server()
    data = Path("/dev/shm/jack-shm-registry").read_bytes()
    assert server.name in jack_checks.find_dead_servers(data, alive=lambda pid: pid != server.process.pid)[1]


def test_a_list_full_of_dead_servers_is_a_warning_with_the_fix(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    (tmp_path / "jack-shm-registry").write_bytes(registry(*[(child.pid, f"s{n}") for n in range(8)]))
    finding = jack_checks.check_shared_memory(tmp_path)
    assert finding.state == "warn"
    assert f"rm {tmp_path}/jack-shm-registry" in finding.fix


def test_too_little_shared_memory_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_checks, "SHM_BYTES", 10**18)
    assert jack_checks.check_shared_memory(tmp_path).state == "warn"
