"""Doctor: each problem comes with its fix, and the checks run with nothing installed."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bridge.controllers.mappings.mapping_reader import never
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.doctor import (
    Finding,
    controller_checks,
    exit_code,
    jack_checks,
    machine_checks,
    probe,
    render,
    run_checks,
    to_json,
)
from bridge.doctor.probe import ServerFigures, ask_server
from bridge.installed_controls import make_registry
from bridge.printing import Printer
from bridge.settings import ControllerSettings, EngineSettings, JackSettings, OscSettings, Settings
from engines.synth.fluidsynth import load_library
from tests.conftest import StartServer
from tests.controllers.fake_midi import FakeSystem

FIGURES = ServerFigures(rate=44100, period=128, realtime=True, cpu_load=3.0)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture
def no_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without jackd and without libjack, for this process and its children."""
    (tmp_path / "jack.py").write_text('raise OSError("JACK library not found")\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(jack_checks.check_libjack, "__defaults__", (lambda: None,))


# --- the whole round ------------------------------------------------------------------------------------------


def test_every_finding_has_a_name_of_its_own_and_each_lack_a_fix_in_one_line(no_system: None) -> None:
    findings = run_checks()
    assert len(by_name(findings)) == len(findings)
    for finding in findings:
        assert finding.detail
        assert "\n" not in finding.fix
        assert finding.fix or finding.state == "ok" or finding.name == "semaphores", finding


def test_without_jack_the_doctor_names_what_to_install_and_fails(no_system: None) -> None:
    findings = run_checks()
    found = by_name(findings)
    for name in ("libjack", "jackd"):
        assert found[name].state == "missing"
        assert "apt-get install jackd2" in found[name].fix
        assert "brew install jack" in found[name].fix
    assert found["JACK server"].state == "missing"
    assert exit_code(findings) == 1


def test_without_jack_the_rest_is_examined_all_the_same(no_system: None) -> None:
    assert {"Python", "engines", "realtime", "OSC port"} <= set(by_name(run_checks()))


@pytest.mark.live
def test_a_running_server_is_found_with_its_rate_and_period(jack_server: StartServer) -> None:
    server = jack_server(rate=48000, period=256)
    findings = by_name(run_checks(Settings(jack=JackSettings(server=server.name))))
    assert "48000 Hz, 256 frames" in findings["JACK server"].detail
    assert findings["JACK server"].state != "missing"
    assert findings["jackd"].state == "ok"


# --- how it is shown ------------------------------------------------------------------------------------------


def test_warnings_do_not_fail_but_one_missing_thing_does() -> None:
    fine = [Finding("a", "ok", "x"), Finding("b", "warn", "x", "y")]
    assert exit_code(fine) == 0
    assert exit_code([*fine, Finding("c", "missing", "x", "y")]) == 1


def test_the_table_shows_state_detail_and_fix() -> None:
    console = Printer(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(render([Finding("jackd", "missing", "not [b]installed", "apt-get install jackd2")]))
    text = console.export_text()
    assert "missing" in text and "jackd" in text
    assert "not [b]installed" in text, "markup in a detail is text"
    assert "→ apt-get install jackd2" in text


def test_json_tells_whether_all_is_ready_and_lists_the_findings() -> None:
    data = json.loads(json.dumps(to_json([Finding("a", "ok", "x"), Finding("b", "missing", "y", "z")])))
    assert data["ready"] is False
    assert data["findings"][1] == {"name": "b", "state": "missing", "detail": "y", "fix": "z"}


# --- JACK -----------------------------------------------------------------------------------------------------


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


# --- the machine ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "capable", "state"),
    [
        (8 << 20, False, "warn"),
        (8 << 20, True, "ok"),
        (resource.RLIM_INFINITY, False, "ok"),
        (1 << 30, False, "ok"),
    ],
)
def test_memory_locking_is_judged_by_limit_and_capability(limit: int, capable: bool, state: str) -> None:
    assert machine_checks.check_memory_lock(limit, capable, "fix").state == state


@pytest.mark.parametrize(("priority", "capable", "state"), [(0, False, "warn"), (0, True, "ok"), (95, False, "ok")])
def test_realtime_rights_are_judged_by_limit_and_capability(priority: int, capable: bool, state: str) -> None:
    assert machine_checks.check_realtime(priority, capable, "fix").state == state


def test_a_priority_that_is_refused_is_a_warning_with_the_fix_of_rights() -> None:
    finding = machine_checks.check_worker_priority(
        PermissionError(1, "Operation not permitted"), False, "join the group"
    )
    assert (finding.state, finding.fix) == ("warn", "join the group")
    assert "Operation not permitted" in finding.detail
    assert machine_checks.check_worker_priority(None, False, "join the group").state == "ok"


def test_a_priority_that_is_refused_in_spite_of_the_rights_has_another_fix() -> None:
    finding = machine_checks.check_worker_priority(
        PermissionError(1, "Operation not permitted"), True, "join the group"
    )
    assert "control group" in finding.fix
    assert "join the group" not in finding.fix


@pytest.mark.skipif(sys.platform != "linux", reason="scheduling is a process's own elsewhere")
def test_trying_for_priority_leaves_the_doctor_as_it_was() -> None:
    before = os.sched_getscheduler(0)
    machine_checks.try_priority()
    assert os.sched_getscheduler(0) == before
    assert machine_checks.try_priority(10_000) is not None  # no such priority: what the system says is handed on


@pytest.mark.skipif(sys.platform != "linux", reason="limits.d is Linux's")
def test_the_fix_of_rights_names_only_the_steps_that_are_left(tmp_path: Path) -> None:
    assert "dpkg-reconfigure" in machine_checks.describe_rights_fix(True, tmp_path)
    (tmp_path / "other.conf").write_text("@video - rtprio 95\n# @audio - rtprio 95\n")
    assert "dpkg-reconfigure" in machine_checks.describe_rights_fix(True, tmp_path)
    (tmp_path / "audio.conf").write_text("@audio   -  rtprio     95\n@audio - memlock unlimited\n")
    assert machine_checks.describe_rights_fix(True, tmp_path) == "log in again"
    assert machine_checks.describe_rights_fix(False, tmp_path) == 'sudo usermod -aG audio "$USER", log in again'


def test_a_slow_governor_is_a_warning_and_none_is_not(tmp_path: Path) -> None:
    assert machine_checks.check_governor(tmp_path).state == "ok"
    for cpu, governor in enumerate(("performance", "powersave")):
        folder = tmp_path / f"cpu{cpu}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(governor + "\n")
    finding = machine_checks.check_governor(tmp_path)
    assert (finding.state, finding.detail) == ("warn", "performance, powersave")


def test_missing_semaphores_are_a_warning() -> None:
    assert machine_checks.check_semaphores(False).state == "warn"
    assert machine_checks.check_semaphores(True).state == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_a_missing_sequencer_is_a_warning(tmp_path: Path) -> None:
    assert machine_checks.check_midi(tmp_path / "seq").state == "warn"
    assert machine_checks.check_midi(tmp_path).state == "ok"


def test_devices_are_shown_with_their_mappings_and_those_that_may_stay_dark(tmp_path: Path) -> None:
    system = FakeSystem()
    system.inputs = [
        "Midi Through:Midi Through Port-0 14:0",
        "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0",
        "Strange Box 28:0",
    ]
    store = MappingStore(make_registry(Settings()), never)
    store.update()
    finding = controller_checks.describe_devices(system, store.mappings)
    assert finding.state == "ok"
    assert "nanoKONTROL2 MIDI 1 24:0 (korg_nanokontrol2)" in finding.detail
    assert "without a mapping: Strange Box 28:0" in finding.detail
    assert "Through" not in finding.detail
    assert "stays dark" in finding.fix
    system.inputs = []
    assert controller_checks.describe_devices(system, store.mappings).detail == "no MIDI device is plugged in"


def test_a_refused_mapping_is_a_warning_with_its_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mappings").mkdir()
    text = 'schema = 1\nname = "x"\n[device]\ninput.linux = ["x"]\n[[input]]\nmidi = "cc 200"\nencoder = "absolute"\n'
    (tmp_path / "mappings" / "x.toml").write_text(text)
    finding = controller_checks.check_controllers(Settings())
    assert finding.state == "warn"
    assert "x.toml: input 1" in finding.detail
    assert "sideman controllers --check" in finding.fix


def test_controllers_are_looked_for_by_the_doctor_of_any_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    assert by_name(run_checks())["controllers"].state == "ok"
    off = Settings(controllers=ControllerSettings(midi=False))
    assert "off in sideman.toml" in controller_checks.check_controllers(off).detail


def test_a_package_that_does_not_load_says_why_and_what_for() -> None:
    finding = machine_checks.check_import("x", "no_such_module_here", "MIDI controllers", "fix it")
    assert finding.state == "warn"
    assert "no_such_module_here" in finding.detail and "MIDI controllers" in finding.detail


def test_the_model_runtime_is_shown_with_its_version_and_what_it_computes_on() -> None:
    finding = by_name(run_checks())["ONNX Runtime"]
    if finding.state == "ok":
        assert version("onnxruntime") in finding.detail
        assert "computes on" in finding.detail and "CPU" in finding.detail


def test_a_cache_folder_that_cannot_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    assert machine_checks.check_numba_cache().state == "ok"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "absent"))
    finding = machine_checks.check_numba_cache()
    assert finding.state == "warn"
    assert "NUMBA_CACHE_DIR" in finding.fix


