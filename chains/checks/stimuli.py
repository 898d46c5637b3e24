"""Stimuli of the checks: noise, a sine, silence and damaged audio, always the same for the same arguments."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, Audio

NOISE_DB = -12.0
"""RMS of the noise in dBFS: peaks stay below full scale, and a compressor has something to do."""
PEAK = 3.5
"""Largest sample of the noise relative to its RMS, 10.9 dB: rarer ones are cut, so that none exceeds full scale."""
FADE_FRAMES = 480
"""Fade of a sine at both ends, 10 ms at 48 kHz, so that its start is no click."""


def make_noise(frames: int, seed: int = 1, level_db: float = NOISE_DB, channels: int = CHANNELS) -> Audio:
    """White noise, shape (channels, frames), different in each channel; ``level_db``: RMS in dBFS."""
    noise = np.random.default_rng(seed).standard_normal((channels, frames))
    noise = np.clip(noise, -PEAK, PEAK) * 10.0 ** (level_db / 20.0)
    return np.asarray(noise, np.float32)


def make_bursts(frames: int, rate: int, seed: int = 1) -> Audio:
    """Noise that swells and falls four times a second, shape (2, frames): levels from -50 to -12 dBFS."""
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * 4.0 * np.arange(frames) / rate)
    return np.asarray(make_noise(frames, seed) * 10.0 ** (-38.0 * (1.0 - swell) / 20.0), np.float32)


def make_sine(frames: int, rate: int, frequency_hz: float, level_db: float = -12.0) -> Audio:
    """A sine in both channels, shape (2, frames), faded at both ends; ``level_db``: peak in dBFS."""
    sine = np.sin(2 * np.pi * frequency_hz * np.arange(frames) / rate) * 10.0 ** (level_db / 20.0)
    fade = min(FADE_FRAMES, frames // 2)
    sine[:fade] *= np.linspace(0.0, 1.0, fade, endpoint=False)
    sine[frames - fade :] *= np.linspace(1.0, 0.0, fade)
    return np.repeat(sine[None].astype(np.float32), CHANNELS, axis=0)


def make_silence(frames: int) -> Audio:
    """Silence, shape (2, frames)."""
    return np.zeros((CHANNELS, frames), np.float32)


def damage(audio: Audio, at: int, frames: int) -> Audio:
    """A copy with NaN in ``frames`` frames from ``at`` on."""
    damaged = audio.copy()
    damaged[:, at : at + frames] = np.nan
    return damaged
