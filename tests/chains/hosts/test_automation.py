"""Tests of automation, and of latencies that change with it: values by beat, the same in both hosts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bridge.core.audio import Audio
from chains.document.chain import Chain, Member
from chains.process.verdict import PluginError
from tests.chains.hosts.host_session import RATE, HostSession, Rendered, find_peaks, make_noise, measure_difference_db
from tests.chains.hosts.test_alignment import make_fixture
from tests.chains.plugins import FixturePlugin, InstalledPlugin

SECONDS = 2
RAMP_DB = -67.0
"""The largest error of a ramp with a value for each 64 frames: half of the step between two of them."""
FAUST = 'gain = hslider("Gain", 1, 0, 2, 0.001);\nprocess = _*gain, _*gain;'


def ramp_error_db(audio: Audio) -> float:
    """The largest distance from a straight line from 0 to 1 in two seconds."""
    line = np.arange(audio.shape[1]) / (SECONDS * RATE)
    return float(20.0 * np.log10(np.max(np.abs(audio[0] - line))))


def render_ramp(hosts: HostSession, member: Member, **options: Any) -> Rendered:
    steady = np.ones((2, SECONDS * RATE), np.float32)
    return hosts.render(Chain(members=(member,)), steady, **options)


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_a_ramp_of_a_plugin_is_straight_to_67_db(hosts: HostSession, fixture_plugin: FixturePlugin, host: str) -> None:
    member = make_fixture(fixture_plugin("gain"), "gain", automation={"Gain": ((0.0, 0.0), (4.0, 1.0))})
    rendered = render_ramp(hosts, member, host=host, tempo_bpm=120.0)
    assert ramp_error_db(rendered.audio) <= RAMP_DB


def test_a_ramp_of_faust_code_is_straight_to_67_db(hosts: HostSession) -> None:
    member = Member(faust=FAUST, automation={"Gain": ((0.0, 0.0), (4.0, 1.0))})
    assert ramp_error_db(render_ramp(hosts, member, tempo_bpm=120.0).audio) <= RAMP_DB


def test_both_hosts_automate_bit_for_bit_the_same(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    installed_plugin("ZamCompX2", "vst3")
    points = ((0.0, -40.0), (1.0, -10.0), (3.0, -30.0))
    member = Member(plugin="ZamCompX2", format="vst3", parameters={"Ratio": 10.0}, automation={"Threshold": points})
    chain, noise = Chain(members=(member,)), make_noise(SECONDS * RATE)
    one, two = (hosts.render(chain, noise, host=host, tempo_bpm=120.0) for host in ("pedalboard", "dawdreamer"))
    assert measure_difference_db(one.audio, two.audio) == -240.0
    assert measure_difference_db(one.audio, noise) > -30.0


def test_automation_follows_the_beats_of_the_song(hosts: HostSession) -> None:
    member = Member(effect="Gain", automation={"gain_db": ((0.0, -40.0), (1.0, -40.0), (1.001, 0.0))})
    rendered = render_ramp(hosts, member, beats_s=(0.25, 1.5, 1.75))
    assert abs(find_peaks(rendered.audio, 0.5)[0] - 1.5 * RATE) <= 64


def test_automation_without_beats_is_refused_with_the_fix(hosts: HostSession) -> None:
    member = Member(effect="Gain", automation={"gain_db": ((0.0, -40.0), (1.0, 0.0))})
    with pytest.raises(PluginError, match="needs the beats of the song") as caught:
        render_ramp(hosts, member)
    assert "sideman analyze" in caught.value.hint


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (1.0, 400.0))}), "out of range"),
        (Member(effect="Gain", automation={"gain": ((0.0, 0.0), (1.0, 4.0))}), "no such parameter"),
        (Member(faust=FAUST, automation={"Gain": ((0.0, 0.0), (1.0, 4.0))}), "out of range"),
        (Member(effect="PitchShift", automation={"semitones": ((0.0, 0.0), (1.0, 4.0))}), "takes no automation"),
    ],
    ids=["range", "name", "faust", "whole"],
)
def test_automation_that_does_not_fit_is_refused(hosts: HostSession, member: Member, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        render_ramp(hosts, member, tempo_bpm=120.0)


def test_what_follows_a_change_of_latency_is_aligned_to_the_new_one(
    hosts: HostSession, fixture_plugin: FixturePlugin
) -> None:
    path = fixture_plugin("latparam")
    points = ((0.0, 0.0), (2.0, 0.0), (2.001, 300.0), (4.0, 300.0))
    member = make_fixture(path, "latparam", automation={"Lookahead": points})
    impulses = np.zeros((2, SECONDS * RATE), np.float32)
    impulses[:, [12_000, 36_000, 60_000, 84_000]] = 0.5
    rendered = hosts.render(Chain(members=(member,)), impulses, tempo_bpm=120.0)
    assert find_peaks(rendered.audio) == [12_000, 36_000, 60_000, 84_000]
    assert rendered.result.latency_changes[-1][1] == 300
    assert abs(rendered.result.latency_changes[-1][0] - RATE) <= 128
    assert rendered.result.latency_frames == 300
    assert "its latency changed at frame" in rendered.result.warnings[0]


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_a_latency_that_a_parameter_sets_is_polled(
    hosts: HostSession, fixture_plugin: FixturePlugin, host: str
) -> None:
    path = fixture_plugin("latparam")
    loaded = hosts.load(make_fixture(path, "latparam", parameters={"Lookahead": 100.0}), host=host)
    assert loaded.latency_frames == 100
    assert hosts.process.read_parameters("latparam", {"Lookahead": "256"}).latency_frames == 256


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
@pytest.mark.parametrize("mode", ["nan", "inf"])
def test_what_is_not_finite_is_counted_and_silenced(
    hosts: HostSession, fixture_plugin: FixturePlugin, host: str, mode: str
) -> None:
    chain = Chain(members=(make_fixture(fixture_plugin(mode), mode), Member(effect="Reverb")))
    rendered = hosts.render(chain, make_noise(48_000), host=host, block_frames=512)
    assert rendered.result.bad_frames > 0
    assert np.isfinite(rendered.audio).all()
    assert rendered.result.bad_members == (mode,)