def test_a_taken_osc_port_is_a_warning_that_names_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        finding = by_name(run_checks(Settings(osc=OscSettings(port=port))))["OSC port"]
    assert finding.state == "warn"
    assert str(port) in finding.detail
    assert machine_checks.check_osc_port("127.0.0.1", port).state == "ok"


def test_an_engine_that_run_needs_and_that_is_not_there_is_missing() -> None:
    settings = Settings(engines=EngineSettings(separation="separation.nowhere"))
    finding = by_name(run_checks(settings))["engines"]
    assert finding.state == "missing"
    assert "separation.nowhere" in finding.detail
    assert finding.fix


def test_a_role_that_no_engine_fills_is_no_lack() -> None:
    assert by_name(run_checks(Settings(engines=EngineSettings(separation=""))))["engines"].state == "ok"


# --- the band's sound -----------------------------------------------------------------------------------------


def test_without_a_sound_font_the_doctor_names_the_packages_and_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font = tmp_path / "gone.sf2"
    monkeypatch.setenv("SIDEMAN_SOUND_FONT", str(font))
    monkeypatch.setattr("engines.synth.synth_engine.load_library", lambda: None)
    found = by_name(run_checks())["synth.fluid"]
    assert found.state == "warn"
    assert str(font) in found.detail
    monkeypatch.delenv("SIDEMAN_SOUND_FONT")
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("engines.synth.fonts.FONT_FOLDERS", ())
    found = by_name(run_checks())["synth.fluid"]
    assert "timgm6mb-soundfont" in found.fix
    font.touch()
    monkeypatch.setenv("SIDEMAN_SOUND_FONT", str(font))
    assert by_name(run_checks())["synth.fluid"].state == "ok"


def test_without_fluidsynth_the_doctor_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.synth.fluidsynth.ctypes.util.find_library", lambda _: None)
    monkeypatch.setattr("engines.synth.fluidsynth.BREW", ())
    load_library.cache_clear()
    try:
        found = by_name(run_checks())["synth.fluid"]
    finally:
        load_library.cache_clear()
    assert (found.state, "libfluidsynth3" in found.fix) == ("warn", True)


def test_an_engine_that_needs_nothing_has_no_finding_of_its_own() -> None:
    settings = Settings(engines=EngineSettings(synth=""))
    assert not {"synth.fluid", "mir.standard"} & set(by_name(run_checks(settings)))
