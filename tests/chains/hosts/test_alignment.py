"""Tests of alignment: branches, sends and members of any latency on one sample, in both hosts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from chains.document.chain import AuxBus, Branch, Chain, Member, ParameterValue
from tests.chains.hosts.host_session import (
    HostSession,
    find_peaks,
    make_impulse,
    make_noise,
    measure_difference_db,
)
from tests.chains.plugins import FixturePlugin, InstalledPlugin

AT = 5000
FRAMES = 12_000


def make_fixture(path: Path, mode: str, **fields: object) -> Member:
    return Member(
        name=mode,
        plugin=f"Fixture {mode}",
        format="vst3",
        paths={"linux": (str(path),)},
        **fields,  # type: ignore[arg-type]
    )


def make_maximizer(name: str = "maximizer") -> Member:
    return Member(name=name, plugin="ZaMaximX2", format="vst3")


def make_limiter(name: str = "limiter") -> Member:
    return Member(name=name, effect="BrickwallLimiter", parameters={"ceiling_db": 0.0})


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
@pytest.mark.parametrize("block_frames", [128, 512])
def test_branches_of_0_256_and_480_frames_are_on_one_sample(
    hosts: HostSession,
    fixture_plugin: FixturePlugin,
    installed_plugin: InstalledPlugin,
    host: str,
    block_frames: int,
) -> None:
    installed_plugin("ZaMaximX2", "vst3")
    late = make_fixture(fixture_plugin("latency"), "latency")
    branches = (Branch(), Branch(members=(late,)), Branch(members=(make_maximizer(),)))
    chain = Chain(members=(Member(name="split", branches=branches),))

    rendered = hosts.render(chain, make_impulse(FRAMES, AT), host=host, block_frames=block_frames)

    assert {member.latency_frames for member in rendered.loaded.members} == {256, 480}
    assert rendered.loaded.latency_frames == 480
    assert find_peaks(rendered.audio) == [AT]
    assert rendered.audio[0, AT] == pytest.approx(0.9, abs=1e-5)


def test_without_compensation_branches_are_aligned_and_the_whole_is_late(hosts: HostSession) -> None:
    chain = Chain(members=(Member(name="split", branches=(Branch(), Branch(members=(make_limiter(),)))),))
    rendered = hosts.render(chain, make_impulse(FRAMES, AT), is_compensated=False)
    assert find_peaks(rendered.audio) == [AT + 240]


@pytest.mark.parametrize("places", [("bus",), ("main",), ("bus", "main")])
def test_without_compensation_buses_are_aligned_too(hosts: HostSession, places: tuple[str, ...]) -> None:
    first = Member(effect="Gain", parameters={"gain_db": 0.0}, sends={"room": 0.0})
    second = make_limiter("second") if "main" in places else Member(effect="Gain", name="second")
    second = replace(second, sends={"room": 0.0} if "bus" in places else {})
    bus = AuxBus("room", (make_limiter(),) if "bus" in places else ())
    rendered = hosts.render(
        Chain(members=(first, second), buses=(bus,)), make_impulse(FRAMES, AT, 0.1), is_compensated=False
    )
    assert rendered.loaded.latency_frames == 240 * len(places)
    assert find_peaks(rendered.audio) == [AT + 240 * len(places)]


def test_branches_in_branches_are_aligned(hosts: HostSession) -> None:
    inner = Member(name="inner", branches=(Branch(), Branch(members=(make_limiter("one"),))))
    outer = Member(name="outer", branches=(Branch(members=(inner, make_limiter("two"))), Branch()))
    rendered = hosts.render(Chain(members=(outer,)), make_impulse(FRAMES, AT))
    assert rendered.loaded.latency_frames == 480
    assert find_peaks(rendered.audio) == [AT]


@pytest.mark.parametrize("return_db", [0.0, -6.0])
def test_what_comes_back_from_a_bus_is_aligned(hosts: HostSession, return_db: float) -> None:
    member = Member(effect="Gain", parameters={"gain_db": 0.0}, sends={"room": -6.0})
    chain = Chain(members=(member,), buses=(AuxBus("room", (make_limiter(),), return_db),))
    rendered = hosts.render(chain, make_impulse(FRAMES, AT))
    assert rendered.loaded.latency_frames == 240
    assert find_peaks(rendered.audio) == [AT]
    assert rendered.audio[0, AT] == pytest.approx(0.3 * (1 + 10 ** ((return_db - 6.0) / 20)), rel=1e-4)


def test_a_bus_may_send_to_another(hosts: HostSession) -> None:
    first = Member(effect="Gain", parameters={"gain_db": 0.0}, sends={"one": 0.0})
    second = Member(name="second", effect="Invert", sends={"two": 0.0})
    buses = (AuxBus("two", (make_limiter(),)), AuxBus("one", (second,), return_db=-60.0))
    rendered = hosts.render(Chain(members=(first,), buses=buses), make_noise(FRAMES))
    assert measure_difference_db(rendered.audio, np.zeros_like(rendered.audio)) < -120.0


@pytest.mark.parametrize("frames", [1, 2, 15, 64, 65, 8193])
def test_any_length_comes_out_whole(hosts: HostSession, frames: int) -> None:
    noise = make_noise(frames)
    rendered = hosts.render(Chain(members=(make_limiter(),)), noise, tail_frames=7)
    assert rendered.audio.shape == (2, frames + 7)
    assert measure_difference_db(rendered.audio[:, :frames], noise) < -200.0


def test_no_audio_gives_no_audio(hosts: HostSession) -> None:
    rendered = hosts.render(Chain(members=(make_limiter(),)), make_noise(0))
    assert rendered.audio.shape == (2, 0)


@pytest.mark.parametrize("block_frames", [1, 64, 65, 512])
@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_block_sizes_and_hosts_give_the_same(
    hosts: HostSession, installed_plugin: InstalledPlugin, host: str, block_frames: int
) -> None:
    installed_plugin("ZamCompX2", "vst3")
    values: dict[str, ParameterValue] = {"Threshold": -20.0, "Ratio": 10.0, "Makeup": "3 dB"}
    compressor = Member(plugin="ZamCompX2", format="vst3", parameters=values)
    noise = make_noise(9000)
    reference = hosts.render(Chain(members=(compressor,)), noise)
    rendered = hosts.render(Chain(members=(compressor,)), noise, host=host, block_frames=block_frames)
    assert measure_difference_db(rendered.audio, reference.audio) == -240.0
    assert measure_difference_db(rendered.audio, noise) > -30.0


def test_blocks_that_grow_within_a_render_change_nothing(
    hosts: HostSession, installed_plugin: InstalledPlugin, fixture_plugin: FixturePlugin
) -> None:
    installed_plugin("ZaMaximX2", "vst3")
    late = make_fixture(fixture_plugin("latency"), "latency")
    room = Member(name="room", effect="Reverb")
    noise = make_noise(24_000)
    first = hosts.render(Chain(members=(make_maximizer(), room, late)), noise, block_frames=512).audio
    growing = hosts.render_again(noise, 512, (1, 64, 65, 512, 8192))
    assert np.array_equal(growing, first)
    clearing = make_fixture(fixture_plugin("grows"), "grows")
    first = hosts.render(Chain(members=(clearing,)), noise, block_frames=512).audio
    assert measure_difference_db(hosts.render_again(noise, 512, (1, 64, 65, 512, 8192)), first) > -40


def test_an_impulse_response_of_a_single_one_changes_nothing(hosts: HostSession) -> None:
    import soundfile

    soundfile.write(hosts.folder / "one.wav", np.eye(1, 300, dtype=np.float32).T, 48_000, subtype="FLOAT")
    noise = make_noise(FRAMES)
    for mix in (0.0, 0.3, 1.0):
        member = Member(effect="Convolution", parameters={"impulse_response": "one.wav", "mix": mix})
        rendered = hosts.render(Chain(members=(member,)), noise)
        assert measure_difference_db(rendered.audio, noise) < -120.0


@pytest.mark.parametrize("plugin", ["ZamDelay", "ZamGrains"])
def test_a_plugin_that_moves_to_its_settings_has_done_so_before_the_signal(
    hosts: HostSession, installed_plugin: InstalledPlugin, plugin: str
) -> None:
    installed_plugin(plugin, "vst3")
    chain = Chain(members=(Member(plugin=plugin, format="vst3"),))
    noise = make_noise(24_000)
    first = hosts.render(chain, noise, host="pedalboard", block_frames=512).audio
    assert np.array_equal(hosts.render_again(noise, 8192), first)
    assert measure_difference_db(hosts.render_again(noise, 441), first) < -100.0
    assert np.array_equal(hosts.render(chain, noise, host="dawdreamer", block_frames=8192).audio, first)
    assert np.array_equal(hosts.render_again(noise, 512), first)


@pytest.mark.parametrize("beats_s", [(), (0.0, 0.5, 1.0), (0.3, 0.8, 1.3)], ids=["tempo", "beats", "late beats"])
def test_an_echo_in_the_tempo_does_not_depend_on_blocks(
    hosts: HostSession, installed_plugin: InstalledPlugin, beats_s: tuple[float, ...]
) -> None:
    installed_plugin("ZamDelay", "vst3")
    member = Member(plugin="ZamDelay", format="vst3", follows_tempo=True, parameters={"Sync BPM": True, "Divisor": 3.0})
    noise = make_noise(36_000)
    large, small = (
        hosts.render(Chain(members=(member,)), noise, tempo_bpm=120.0, beats_s=beats_s, block_frames=block).audio
        for block in (8192, 512)
    )
    assert measure_difference_db(large, small) < -100.0
