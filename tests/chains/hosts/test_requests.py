"""Tests of requests that do not fit what is loaded, of renders that go on, and of impulse responses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import Audio
from bridge.errors import BridgeError
from chains.document.chain import Chain, Member
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.messages import RenderRequest, RenderResult
from chains.process.verdict import PluginError
from tests.chains.hosts.host_session import HostSession, make_noise, measure_difference_db

LIMITER = Member(effect="BrickwallLimiter", parameters={"ceiling_db": 0.0})
REVERB = Member(effect="Reverb")


def render_on(hosts: HostSession, audio: Audio, folder: Path, resets: bool) -> tuple[Audio, RenderResult]:
    """Render through what is loaded, without compensation."""
    source = write_segment(folder / f"{resets}-source", audio)
    sink = create_segment(folder / f"{resets}-sink", 2, audio.shape[1])
    result = hosts.process.render(RenderRequest(source, sink, 512, is_compensated=False, resets=resets))
    return np.array(map_segment(sink)), result


def test_a_render_without_a_reset_goes_on_where_the_last_one_ended(hosts: HostSession, tmp_path: Path) -> None:
    noise = make_noise(8192 * 4)
    member = Member(effect="Delay", parameters={"delay_seconds": 0.2, "feedback": 0.3})
    whole = hosts.render(Chain(members=(member,)), noise, block_frames=512, is_compensated=False).audio
    hosts.load(member)
    first, _ = render_on(hosts, noise[:, :16384], tmp_path, resets=True)
    second, _ = render_on(hosts, noise[:, 16384:], tmp_path, resets=False)
    assert measure_difference_db(np.concatenate([first, second], axis=1), whole) == -240.0


def test_a_member_that_cannot_go_on_says_so(hosts: HostSession, tmp_path: Path) -> None:
    hosts.load(Member(faust="process = _, _;", name="wire"))
    _, result = render_on(hosts, make_noise(4800), tmp_path, resets=False)
    assert result.warnings == ("wire: it takes whole signals and cannot go on where the last one ended",)


def test_audio_that_is_not_stereo_is_refused(hosts: HostSession, tmp_path: Path) -> None:
    hosts.load(LIMITER)
    source, sink = (create_segment(tmp_path / name, channels, 480) for name, channels in (("in", 1), ("out", 2)))
    with pytest.raises(PluginError, match="source and sink have 1 and 2 channels"):
        hosts.process.render(RenderRequest(source, sink))


def test_a_member_that_is_not_there_is_refused_with_those_that_are(hosts: HostSession) -> None:
    hosts.load(LIMITER, REVERB)
    with pytest.raises(PluginError, match="no such member") as caught:
        hosts.process.read_parameters("Limiter")
    assert "BrickwallLimiter, Reverb" in caught.value.hint


def test_what_is_bypassed_is_not_loaded(hosts: HostSession) -> None:
    noise = make_noise(4800)
    missing = Member(plugin="Nowhere", format="vst3", bypass=True)
    rendered = hosts.render(Chain(members=(missing, Member(effect="Invert", bypass=True))), noise)
    assert rendered.loaded.members == ()
    assert measure_difference_db(rendered.audio, noise) == -240.0


@pytest.mark.parametrize(
    ("name", "response", "message"),
    [
        ("missing.wav", None, "cannot be read"),
        ("silent.wav", np.zeros((480, 1)), "empty, silent or not finite"),
        ("nan.wav", np.full((480, 1), np.nan), "empty, silent or not finite"),
        ("three.wav", np.ones((480, 3)), "has 3 channels"),
        ("../one.wav", None, "no plain file name"),
    ],
)
def test_an_impulse_response_that_does_not_fit_is_refused(
    hosts: HostSession, name: str, response: Audio | None, message: str
) -> None:
    if response is not None:
        soundfile.write(hosts.folder / name, response, 48_000, subtype="FLOAT")
    with pytest.raises(BridgeError) as caught:
        hosts.load(Member(effect="Convolution", parameters={"impulse_response": name}))
    assert message in str(caught.value)


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_an_impulse_response_of_another_rate_keeps_its_gain(hosts: HostSession, rate: int) -> None:
    response = np.zeros((4800, 1), np.float32)
    response[1000] = 0.5
    soundfile.write(hosts.folder / "late.wav", response, 48_000, subtype="FLOAT")
    steady = np.tile(np.sin(2 * np.pi * 1000 * np.arange(rate) / rate) * 0.5, (2, 1)).astype(np.float32)
    member = Member(effect="Convolution", parameters={"impulse_response": "late.wav"})
    rendered = hosts.render(Chain(members=(member,)), steady, rate=rate)
    assert np.abs(rendered.audio[:, rate // 2 :]).max() == pytest.approx(0.25, abs=0.002)
