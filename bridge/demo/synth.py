"""Demo synthesiser: the demo song's instruments in NumPy, each rendered to a stem of its own.

A voice renders one note as float64 of shape (frames,) or (2, frames); `render` places the notes, adds reverb to every
stem and sets the level. The same seed gives the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.time import TICKS_PER_BEAT, TempoMap

Wave = NDArray[np.float64]

PEAK_DB = -1.5  # half a dB below the promised -1 dBFS: leaves room for a resampler's overshoot

KICK, SNARE, CLOSED_HAT, OPEN_HAT, CRASH = 36, 38, 42, 46, 49
"""Drums by their General MIDI key."""

VOWELS: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    # centre in Hz, width in Hz, level: formants of a tenor, rounded from the tables in the Csound manual
    "a": ((650, 80, 1.0), (1080, 90, 0.50), (2650, 120, 0.45), (2900, 130, 0.40), (3250, 140, 0.08)),
    "e": ((400, 70, 1.0), (1700, 80, 0.20), (2600, 100, 0.25), (3200, 120, 0.20), (3580, 120, 0.10)),
    "i": ((290, 40, 1.0), (1870, 90, 0.18), (2800, 100, 0.13), (3250, 120, 0.10), (3540, 120, 0.04)),
    "o": ((400, 70, 1.0), (800, 80, 0.32), (2600, 100, 0.25), (2800, 130, 0.25), (3000, 135, 0.05)),
    "u": ((350, 40, 1.0), (600, 60, 0.10), (2700, 100, 0.14), (2900, 120, 0.20), (3300, 120, 0.05)),
}


@dataclass(frozen=True, slots=True)
class SynthNote:
    """``pitch`` as a MIDI key, ``velocity`` 1..127, ``vowel``: one of VOWELS, for the voice."""

    at_ticks: int
    length_ticks: int
    pitch: int
    velocity: int
    vowel: str = "a"


Parts = Mapping[str, Sequence[SynthNote]]
"""The notes of ``drums``, ``bass``, ``lead``, ``keys`` and ``pad``."""


def _to_hz(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def _make_times(frames: int, rate: int) -> Wave:
    return np.arange(frames) / rate


def _phase(hz: Wave, rate: int) -> Wave:
    """The phase in radians that sweeps through ``hz``, 0 at the first frame."""
    return np.asarray(2 * np.pi * (np.cumsum(hz) - hz[0]) / rate)


def _envelope(frames: int, rate: int, attack_s: float, release_s: float) -> Wave:
    """Raised-cosine edges on a plateau of ones: no click at either end."""
    t = _make_times(frames, rate)
    edge = np.minimum(t / attack_s, (frames - 1) / rate / release_s - t / release_s)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(edge, 0.0, 1.0)))


def _noise(rng: np.random.Generator, frames: int, rate: int, low_hz: float, high_hz: float) -> Wave:
    """Noise between two frequencies, edges of 12 dB an octave, of unit RMS."""
    spectrum = np.fft.rfft(rng.standard_normal(frames))
    hz = np.fft.rfftfreq(frames, 1 / rate)
    spectrum *= hz**2 / (hz**2 + low_hz**2) / (1 + (hz / high_hz) ** 2)
    wave = np.fft.irfft(spectrum, frames)
    return np.asarray(wave / np.sqrt(np.mean(wave**2)))


def _saw(phase: Wave, brightness: Wave | float) -> Wave:
    """All harmonics k at brightness^k / k, in closed form: the saw behind a filter, without aliasing."""
    return np.arctan2(brightness * np.sin(phase), 1 - brightness * np.cos(phase))


def render_kick(rng: np.random.Generator, rate: int) -> Wave:
    t = _make_times(int(0.36 * rate), rate)
    body = np.sin(_phase(47 + 60 * np.exp(-t / 0.045) + 240 * np.exp(-t / 0.006), rate)) * np.exp(-t / 0.11)
    click = _noise(rng, len(t), rate, 1500, 6000) * np.exp(-t / 0.003)
    return np.asarray(np.tanh(1.8 * body + 0.25 * click) * _envelope(len(t), rate, 0.0005, 0.06))


def render_snare(rng: np.random.Generator, rate: int) -> Wave:
    t = _make_times(int(0.30 * rate), rate)
    head = np.sin(_phase(186 + 60 * np.exp(-t / 0.01), rate)) + 0.6 * np.sin(2 * np.pi * 331 * t)
    wires = _noise(rng, len(t), rate, 1400, 8500)
    wave = 0.75 * head * np.exp(-t / 0.055) + 0.33 * wires * (np.exp(-t / 0.075) + 0.5 * np.exp(-t / 0.012))
    return np.asarray(np.tanh(1.3 * wave) * _envelope(len(t), rate, 0.0004, 0.05))


def render_cymbal(rng: np.random.Generator, rate: int, decay_s: float) -> Wave:
    t = _make_times(int(min(6 * decay_s, 1.6) * rate), rate)
    metal = sum(np.sign(np.sin(2 * np.pi * hz * t)) for hz in (3217.0, 4159.0, 5438.0, 6712.0))
    wave = _noise(rng, len(t), rate, 7500, 15000) + 0.05 * np.asarray(metal)
    return np.asarray(0.3 * wave * np.exp(-t / decay_s) * _envelope(len(t), rate, 0.0005, decay_s))


_DRUMS: Mapping[int, tuple[Callable[[np.random.Generator, int], Wave], float, float]] = {
    # voice, level, place (-1 left .. 1 right) as the audience sees the kit
    KICK: (render_kick, 0.95, 0.0),
    SNARE: (render_snare, 0.70, 0.06),
    CLOSED_HAT: (lambda rng, rate: render_cymbal(rng, rate, 0.028), 0.42, 0.30),
    OPEN_HAT: (lambda rng, rate: render_cymbal(rng, rate, 0.16), 0.36, 0.30),
    CRASH: (lambda rng, rate: render_cymbal(rng, rate, 0.55), 0.50, -0.35),
}
_VARIANTS = 3  # variants of each drum in turn, so that no two hits in a row are the same


def render_bass(pitch: int, frames: int, rate: int, velocity: float) -> Wave:
    """A plucked electric bass: a saw whose filter closes, over its own fundamental."""
    t = _make_times(frames, rate)
    phase = 2 * np.pi * _to_hz(pitch) * t
    tone = _saw(phase, 0.45 + 0.47 * velocity * np.exp(-t / 0.16))
    wave = (0.55 * tone + 0.55 * np.sin(phase)) * (0.35 + 0.65 * np.exp(-t / 0.5))
    return np.asarray(np.tanh(1.2 * wave) * velocity * _envelope(frames, rate, 0.004, 0.03))


def render_keys(pitch: int, frames: int, rate: int, velocity: float) -> Wave:
    """An electric piano by FM: a warm pair, a bell-like tine, and a slow pan of the tremolo. Shape (2, frames)."""
    t = _make_times(frames, rate)
    hz, ring = _to_hz(pitch), np.exp(-t / (1.6 - 0.01 * (pitch - 48)))
    sides = []
    for detune, offset in ((-0.0012, 0.0), (0.0012, np.pi)):
        phase = 2 * np.pi * hz * (1 + detune) * t
        warm = np.sin(phase + (0.25 + 1.1 * velocity * np.exp(-t / 0.35)) * np.sin(phase))
        tine = 0.14 * velocity * np.exp(-t / 0.09) * np.sin(14 * phase)
        sides.append((warm + tine) * ring * (1 + 0.14 * np.sin(2 * np.pi * 4.6 * t + offset)))
    return np.asarray(np.stack(sides) * velocity * _envelope(frames, rate, 0.002, 0.09))


def render_pad(pitch: int, frames: int, rate: int, velocity: float) -> Wave:
    """Slow detuned strings, shape (2, frames)."""
    t = _make_times(frames, rate)
    glow = 0.62 + 0.12 * np.sin(2 * np.pi * 0.21 * t)
    sides = [sum(_saw(2 * np.pi * _to_hz(pitch + c / 100) * t + c, glow) for c in side) for side in ((-7, 3), (7, -4))]
    return np.asarray(np.stack([np.asarray(s) for s in sides]) * 0.4 * velocity * _envelope(frames, rate, 0.35, 0.3))


def _formants(hz: Wave, vowel: str) -> Wave:
    # half as wide again as spoken: at a sung pitch the harmonics are too far apart to meet a narrow one
    return np.asarray(sum(level / (1 + ((hz - f) / (1.5 * width)) ** 2) for f, width, level in VOWELS[vowel]) + 0.02)


def render_syllable(
    rng: np.random.Generator, before: int | None, note: SynthNote, into: str, frames: int, rate: int, velocity: float
) -> Wave:
    """A sung syllable: the glottis' harmonics through its vowel's formants, gliding in from the pitch ``before``.

    It moves a little towards the next vowel, ``into``, and gets vibrato when held.
    """
    t = _make_times(frames, rate)
    knots = int(t[-1] / 0.1) + 2
    wander = np.interp(t, 0.1 * np.arange(knots), rng.normal(0, 4, knots))
    scoop = (before if before is not None else note.pitch - 1.2) - note.pitch
    vibrato = 32 * np.clip((t - 0.22) / 0.3, 0, 1) * np.sin(2 * np.pi * 5.4 * t)
    cents = wander + vibrato + 100 * scoop * np.exp(-((t / 0.045) ** 1.5))
    phase = _phase(_to_hz(note.pitch) * 2 ** (cents / 1200), rate)

    harmonics = np.arange(1.0, int(9000 / _to_hz(note.pitch)) + 1)
    source = harmonics**-0.6
    here, there = (source * _formants(harmonics * _to_hz(note.pitch), vowel) for vowel in (note.vowel, into))
    morph = 0.6 * np.clip((t - 0.6 * t[-1]) / (0.4 * t[-1]), 0, 1)
    # sin(k x) by the recurrence sin(k x) = 2 cos(x) sin((k-1) x) - sin((k-2) x): one sine for all harmonics
    twice, last, now = 2 * np.cos(phase), np.zeros(frames), np.sin(phase)
    first, second = np.zeros(frames), np.zeros(frames)
    for a, b in zip(here, there, strict=True):
        first += a * now
        second += b * now
        last, now = now, twice * now - last
    voice = first / np.sqrt(np.sum(here**2)) * (1 - morph) + second / np.sqrt(np.sum(there**2)) * morph
    breath = _noise(rng, frames, rate, 2500, 7000) * (0.012 + (0.10 if before is None else 0.03) * np.exp(-t / 0.03))
    swell = _envelope(frames, rate, 0.05 if before is None else 0.03, 0.07) * (0.8 + 0.2 * np.clip(t / 0.25, 0, 1))
    return np.asarray((0.55 * voice + breath) * swell * velocity)


def _make_room_response(rng: np.random.Generator, rate: int) -> Wave:
    """A small room's impulse response without the direct sound, shape (2, frames), of unit energy."""
    frames = int(0.7 * rate)
    t = _make_times(frames, rate)
    tail = np.stack([_noise(rng, frames, rate, 220, 4500) for _ in range(CHANNELS)])
    tail *= np.exp(-t / 0.13) * np.clip((t - 0.011) / 0.004, 0, 1) * _envelope(frames, rate, 0.001, 0.2)
    return np.asarray(tail / np.sqrt(np.sum(tail**2, axis=1, keepdims=True)))


