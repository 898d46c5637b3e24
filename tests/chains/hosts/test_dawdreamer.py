"""Tests of what only DawDreamer does: tempo, sidechains, Faust code, instruments, VST2 and LV2 with any channels."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from chains.document.chain import Chain, Member, ParameterValue
from chains.process.messages import MidiNote
from chains.process.verdict import PluginError
from tests.chains.hosts.host_session import (
    RATE,
    HostSession,
    find_peaks,
    make_impulse,
    make_noise,
    measure_difference_db,
)
from tests.chains.plugins import InstalledPlugin

AT = 1000
ECHO: dict[str, ParameterValue] = {"Sync BPM": True, "Divisor": 3.0, "LPF": 20_000.0}
KEYED: dict[str, ParameterValue] = {"Threshold": -40.0, "Ratio": 20.0, "Sidechain": True}
GAIN = 'gain = hslider("Gain", 1, 0, 2, 0.01);\nprocess = _*gain, _*gain;'


@pytest.mark.parametrize(("tempo_bpm", "echo"), [(120.0, 24_000), (90.0, 32_000), (140.0, 20_571)])
def test_an_echo_follows_the_tempo(
    hosts: HostSession, installed_plugin: InstalledPlugin, tempo_bpm: float, echo: int
) -> None:
    installed_plugin("ZamDelay", "vst3")
    member = Member(plugin="ZamDelay", format="vst3", follows_tempo=True, parameters=ECHO)
    impulse = make_impulse(48_000, AT, 0.5)
    rendered = hosts.render(Chain(members=(member,)), impulse, tempo_bpm=tempo_bpm)
    assert abs(find_peaks(rendered.audio[:, AT + 100 :], 0.02)[0] + 100 - echo) <= 2


@pytest.mark.parametrize(("later_bpm", "echo"), [(90.0, 32_000), (120.0, 24_000)])
def test_an_echo_follows_the_beats_of_a_song(
    hosts: HostSession, installed_plugin: InstalledPlugin, later_bpm: float, echo: int
) -> None:
    installed_plugin("ZamDelay", "vst3")
    member = Member(plugin="ZamDelay", format="vst3", follows_tempo=True, parameters=ECHO)
    beats_s = (0.3, 0.3 + 60 / 90, *(0.3 + 60 / 90 + beat * 60 / later_bpm for beat in range(1, 5)))
    rendered = hosts.render(Chain(members=(member,)), make_impulse(144_000, 72_000, 0.5), beats_s=beats_s)
    assert abs(find_peaks(rendered.audio[:, 72_100:], 0.02)[0] + 100 - echo) <= 2


def test_a_tempo_that_is_not_known_is_refused(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    installed_plugin("ZamDelay", "vst3")
    member = Member(plugin="ZamDelay", format="vst3", follows_tempo=True)
    with pytest.raises(PluginError, match="follows the tempo, and none is known"):
        hosts.render(Chain(members=(member,)), make_impulse(4800, AT))


def measure_level_db(audio: Audio) -> float:
    """The level of a signal, RMS, in dB."""
    return float(10.0 * np.log10(np.mean(np.square(audio))))


@pytest.mark.parametrize(("format", "id"), [("vst2", ""), ("lv2", "urn:zamaudio:ZamCompX2")])
def test_a_sidechain_ducks_the_signal(
    hosts: HostSession, installed_plugin: InstalledPlugin, format: str, id: str
) -> None:
    installed_plugin("ZamCompX2", format)
    times = np.arange(2 * RATE) / RATE
    steady = np.tile(np.sin(2 * np.pi * 440 * times) * 0.3, (2, 1)).astype(np.float32)
    key = np.tile(np.sin(2 * np.pi * 100 * times) * 0.9 * (times > 1), (2, 1)).astype(np.float32)
    member = Member(plugin="ZamCompX2", format=format, id=id, sidechain="drums", parameters=KEYED)  # type: ignore[arg-type]
    rendered = hosts.render(Chain(members=(member,)), steady, sidechains={"drums": key})
    before, behind = (measure_level_db(rendered.audio[:, start : start + 24_000]) for start in (24_000, 72_000))
    assert before == pytest.approx(measure_level_db(steady), abs=0.5)
    assert behind < before - 25.0

    with pytest.raises(PluginError, match="its sidechain 'drums' is missing"):
        hosts.render(Chain(members=(member,)), steady)


@pytest.mark.parametrize("key", ["a", "a, b"], ids=["one input", "two inputs"])
def test_faust_code_gets_its_sidechain_behind_the_signal(hosts: HostSession, key: str) -> None:
    steady, loud = np.ones((2, 4800), np.float32), np.full((2, 2400), 0.25, np.float32)
    loud[1] = 0.75
    code = f"duck(l, r, {key}) = l - k, r - k with {{ k = (a + {'b' if 'b' in key else 'a'}) / 2; }};\nprocess = duck;"
    member = Member(name="duck", faust=code, sidechain="drums")
    rendered = hosts.render(Chain(members=(member,)), steady, sidechains={"drums": loud})
    assert measure_difference_db(rendered.audio[:, :2400], steady[:, :2400] * np.float32(0.5)) < -120.0
    assert measure_difference_db(rendered.audio[:, 2400:], steady[:, 2400:]) == -240.0
    with pytest.raises(PluginError, match="its sidechain 'drums' is missing"):
        hosts.render(Chain(members=(member,)), steady)


def test_a_vst3_without_a_sidechain_input_is_refused_with_the_way_out(
    hosts: HostSession, installed_plugin: InstalledPlugin
) -> None:
    installed_plugin("ZamCompX2", "vst3")
    with pytest.raises(PluginError, match="no sidechain input") as caught:
        hosts.load(Member(plugin="ZamCompX2", format="vst3", sidechain="drums"))
    assert "VST2 or LV2" in caught.value.hint


@pytest.mark.parametrize(("format", "id"), [("vst2", ""), ("lv2", "urn:zamaudio:ZamCompX2")])
def test_vst2_and_lv2_sound_as_the_vst3(
    hosts: HostSession, installed_plugin: InstalledPlugin, format: str, id: str
) -> None:
    installed_plugin("ZamCompX2", format)
    parameters: dict[str, ParameterValue] = {"Threshold": -20.0, "Ratio": 10.0, "Makeup": 3.0}
    other = Member(plugin="ZamCompX2", format=format, id=id, parameters=parameters)  # type: ignore[arg-type]
    noise = make_noise(24_000)
    rendered, reference = (
        hosts.render(Chain(members=(one,)), noise)
        for one in (other, Member(plugin="ZamCompX2", format="vst3", parameters=parameters))
    )
    assert measure_difference_db(rendered.audio, reference.audio) == -240.0


@pytest.mark.parametrize(
    ("plugin", "extra", "warning"),
    [("3BandSplitter", 4, "6 outputs: the first two are used"), ("AmplitudeImposer", 0, "4 inputs: those behind")],
)
def test_channels_that_are_left_out_are_said(
    hosts: HostSession, installed_plugin: InstalledPlugin, plugin: str, extra: int, warning: str
) -> None:
    installed_plugin(plugin, "vst2")
    facts = hosts.load(Member(plugin=plugin, format="vst2")).members[0]
    assert facts.extra_outputs == extra
    assert warning in facts.warnings[0]


def test_a_reverb_starts_from_silence_each_time(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    installed_plugin("MVerb", "vst2")
    noise, process = make_noise(24_000), hosts.process
    first = hosts.render(Chain(members=(Member(plugin="MVerb", format="vst2", parameters={"Mix": 100.0}),)), noise)
    assert np.array_equal(hosts.render_again(noise), first.audio)

    values = {"Mix": 0.5}
    process.read_parameters("MVerb", values)  # type: ignore[arg-type]
    changed = hosts.render_again(noise)
    assert not np.array_equal(changed, first.audio)
    assert np.array_equal(hosts.render_again(noise), changed)


@pytest.mark.parametrize("plugin", ["MaBitcrush", "MaPitchshift"])
def test_one_input_gets_the_mean_of_both_channels(
    hosts: HostSession, installed_plugin: InstalledPlugin, plugin: str
) -> None:
    installed_plugin(plugin, "vst2")
    chain = Chain(members=(Member(plugin=plugin, format="vst2"),))
    noise = make_noise(24_000)
    rendered = hosts.render(chain, noise)
    assert rendered.loaded.members[0].warnings == ("one input: it gets the mean of left and right",)
    assert np.abs(rendered.audio).max() > 1e-3
    mean = np.tile(noise.mean(axis=0, dtype=np.float32), (2, 1))
    assert np.array_equal(hosts.render_again(mean), rendered.audio)


def test_an_instrument_plays_its_notes(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    installed_plugin("amsynth", "vst2")
    member = Member(plugin="amsynth", format="vst2", is_instrument=True)
    silence = np.zeros((2, 72_000), np.float32)
    notes = (MidiNote(0.5, 0.5, 60, 100), MidiNote(1.0, 0.2, 67, 90))
    rendered = hosts.render(Chain(members=(member,)), silence, notes=notes)
    assert abs(find_peaks(rendered.audio)[0] - RATE // 2) <= 64
    assert find_peaks(hosts.render(Chain(members=(member,)), silence).audio) == []
    with pytest.raises(PluginError, match="it is an instrument"):
        hosts.load(Member(plugin="amsynth", format="vst2"))


def test_faust_code_is_compiled_and_its_parameters_are_set(hosts: HostSession) -> None:
    noise = make_noise(4800)
    member = Member(faust=GAIN, parameters={"Gain": 0.5})
    rendered = hosts.render(Chain(members=(member,)), noise)
    assert measure_difference_db(rendered.audio, noise * np.float32(0.5)) == -240.0
    found = hosts.process.read_parameters("Faust").parameters[0]
    assert (found.name, found.low, found.high, found.raw) == ("Gain", 0.0, 2.0, 0.25)
    with pytest.raises(PluginError, match=r"no parameter 'Gian'; did you mean Gain\?"):
        hosts.process.read_parameters("Faust", {"Gian": "1"})
    with pytest.raises(PluginError, match="Gain does not take '3'; give 0 to 2"):
        hosts.process.read_parameters("Faust", {"Gain": "3"})
    with pytest.raises(PluginError, match="does not know the units of Faust code; give 0 to 2; write the number alone"):
        hosts.process.read_parameters("Faust", {"Gain": "1 dB"})


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("gain = 1;\nprocess = _ :: _;", "line 2: ERROR : syntax error"),
        ("process = _;", "1 inputs and 1 outputs"),
    ],
    ids=["syntax", "channels"],
)
def test_faust_code_with_an_error_is_refused_and_the_next_program_runs(
    hosts: HostSession, code: str, message: str
) -> None:
    with pytest.raises(PluginError) as caught:
        hosts.load(Member(faust=code))
    assert message in str(caught.value)
    noise = make_noise(4800)
    assert measure_difference_db(hosts.render(Chain(members=(Member(faust=GAIN),)), noise).audio, noise) == -240.0
