"""Doctor: each problem comes with its fix, and the checks run with nothing installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.doctor import Finding, exit_code, render, run_checks, to_json
from bridge.doctor.checks import run_check
from bridge.errors import BridgeError, ConfigError
from bridge.printing import Printer
from bridge.settings import JackSettings, Settings
from tests.conftest import StartServer
from tests.doctor.findings import by_name


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


@pytest.mark.parametrize("module", ["rtmidi", "numba"])
def test_a_library_that_does_not_load_ends_no_other_check(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text('raise ImportError("libasound.so.2: cannot open shared object file")\n')
    env = os.environ | {"PYTHONPATH": str(tmp_path), "SIDEMAN_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "bridge", "doctor", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    found = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    assert "libasound.so.2" in found[{"rtmidi": "python-rtmidi", "numba": "compiled callback"}[module]]["detail"]
    assert found["controllers"]["state"] == {"rtmidi": "ok", "numba": "warn"}[module]
    assert {"Mackie Control", "OSC port", "OSCQuery", "session manager", "systemd unit"} <= found.keys()


def test_a_check_that_fails_is_a_finding_and_the_next_one_is_made() -> None:
    def fail() -> Finding:
        raise BridgeError("the disk went away", "plug it in")

    (finding,) = run_check("disk", fail)
    assert (finding.name, finding.state, finding.fix) == ("disk", "warn", "plug it in")


def test_settings_that_cannot_be_read_are_a_finding_and_the_rest_is_examined() -> None:
    found = by_name(run_checks(refused=ConfigError("sideman.toml: osc.prot: unknown key", "keys here: host, port")))
    assert (found["settings file"].state, found["settings file"].fix) == ("missing", "keys here: host, port")
    assert "osc.prot" in found["settings file"].detail
    assert "OSC port" in found
