"""Tests of states: saved by Pedalboard, loaded by both hosts, refused where they are of another plugin."""

from __future__ import annotations

import base64

import pytest

from chains.document.chain import Chain, Member
from chains.hosts.ignored_state import read_juce_part
from chains.process.verdict import PluginError
from tests.chains.hosts.host_session import HostSession, make_noise, measure_difference_db
from tests.chains.hosts.test_alignment import make_fixture
from tests.chains.plugins import FixturePlugin, InstalledPlugin, make_fixture_state


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


@pytest.mark.parametrize(
    ("mode", "gain", "is_said"),
    [("nostate", 0.8, True), ("nostate", 0.5, False), ("gain", 0.8, False), ("gain", 0.5, False)],
    ids=["ignored", "of the defaults", "changed", "as before"],
)
@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_a_state_that_the_plugin_ignores_is_said(
    hosts: HostSession, fixture_plugin: FixturePlugin, host: str, mode: str, gain: float, is_said: bool
) -> None:
    state = base64.b64encode(make_fixture_state(mode, gain)).decode()
    values = {"Gain": 2 * gain, "Lookahead": 0.0}
    member = make_fixture(fixture_plugin(mode), mode, state=state, parameters=values)
    warnings = hosts.load(member, host=host).members[0].warnings
    wanted = "it ignores its state: loading it changed nothing (Gain 1.0000 instead of 1.6). Only the parameters"
    assert [one[: len(wanted)] for one in warnings] == [wanted] * is_said


def test_a_state_with_another_value_than_the_chain_is_not_said_to_be_ignored(hosts: HostSession, state: str) -> None:
    for host in ("pedalboard", "dawdreamer"):
        member = Member(name="comp", plugin="ZamCompX2", format="vst3", state=state, parameters={"Threshold": -10.0})
        assert hosts.load(member, host=host).members[0].warnings == ()


@pytest.mark.parametrize("data", [b"", b"\0", b"ab", bytes(range(256)), b"\xff" * 7])
def test_the_part_of_the_processor_is_read_in_the_form_of_juce(data: bytes) -> None:
    figures = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
    bits = int.from_bytes(data, "little")
    text = "".join(figures[bits >> 6 * place & 63] for place in range((8 * len(data) + 5) // 6))
    assert read_juce_part(f"<IComponent>{len(data)}.{text}</IComponent>".encode()) == data
    # as JUCE wrote it for the fixture plugin
    written = b"VC2!<VST3PluginState><IComponent>16......b8nn+C...........</IComponent><IEditController>0.</IEdit"
    assert read_juce_part(written) == b"\0\0\0\0\xd7\xa3\xe8?" + bytes(8)


def test_effects_have_no_state(hosts: HostSession, state: str) -> None:
    hosts.load(Member(effect="Gain"))
    assert hosts.process.save_state("Gain").state == ""
    with pytest.raises(PluginError, match="a built-in effect has none"):
        hosts.process.load_state("Gain", state)