def _fft_length(frames: int) -> int:
    """A length that the FFT is fast at: a power of two, or three quarters of one."""
    whole = 1 << (frames - 1).bit_length()
    return whole * 3 // 4 if whole * 3 // 4 >= frames else whole


def _add_reverb(dry: Wave, room: Wave, send: float, rate: int) -> Wave:
    """``dry`` with ``send`` of the room response, high-pass filtered (no DC), shape (2, frames)."""
    frames = dry.shape[1]
    length = _fft_length(frames + room.shape[1])
    s = 1j * np.fft.rfftfreq(length, 1 / rate) / 24.0  # Hz: an octave below the lowest bass note
    high_pass = (s / (1 + s)) ** 2
    out = np.empty_like(dry)
    for channel, tail in enumerate(room):
        answer = high_pass * (1 + send * np.fft.rfft(tail, length)) if send else high_pass
        out[channel] = np.fft.irfft(np.fft.rfft(dry[channel], length) * answer, length)[:frames]
    return out


class _StereoTrack:
    """A stereo track that notes are mixed into; notes are cut at its end."""

    def __init__(self, tempo: TempoMap, frames: int) -> None:
        self.tempo = tempo
        self.wave = np.zeros((CHANNELS, frames))

    def to_frame(self, ticks: int) -> int:
        return round(self.tempo.frame_at(ticks / TICKS_PER_BEAT))

    def count_frames(self, note: SynthNote, tail_s: float = 0.0) -> int:
        """The length of ``note`` with its release tail, at least 2 ms."""
        span = self.to_frame(note.at_ticks + note.length_ticks) - self.to_frame(note.at_ticks)
        return max(span, self.tempo.rate // 500) + int(tail_s * self.tempo.rate)

    def add_note(self, note: SynthNote, wave: Wave, place: float = 0.0) -> None:
        """Add ``wave`` at the note; a mono one at ``place`` by the equal-power law."""
        start = self.to_frame(note.at_ticks)
        room = self.wave.shape[1] - start
        if room <= 0:
            return
        if wave.ndim == 1:
            angle = (place + 1) * np.pi / 4
            wave = np.stack([np.cos(angle) * wave, np.sin(angle) * wave])
        self.wave[:, start : start + wave.shape[1]] += wave[:, :room]


def _render_voice(rng: np.random.Generator, track: _StereoTrack, notes: Sequence[SynthNote]) -> None:
    """The lead: notes that touch are sung legato."""
    for i, note in enumerate(notes):
        touches = i > 0 and notes[i - 1].at_ticks + notes[i - 1].length_ticks >= note.at_ticks
        into = notes[i + 1].vowel if i + 1 < len(notes) else note.vowel
        wave = render_syllable(
            rng, notes[i - 1].pitch if touches else None, note, into, track.count_frames(note, 0.05), track.tempo.rate,
            note.velocity / 127,
        )  # fmt: skip
        track.add_note(note, wave)


def _render_drums(rng: np.random.Generator, track: _StereoTrack, notes: Sequence[SynthNote]) -> None:
    variants = {
        pitch: [voice(rng, track.tempo.rate) for _ in range(_VARIANTS)] for pitch, (voice, _, _) in _DRUMS.items()
    }
    for i, note in enumerate(notes):
        _, level, place = _DRUMS[note.pitch]
        track.add_note(note, variants[note.pitch][i % _VARIANTS] * level * (note.velocity / 127) ** 1.5, place)


def render(parts: Parts, tempo: TempoMap, frames: int, seed: int) -> dict[str, Audio]:
    """The stems in the order of STEMS, each (2, frames) float32; their sum peaks at PEAK_DB."""
    rng = np.random.default_rng(seed)
    rate = tempo.rate
    tracks = {name: _StereoTrack(tempo, frames) for name in STEMS}
    _render_drums(rng, tracks["drums"], parts["drums"])
    _render_voice(rng, tracks["vocals"], parts["lead"])
    for note in parts["bass"]:
        tracks["bass"].add_note(
            note, render_bass(note.pitch, tracks["bass"].count_frames(note), rate, note.velocity / 127)
        )
    for note in parts["keys"]:
        tracks["other"].add_note(
            note, 0.16 * render_keys(note.pitch, tracks["other"].count_frames(note, 0.1), rate, note.velocity / 127)
        )
    for note in parts["pad"]:
        tracks["other"].add_note(
            note, 0.07 * render_pad(note.pitch, tracks["other"].count_frames(note, 0.3), rate, note.velocity / 127)
        )
    room = _make_room_response(rng, rate)
    sends = {"drums": 0.10, "bass": 0.0, "vocals": 0.22, "other": 0.16}
    levels = {"drums": 1.05, "bass": 0.60, "vocals": 0.70, "other": 1.05}
    waves = {name: levels[name] * _add_reverb(tracks[name].wave, room, sends[name], rate) for name in STEMS}
    return _normalise(waves.values(), frames, rate)


def _normalise(waves: Iterable[Wave], frames: int, rate: int) -> dict[str, Audio]:
    """One gain for all, so that the stems still sum to the mix, and a short fade at the very end."""
    stems = np.stack(list(waves)).astype(np.float32)
    fade = int(min(0.4 * rate, 0.2 * frames))
    stems[:, :, frames - fade :] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    peak = float(np.max(np.abs(stems.sum(axis=0))))
    stems *= np.float32(10 ** (PEAK_DB / 20) / peak if peak > 0 else 1.0)
    return dict(zip(STEMS, stems, strict=True))
