"""Devices of a chain: each VST3 has the state that it has in the chain, and what a DAW does not get is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from chains.checks.host_session import HostSession
from chains.checks.process_session import ProcessSession
from chains.document.chain import AuxBus, Branch, Chain, Member
from chains.document.chain_file import write_chain
from chains.document.member_state import encode_state
from chains.document.vst3_preset import PROCESSOR, Vst3Preset, format_preset_bytes
from export.dawproject.chain_devices import RATE, make_chain_devices
from export.dawproject.vst_device import VstDevice
from tests.chains.conftest import config_home
from tests.chains.plugins import FixturePlugin, fixture_library, fixture_plugin, make_chain, make_fixture_state

__all__ = ["config_home", "fixture_library", "fixture_plugin"]

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"
STATE = format_preset_bytes(Vst3Preset(CLASS_ID, {PROCESSOR: b"state"}))
ZAM = Member(plugin="Zam", format="vst3", id=CLASS_ID, version="4.1", state=encode_state(STATE))


def refuse_session() -> HostSession:
    raise AssertionError("a plugin with a state and no other values needs no host")


def test_a_saved_state_is_taken_as_it_is(tmp_path: Path) -> None:
    synth = replace(ZAM, name="lead", is_instrument=True)
    found = make_chain_devices(Chain(members=(synth, replace(ZAM, bypass=True))), tmp_path, refuse_session)
    assert found.devices == (
        VstDevice("Zam", CLASS_ID, STATE, "lead", is_instrument=True, version="4.1"),
        VstDevice("Zam", CLASS_ID, STATE, "Zam", is_enabled=False, version="4.1"),
    )
    assert found.remarks == ()


def test_a_state_beside_the_chain_is_read(tmp_path: Path) -> None:
    (tmp_path / "zam.vstpreset").write_bytes(STATE)
    chain = Chain(members=(replace(ZAM, state="", state_file="zam.vstpreset", id=""),))
    write_chain(tmp_path / "x.toml", chain)
    assert make_chain_devices(chain, tmp_path, refuse_session).devices[0].state == STATE


def test_a_plugin_without_a_state_has_its_defaults(tmp_path: Path) -> None:
    found = make_chain_devices(Chain(members=(replace(ZAM, state=""),)), tmp_path, refuse_session)
    assert [device.state for device in found.devices] == [b""]


def test_what_a_daw_does_not_get_is_said(tmp_path: Path) -> None:
    chain = Chain(
        members=(
            Member(effect="Reverb"),
            Member(name="mine", faust="process = _, _;"),
            Member(plugin="Eq", format="lv2", id="urn:eq"),
            Member(name="split", branches=(Branch((ZAM,)),)),
            replace(ZAM, sidechain="drums", sends={"room": -6.0}, automation={"Gain": ((0.0, 1.0),)}),
        ),
        buses=(AuxBus("room"),),
    )
    found = make_chain_devices(chain, tmp_path, refuse_session)
    assert [device.name for device in found.devices] == ["Zam"]
    assert found.remarks == (
        "Reverb: left out: Reverb is an effect of Sideman, and no plugin",
        "mine: left out: Faust code is no plugin",
        "Eq: left out: a plugin of the format LV2; give its VST3",
        "split: left out: parallel branches do not fit into a DAW's row of plugins",
        "Zam: its sidechain is not connected: choose drums in the DAW",
        "Zam: its sends are left out: room",
        "Zam: its automation is left out: Gain",
        "bus room: left out: make a send in the DAW",
    )


def test_values_are_in_the_state(fixture_plugin: FixturePlugin, tmp_path: Path) -> None:
    state = encode_state(make_fixture_state("gain", 0.25))
    member = make_chain(fixture_plugin("gain"), state=state, parameters={"Gain": 1.5}).members[0]
    found = make_chain_devices(Chain(members=(member,)), tmp_path)
    assert found.remarks == ()
    saved = replace(member, parameters={}, state=encode_state(found.devices[0].state))
    session = ProcessSession()
    try:
        session.load(Chain(members=(saved,)), RATE)
        values = {one.name: one.raw for one in session.read_parameters(saved.label, {}).parameters}
    finally:
        session.close()
    assert values["Gain"] == pytest.approx(0.75)  # of a range from 0 to 2


def test_a_plugin_that_is_not_there_keeps_its_saved_state(tmp_path: Path) -> None:
    member = replace(ZAM, parameters={"Ratio": 8.0, "Knee": 1.0}, paths={"linux": (str(tmp_path / "no.vst3"),)})
    found = make_chain_devices(Chain(members=(member, replace(member, name="x", state="", id=""))), tmp_path)
    assert [device.state for device in found.devices] == [STATE]
    first, second = found.remarks
    assert first.startswith("Zam: could not be loaded (")
    assert first.endswith(", so it has its saved state, without: Knee, Ratio")
    assert second.startswith("x: left out: it could not be loaded (")
    assert second.endswith("and its class id is not known")
