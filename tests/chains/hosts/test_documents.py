"""Chain documents in their hosts: shipped chains sound as their page says; presets and fingerprints of plugins."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import soxr

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from chains.document.chain import Chain, Member
from chains.document.chain_file import read_chain
from chains.document.member_paths import walk_members
from chains.document.member_state import decode_state, encode_state
from chains.document.plugin_locations import find_plugin
from chains.document.vst3_preset import format_preset_bytes, parse_preset
from chains.process.messages import MidiNote
from chains.process.verdict import PluginError
from tests.chains.hosts.host_session import RATE, HostSession
from tests.chains.plugins import InstalledPlugin

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "chains.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<name>[\w-]+)` \| (?P<about>.*) \| (?P<level>[+-]\d+\.\d) dB \|$", re.MULTILINE)
ROWS = {found["name"]: found for found in ROW.finditer(PAGE)}
NOISE_DB = -18.0
"""Level of the noise that the page speaks of."""
SECONDS = 4
TOLERANCE_DB = 0.5
"""The page's figures are of six seconds of other noise."""
PEAK_DB = -3.0
"""Peak of the hits that the page speaks of."""


def make_pink_noise() -> Audio:
    """Pink noise above 20 Hz, partly the same in both channels, shape (2, frames)."""
    frames = SECONDS * RATE
    rng = np.random.default_rng(1)
    spectra = rng.standard_normal((2, frames // 2 + 1)) + 1j * rng.standard_normal((2, frames // 2 + 1))
    frequencies = np.fft.rfftfreq(frames, 1 / RATE)
    left, right = np.fft.irfft(spectra * np.where(frequencies > 20, 1 / np.sqrt(np.maximum(frequencies, 20)), 0))
    audio = np.stack([left, 0.7 * left + 0.7 * right])
    return np.asarray(audio / np.sqrt(np.mean(audio**2)) * 10 ** (NOISE_DB / 20), np.float32)


NOISE = make_pink_noise()


def make_hits() -> Audio:
    """The noise as hits, two a second, that peak at `PEAK_DB`."""
    audio = NOISE * np.exp(-((np.arange(NOISE.shape[1]) / RATE) % 0.5) / 0.12)
    return np.asarray(audio / np.abs(audio).max() * 10 ** (PEAK_DB / 20), np.float32)


def measure_db(audio: Audio) -> float:
    return float(10 * np.log10(np.mean(audio.astype(np.float64) ** 2)))


def measure_true_peak_db(audio: Audio) -> float:
    """The true peak by resampling to eight times the rate."""
    peak = max(float(np.abs(soxr.resample(channel, RATE, 8 * RATE)).max()) for channel in audio)
    return float(20 * np.log10(peak))


def read_shipped(name: str) -> Chain:
    """A shipped chain; the test is skipped where a plugin of it is not installed."""
    chain = read_chain(resources.files("presets.chains") / f"{name}.toml")
    for _, member in walk_members(chain):
        if member.plugin:
            try:
                find_plugin(member)
            except ConfigError as error:
                pytest.skip(str(error))
    return chain


@pytest.mark.parametrize("name", ROWS)
def test_a_shipped_chain_sounds_as_its_page_says(name: str, hosts: HostSession) -> None:
    chain, row = read_shipped(name), ROWS[name]
    done = hosts.render(chain, NOISE, tempo_bpm=100.0)
    assert done.result.bad_frames == 0
    assert measure_db(done.audio) - NOISE_DB == pytest.approx(float(row["level"]), abs=TOLERANCE_DB)
    latency = re.search(r"(\d+) frames of latency", row["about"])
    assert done.loaded.latency_frames == (int(latency[1]) if latency else 0)
    assert measure_true_peak_db(hosts.render(chain, make_hits(), tempo_bpm=100.0).audio) < -0.9, "no headroom"


def test_the_wide_chain_is_unchanged_in_mono(hosts: HostSession) -> None:
    done = hosts.render(read_shipped("guitar-wide"), NOISE)
    assert np.abs(done.audio.sum(axis=0) - NOISE.sum(axis=0)).max() < 1e-6
    assert np.abs(done.audio - NOISE).max() > 1e-2


def test_the_bass_ducks_under_the_drums(hosts: HostSession) -> None:
    bass = np.full((2, 2 * RATE), 0.2, np.float32) * np.sin(
        2 * np.pi * 80 * np.arange(2 * RATE) / RATE, dtype=np.float32
    )
    drums = np.zeros_like(bass)
    drums[:, RATE : RATE + RATE // 20] = 0.3 * NOISE[:, : RATE // 20] / np.abs(NOISE[:, : RATE // 20]).max()
    out = hosts.render(read_shipped("bass-duck"), bass, sidechains={"drums": drums}).audio
    before, hit, after = (slice(at, at + RATE // 20) for at in (RATE // 2, RATE, RATE + RATE // 2))
    assert measure_db(out[:, before]) == pytest.approx(measure_db(bass[:, before]), abs=0.1)
    assert -12 < measure_db(out[:, hit]) - measure_db(bass[:, hit]) < -3
    assert measure_db(out[:, after]) == pytest.approx(measure_db(bass[:, after]), abs=0.5)


def test_the_pad_plays_its_notes_and_rings_on(hosts: HostSession) -> None:
    notes = tuple(MidiNote(0.5, 1.5, pitch, 90) for pitch in (48, 55, 64))
    out = hosts.render(read_shipped("pad-amsynth"), np.zeros((2, 4 * RATE), np.float32), notes=notes).audio
    before, held, behind = (slice(at, at + RATE // 2) for at in (0, RATE, int(2.2 * RATE)))
    assert not np.any(out[:, before])
    assert measure_db(out[:, held]) == pytest.approx(-22, abs=3)
    assert -50 < measure_db(out[:, behind]) < measure_db(out[:, held])


def test_the_echo_is_in_the_songs_tempo(hosts: HostSession) -> None:
    impulse = np.zeros((2, 2 * RATE), np.float32)
    impulse[:, 100] = 0.5
    done = hosts.render(read_shipped("echo-tempo"), impulse, tempo_bpm=90.0)
    echo = 100 + RATE // 4 + int(np.abs(done.audio[0, 100 + RATE // 4 :]).argmax())
    assert echo - 100 == pytest.approx(32_000, abs=16), "its low-pass filter smears the peak"


def test_a_preset_of_a_real_plugin_is_parsed_and_that_of_another_refused(
    hosts: HostSession, installed_plugin: InstalledPlugin
) -> None:
    plugins = {name: Member(plugin=name, format="vst3", paths={"linux": (installed_plugin(name, "vst3"),)})
               for name in ("ZamCompX2", "ZamEQ2")}  # fmt: skip
    states: dict[str, str] = {}
    ids: dict[str, str] = {}
    for name, member in plugins.items():
        (facts,) = hosts.load(member).members
        states[name] = hosts.process.save_state(name).state
        data = decode_state(states[name], name)
        preset = parse_preset(data, name)
        ids[name] = preset.class_id
        assert preset.class_id == facts.id
        assert parse_preset(format_preset_bytes(preset), name) == preset
    hosts.load(plugins["ZamEQ2"])
    with pytest.raises((PluginError, ConfigError), match=f"{ids['ZamCompX2']}.*{ids['ZamEQ2']}"):
        hosts.process.load_state("ZamEQ2", states["ZamCompX2"])
    hosts.process.load_state("ZamEQ2", encode_state(decode_state(states["ZamEQ2"], "again")))


def test_a_fingerprint_is_the_same_in_both_hosts(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    member = Member(plugin="ZamCompX2", format="vst3", paths={"linux": (installed_plugin("ZamCompX2", "vst3"),)})
    found = {hosts.load(member, host=host).members[0].fingerprint for host in ("pedalboard", "dawdreamer")}
    assert len(found) == 1
    assert found != {""}
