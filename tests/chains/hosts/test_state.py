"""Tests of states: saved by Pedalboard, loaded by both hosts, refused where they are of another plugin."""

from __future__ import annotations

import base64

import pytest

from chains.document.chain import Chain, Member
from chains.process.verdict import PluginError
from tests.chains.hosts.host_session import HostSession, make_noise, measure_difference_db
from tests.chains.plugins import InstalledPlugin


@pytest.fixture
def state(hosts: HostSession, installed_plugin: InstalledPlugin) -> str:
    """A state of ZamCompX2 that was set away from its first values."""
    installed_plugin("ZamCompX2", "vst3")
    hosts.load(Member(name="comp", plugin="ZamCompX2", format="vst3", parameters={"Threshold": -33.0, "Ratio": 12.0}))
    return hosts.process.save_state("comp").state


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_a_state_restores_every_parameter_in_both_hosts(hosts: HostSession, state: str, host: str) -> None:
    hosts.load(Member(name="comp", plugin="ZamCompX2", format="vst3", state=state), host=host)
    found = {one.name: one.text for one in hosts.process.read_parameters("comp").parameters}
    assert float(found["Threshold"]) == pytest.approx(-33.0, abs=1e-4)
    assert float(found["Ratio"]) == pytest.approx(12.0, abs=1e-4)


def test_a_state_sounds_the_same_in_both_hosts_and_as_its_parameters(hosts: HostSession, state: str) -> None:
    noise = make_noise(9000)
    restored = Chain(members=(Member(plugin="ZamCompX2", format="vst3", state=state),))
    written = Member(plugin="ZamCompX2", format="vst3", parameters={"Threshold": -33.0, "Ratio": 12.0})
    reference = hosts.render(Chain(members=(written,)), noise).audio
    for host in ("pedalboard", "dawdreamer"):
        assert measure_difference_db(hosts.render(restored, noise, host=host).audio, reference) == -240.0


def test_parameters_are_set_behind_the_state(hosts: HostSession, state: str) -> None:
    hosts.load(Member(name="comp", plugin="ZamCompX2", format="vst3", state=state, parameters={"Threshold": -10.0}))
    found = {one.name: one.text for one in hosts.process.read_parameters("comp").parameters}
    assert float(found["Threshold"]) == pytest.approx(-10.0, abs=1e-4)
    assert float(found["Ratio"]) == pytest.approx(12.0, abs=1e-4)


def test_both_instances_of_a_mono_plugin_get_the_state(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    installed_plugin("ZamComp", "vst3")
    hosts.load(Member(name="comp", plugin="ZamComp", format="vst3", parameters={"Threshold": -40.0}))
    state = hosts.process.save_state("comp").state
    noise = make_noise(9000)
    noise[1] = noise[0]
    rendered = hosts.render(Chain(members=(Member(plugin="ZamComp", format="vst3", state=state),)), noise)
    assert measure_difference_db(rendered.audio[:1], rendered.audio[1:]) == -240.0
    assert measure_difference_db(rendered.audio, noise) > -40.0


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_the_state_of_another_plugin_is_refused(
    hosts: HostSession, installed_plugin: InstalledPlugin, state: str, host: str
) -> None:
    installed_plugin("ZaMaximX2", "vst3")
    hosts.load(Member(name="max", plugin="ZaMaximX2", format="vst3"), host=host)
    with pytest.raises(PluginError) as caught:
        hosts.process.load_state("max", state)
    assert (caught.value.plugin, caught.value.step) == ("max", "state")
    assert "sideman chain capture" in caught.value.hint


@pytest.mark.parametrize("bad", [b"", b"VST3", b"garbage" * 20], ids=["empty", "cut", "garbage"])
def test_a_damaged_state_is_refused(hosts: HostSession, state: str, bad: bytes) -> None:
    hosts.load(Member(name="comp", plugin="ZamCompX2", format="vst3"))
    data = base64.b64decode(state)[:60] if bad == b"VST3" else bad
    if not data:
        assert hosts.process.load_state("comp", "").state != ""  # without a state it is asked for
        return
    with pytest.raises(PluginError):
        hosts.process.load_state("comp", base64.b64encode(data).decode())


def test_effects_have_no_state(hosts: HostSession, state: str) -> None:
    hosts.load(Member(effect="Gain"))
    assert hosts.process.save_state("Gain").state == ""
    with pytest.raises(PluginError, match="a built-in effect has none"):
        hosts.process.load_state("Gain", state)
