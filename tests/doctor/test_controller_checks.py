"""Controller checks: devices with their mappings, and mappings that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.controllers.mappings.mapping_reader import never
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.doctor import (
    controller_checks,
    run_checks,
)
from bridge.installed_controls import make_registry
from bridge.settings import ControllerSettings, Settings
from tests.controllers.fake_midi import FakeSystem
from tests.doctor.findings import by_name


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
